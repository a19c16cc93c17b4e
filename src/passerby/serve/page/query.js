import { ask, Problem } from "./api.js";
import { boxEditor } from "./box_editor.js";
import { drawnIcon } from "./drawn_icon.js";
import { element, byId } from "./element.js";
import { fileName } from "./file_name.js";
import { pictureSize } from "./picture_size.js";
import { calm, complain, say } from "./say.js";
import { thumbnail } from "./thumbnail.js";
import { moment } from "./when.js";

const MOST = 8;
const TAKEN = ["image/jpeg", "image/png", "image/webp"];
const LARGE = 36_000_000; // pixels; the server takes no more
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
      element("span", { class: "picture-name" }, item.kind === "picture" ? fileName(name) : name),
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
    // more than can be taken, as what is damaged takes no place; not all, as there may be thousands
    const read = await Promise.all(pictures.slice(0, free + MOST).map(opened));
    const good = read.filter((item) => item.image);
    const made = good.slice(0, free);
    for (const { url } of good.slice(free)) URL.revokeObjectURL(url);
    const bad = read.filter((item) => !item.image);
    const huge = bad.filter(({ width, height }) => width * height > LARGE);
    const wrong = [
      naming([...files].filter((file) => !pictures.includes(file)).map(named), "not a picture that can be searched by; give JPEG, PNG or WebP"),
      naming(bad.filter((item) => !huge.includes(item)).map(({ file }) => named(file)), "left out, since it cannot be shown: damaged, or not what its name says"),
      naming(huge.map(sized), "left out, since it is too large; give a smaller copy"),
      naming([...good.slice(free).map(({ file }) => file), ...pictures.slice(free + MOST)].map(named), `left out, since a search takes up to ${MOST} pictures`),
    ].filter(Boolean);
    if (wrong.length) complain(wrong.join(" "));
    if (!made.length) return;
    const mixed = before.length < items.length;
    set([...before, ...made]);
    // a picture of a whole scene: the next thing to do is to say who is meant
    const scene = made.find((item) => item.width > A_CROP * item.height);
    if (made.length === 1 && scene) await draw(scene);
    if (mixed) say("Pictures and sightings cannot be mixed: the sightings were taken out."); // no dialog hides it now
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

function named({ name }) {
  return name || "pasted picture";
}

function sized({ file, width, height }) {
  return `${named(file)} (${width.toLocaleString("en")} by ${height.toLocaleString("en")} pixels)`;
}

/** "a.txt, b.txt: why."; "" for no name. */
function naming(names, why) {
  if (!names.length) return "";
  const told = names.slice(0, names.length > 4 ? 3 : 4);
  return `${told.join(", ")}${names.length > 4 ? ` and ${names.length - 3} more` : ""}: ${why}.`;
}

/** A file as a picture to search by; without an image, and of the size that its header tells, where this browser cannot show it. */
async function opened(file) {
  const item = { kind: "picture", file, url: URL.createObjectURL(file), image: null, width: 0, height: 0, box: null };
  const image = new Image();
  image.src = item.url;
  try {
    await image.decode();
    return { ...item, image, width: image.naturalWidth, height: image.naturalHeight };
  } catch {
    URL.revokeObjectURL(item.url);
    const [width, height] = (await pictureSize(file)) ?? [0, 0];
    return { ...item, width, height };
  }
}
