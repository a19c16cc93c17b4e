import { between, middle, moved, resized, within } from "./box_geometry.js";
import { drawnIcon } from "./drawn_icon.js";
import { element } from "./element.js";

const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const SIDES = ["Left", "Top", "Width", "Height"];

/**
 * Let a person draw the box of whom is meant, by mouse, finger, keys or numbers.
 * @param {{url: string, width: number, height: number, box: number[]|null}} item
 * @returns {Promise<number[]|null|undefined>} the box; null for the whole picture; undefined if it was called off.
 */
export function boxEditor(item) {
  let box = item.box;
  const fields = SIDES.map((name) => element("input", { type: "number", min: 0, step: 1, "aria-label": `${name} in pixels`, inputMode: "numeric" }));
  const frame = element("div", { class: "box", tabindex: 0, role: "group", "aria-roledescription": "box of the person", "aria-describedby": "box-keys" },
    HANDLES.map((handle) => element("span", { class: `handle ${handle}`, "data-handle": handle })));
  const stage = element("div", { class: "stage" },
    element("img", { src: item.url, alt: `The picture, ${item.width} by ${item.height} pixels`, draggable: false }), frame);
  const use = element("button", { type: "submit", class: "primary" }, "Use this box");
  const start = element("button", { type: "button", onclick: () => { set(middle(item)); frame.focus(); } }, drawnIcon("box"), "Start in the middle");

  function set(next) {
    box = next;
    frame.hidden = box === null;
    use.disabled = box === null;
    start.hidden = box !== null;
    stage.classList.toggle("drawn", box !== null);
    if (box === null) return;
    const shares = [box[0] / item.width, box[1] / item.height, box[2] / item.width, box[3] / item.height];
    ["left", "top", "width", "height"].forEach((side, i) => { frame.style[side] = `${100 * shares[i]}%`; });
    fields.forEach((field, i) => { field.value = box[i]; });
    frame.setAttribute("aria-label", `left ${box[0]}, top ${box[1]}, width ${box[2]}, height ${box[3]} pixels`);
  }

  byPointer(stage, item, () => box, set, frame);
  byKeys(frame, item, () => box, set);
  fields.forEach((field) => field.addEventListener("change", () => set(within(fields.map((one) => Number(one.value) || 0), item))));
  return new Promise((resolve) => {
    const form = element("form", { method: "dialog", class: "box-form" },
      element("h2", { id: "box-title" }, "Who is meant? Draw a box round the person"),
      element("p", { class: "note", id: "box-keys" },
        "Drag over the picture; drag the box or its corners to better it.",
        element("span", { class: "keys-note" }, " Keys: arrows move it, ", element("kbd", {}, "Shift"), " + arrows resize it, with ", element("kbd", {}, "Ctrl"), " by one pixel.")),
      element("div", { class: "stage-room" }, stage),
      element("fieldset", { class: "numbers" }, element("legend", {}, "In pixels"),
        fields.map((field, i) => element("label", {}, SIDES[i], field))),
      element("p", { class: "row end" }, start,
        element("button", { type: "button", value: "", onclick: () => end(undefined) }, "Cancel"),
        element("button", { type: "button", onclick: () => end(null) }, "Whole picture"), use));
    const dialog = element("dialog", { class: "wide", "aria-labelledby": "box-title" }, form);
    const end = (answer) => { dialog.close(); dialog.remove(); resolve(answer); };
    form.addEventListener("submit", (event) => { event.preventDefault(); end(box); });
    dialog.addEventListener("cancel", (event) => { event.preventDefault(); end(undefined); });
    document.body.append(dialog);
    set(box);
    dialog.showModal();
    (box === null ? start : frame).focus({ preventScroll: true });
    dialog.scrollTop = 0; // a low window shows what this is about first
  });
}

function byPointer(stage, item, get, set, frame) {
  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    const handle = event.target.dataset.handle;
    const inside = event.target === frame;
    const from = place(event, stage, item);
    const before = get();
    stage.setPointerCapture(event.pointerId);
    const move = (to) => {
      const [dx, dy] = [to.x - from.x, to.y - from.y];
      if (handle) set(resized(before, handle, dx, dy, item));
      else if (inside) set(moved(before, dx, dy, item));
      // a tap beside the box is no drawing, and must not take the box away
      else if (Math.hypot(dx, dy) > item.height / 100) set(between(from, to, item));
    };
    const onmove = (next) => move(place(next, stage, item));
    const stop = () => {
      stage.removeEventListener("pointermove", onmove);
      if (get()) frame.focus({ preventScroll: true });
    };
    stage.addEventListener("pointermove", onmove);
    stage.addEventListener("lostpointercapture", stop, { once: true });
  });
}

function byKeys(frame, item, get, set) {
  frame.addEventListener("keydown", (event) => {
    const way = ARROWS[event.key];
    if (!way || !get()) return;
    event.preventDefault();
    const step = event.ctrlKey || event.metaKey ? 1 : Math.max(1, Math.round(Math.max(item.width, item.height) / 60));
    const [dx, dy] = way.map((part) => part * step);
    set(event.shiftKey ? resized(get(), "se", dx, dy, item) : moved(get(), dx, dy, item));
  });
}

function place(event, stage, item) {
  const room = stage.getBoundingClientRect();
  return { x: ((event.clientX - room.left) / room.width) * item.width, y: ((event.clientY - room.top) / room.height) * item.height };
}
