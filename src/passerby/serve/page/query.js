import { ask } from "./api.js";
import { boxEditor } from "./box_editor.js";
import { drawnIcon } from "./drawn_icon.js";
import { element, byId } from "./element.js";
import { calm, complain, say } from "./say.js";
import { thumbnail } from "./thumbnail.js";
import { moment } from "./when.js";

const MOST = 8;
const A_CROP = 0.75; // a picture wider than this share of its height hardly shows one person alone

/**
 * Who is looked for: up to 8 pictures, or up to 8 sightings of the gallery, of one person.
 * @param {() => void} changed called when they change.
 */
export function query(changed) {
  let items = []; // {kind: "picture", file, url, width, height, box} or {kind: "sighting", record}

  function set(next) {
    for (const item of items) if (item.url && !next.includes(item)) URL.revokeObjectURL(item.url);
    items = next;
    const place = byId("pictures");
    place.replaceChildren(...items.map((item, index) => shown(item, index)));
    place.hidden = items.length === 0;
    changed();
  }

  function shown(item, index) {
    const name = item.kind === "picture" ? item.file.name || `pasted picture ${index + 1}` : whereSeen(item.record);
    const out = () => {
      set(items.filter((one) => one !== item));
      (byId("pictures").querySelector("button") ?? byId("choose")).focus();
    };
    return element("li", { class: "picture" },
      item.kind === "picture" ? preview(item, name) : thumbnail(item.record, `Searched by: ${name}`),
      element("span", { class: "picture-name" }, name),
      item.kind === "picture" && item.width > 0 && element("button", {
        type: "button", class: "quiet draw", "aria-label": `${item.box ? "Change the box" : "Draw a box"} in ${name}`,
        onclick: () => draw(item),
      }, drawnIcon("box"), item.box ? "Box" : "Draw a box"),
      element("button", { type: "button", class: "quiet round out", "aria-label": `Remove ${name}`, onclick: out }, drawnIcon("close")));
  }

  async function draw(item) {
    const drawn = await boxEditor(item);
    if (drawn === undefined) return;
    item.box = drawn;
    set(items);
  }

  /** Take pictures from a person. */
  async function add(files) {
    calm();
    const pictures = [...files].filter((file) => file.type.startsWith("image/"));
    const others = files.length - pictures.length;
    if (others) complain(`${others === 1 ? "One file is" : `${others} files are`} not a picture; give JPEG, PNG or WebP.`);
    if (!pictures.length) return;
    const before = items.filter((item) => item.kind === "picture");
    if (before.length < items.length) say("Pictures and sightings cannot be mixed: the sightings were taken out.");
    const free = MOST - before.length;
    if (pictures.length > free) {
      complain(`A search takes up to ${MOST} pictures; ${pictures.length - free} of these ${pictures.length} were left out.`);
    }
    const made = await Promise.all(pictures.slice(0, free).map(read));
    set([...before, ...made]);
    // a picture of a whole scene: the next thing to do is to say who is meant
    const scene = made.find((item) => item.width > A_CROP * item.height);
    if (made.length === 1 && scene) await draw(scene);
    byId("search").focus();
  }

  /** Search by a sighting of the gallery; beside those there are if `more`. */
  function addSighting(record, { more = false } = {}) {
    const before = more ? items.filter((item) => item.kind === "sighting" && item.record.id !== record.id) : [];
    if (before.length === MOST) {
      complain(`A search takes up to ${MOST} sightings; remove one first.`);
      return false;
    }
    set([...before, { kind: "sighting", record }]);
    return true;
  }

  /** Ask the server; `asked` says how, and which records are meant. */
  function send(asked, signal) {
    if (bySighting()) {
      const { not_camera: _, other_cameras_only: others, ...rest } = asked;
      const ids = items.map((item) => item.record.id);
      return ask("search/records", { json: { ids, other_cameras_only: others, ...rest }, signal });
    }
    const { other_cameras_only: _, ...rest } = asked;
    const form = new FormData();
    for (const item of items) form.append("pictures", item.file, item.file.name || "picture");
    form.append("asked", JSON.stringify({ ...rest, boxes: items.map((item) => item.box) }));
    return ask("search", { form, signal });
  }

  const bySighting = () => items.length > 0 && items[0].kind === "sighting";
  return { add, addSighting, send, bySighting, count: () => items.length, items: () => items };
}

function whereSeen({ camid, time }) {
  return `${camid === null ? "Camera not known" : `Camera ${camid}`}, ${moment(time)}`;
}

/** A query's picture as a figure shows it: the part within the box. */
export function preview(item, name) {
  if (!item.width) return element("span", { class: "thumb none", role: "img", "aria-label": `${name}: this browser cannot show it` });
  const [x, y, w, h] = item.box ?? [0, 0, item.width, item.height];
  const canvas = element("canvas", { class: "thumb", width: Math.max(1, Math.round(w)), height: Math.max(1, Math.round(h)), role: "img", "aria-label": `Searched by: ${name}` });
  canvas.getContext("2d").drawImage(item.image, -x, -y);
  return canvas;
}

async function read(file) {
  const item = { kind: "picture", file, url: URL.createObjectURL(file), image: null, width: 0, height: 0, box: null };
  const image = new Image();
  image.src = item.url;
  try {
    await image.decode();
    Object.assign(item, { image, width: image.naturalWidth, height: image.naturalHeight });
  } catch {
    // the server looks at the bytes itself and says what is wrong with them
  }
  return item;
}
