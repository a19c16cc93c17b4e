import { ask, Problem } from "./api.js";
import { boxEditor } from "./box_editor.js";
import { drawnIcon } from "./drawn_icon.js";
import { element, byId } from "./element.js";
import { calm, complain, say } from "./say.js";
import { thumbnail } from "./thumbnail.js";
import { moment } from "./when.js";

const MOST = 8;
const TAKEN = ["image/jpeg", "image/png", "image/webp"];
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
      item.kind === "picture" && element("button", {
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
    const pictures = [...files].filter((file) => TAKEN.includes(file.type));
    const before = items.filter((item) => item.kind === "picture");
    const free = MOST - before.length;
    const read = await Promise.all(pictures.slice(0, free).map(opened));
    const made = read.filter((item) => item.image);
    const wrong = [
      naming([...files].filter((file) => !pictures.includes(file)), "not a picture that can be searched by; give JPEG, PNG or WebP"),
      naming(read.filter((item) => !item.image).map(({ file }) => file), "left out, since it cannot be shown: damaged, or not what its name says"),
      pictures.length > free && `A search takes up to ${MOST} pictures; ${pictures.length - free} of these ${pictures.length} were left out.`,
    ].filter(Boolean);
    if (wrong.length) complain(wrong.join(" "));
    if (!made.length) return;
    if (before.length < items.length) say("Pictures and sightings cannot be mixed: the sightings were taken out.");
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
  async function send(asked, signal) {
    if (bySighting()) {
      const { not_camera: _, other_cameras_only: others, ...rest } = asked;
      const ids = items.map((item) => item.record.id);
      return ask("search/records", { json: { ids, other_cameras_only: others, ...rest }, signal });
    }
    const { other_cameras_only: _, ...rest } = asked;
    const form = new FormData();
    const sent = items;
    for (const item of sent) form.append("pictures", item.file, item.file.name || "picture");
    form.append("asked", JSON.stringify({ ...rest, boxes: sent.map((item) => item.box) }));
    try {
      return await ask("search", { form, signal });
    } catch (error) {
      // the server counts the pictures; whoever chose them knows them by name
      if (error instanceof Problem) error.message = error.message.replace(/^Picture (\d+)\b/, (said, number) => sent[number - 1]?.file.name || said);
      throw error;
    }
  }

  const bySighting = () => items.length > 0 && items[0].kind === "sighting";
  /** "2 pictures": what is searched by, in a few words. */
  const told = () => (items.length ? `${items.length} ${bySighting() ? "sighting" : "picture"}${items.length === 1 ? "" : "s"}` : "No picture yet");
  return { add, addSighting, send, bySighting, told, count: () => items.length, items: () => items };
}

function whereSeen({ camid, time }) {
  return `${camid === null ? "Camera not known" : `Camera ${camid}`}, ${moment(time)}`;
}

/** A query's picture as a figure shows it: the part within the box. */
export function preview(item, name) {
  const [x, y, w, h] = item.box ?? [0, 0, item.width, item.height];
  const canvas = element("canvas", { class: "thumb", width: Math.max(1, Math.round(w)), height: Math.max(1, Math.round(h)), role: "img", "aria-label": `Searched by: ${name}` });
  canvas.getContext("2d").drawImage(item.image, -x, -y);
  return canvas;
}

/** "a.txt, b.txt: why."; "" for no file. */
function naming(files, why) {
  if (!files.length) return "";
  const names = files.slice(0, files.length > 4 ? 3 : 4).map(({ name }) => name || "pasted picture");
  return `${names.join(", ")}${files.length > 4 ? ` and ${files.length - 3} more` : ""}: ${why}.`;
}

/** A file as a picture to search by; without an image where this browser cannot show it. */
async function opened(file) {
  const item = { kind: "picture", file, url: URL.createObjectURL(file), image: null, width: 0, height: 0, box: null };
  const image = new Image();
  image.src = item.url;
  try {
    await image.decode();
    return { ...item, image, width: image.naturalWidth, height: image.naturalHeight };
  } catch {
    URL.revokeObjectURL(item.url);
    return item;
  }
}
