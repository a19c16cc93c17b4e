import { showMark } from "./tile.js";

const KEYS = { r: "right", w: "wrong", s: "search", t: "unfold" };

/**
 * Tiles that are walked with the arrow keys and judged with single keys.
 * One tile at a time can be tabbed to, with its buttons, so that Tab leaves a long list at once.
 * @param {HTMLElement} room holds the lists of tiles, whatever comes into them.
 * @param {(act: string, id: string, li: HTMLElement, how: {whole: boolean}) => void} act `whole`: Shift was held.
 * @param {{keys: () => boolean, mark: (id: string) => boolean|null}} asks whether single keys are on; how a record is marked.
 */
export function tiles(room, act, { keys, mark }) {
  const all = () => [...room.querySelectorAll(".tile:not([hidden])")];
  const current = () => room.querySelector(".tile.current");

  function makeCurrent(li) {
    for (const other of room.querySelectorAll(".tile.current")) reach(other, false);
    if (li) reach(li, true);
  }

  /** After tiles came or went: marks shown, and one of them to tab to. */
  function refresh() {
    for (const li of room.querySelectorAll(".tile")) {
      showMark(li, mark(li.dataset.id));
      li.querySelector(".open").setAttribute("aria-keyshortcuts", "R W S T");
    }
    const now = current();
    if (!now || now.hidden) makeCurrent(all()[0]);
  }

  function go(li) {
    if (!li) return;
    makeCurrent(li);
    li.querySelector(".open").focus();
    li.scrollIntoView({ block: "nearest" });
  }

  room.addEventListener("focusin", (event) => {
    const li = event.target.closest(".tile");
    if (li && li !== current()) makeCurrent(li);
  });
  room.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act]");
    const li = button?.closest(".tile");
    const whole = button?.dataset.act === "whole";
    if (li) act(whole ? "right" : button.dataset.act, li.dataset.id, li, { whole: whole || event.shiftKey });
  });
  room.addEventListener("keydown", (event) => {
    const li = event.target.closest(".tile");
    if (!li || event.altKey || event.ctrlKey || event.metaKey) return;
    const to = next(event.key, li, all());
    if (to !== undefined) {
      event.preventDefault();
      go(to);
      return;
    }
    const wish = keys() ? KEYS[event.key.toLowerCase()] : undefined;
    if (!wish || (wish === "unfold" && !li.querySelector(".unfold"))) return;
    event.preventDefault();
    act(wish, li.dataset.id, li, { whole: event.shiftKey });
  });
  return { refresh, go, all };
}

function reach(li, reached) {
  li.classList.toggle("current", reached);
  for (const button of li.querySelectorAll("button")) button.tabIndex = reached ? 0 : -1;
}

/** The tile that a key leads to: null for none that way, undefined for a key that leads nowhere. */
function next(key, li, all) {
  const at = all.indexOf(li);
  if (key === "ArrowRight") return all[at + 1] ?? null;
  if (key === "ArrowLeft") return all[at - 1] ?? null;
  if (key === "Home") return all[0];
  if (key === "End") return all[all.length - 1];
  if (key !== "ArrowDown" && key !== "ArrowUp") return undefined;
  const here = li.getBoundingClientRect();
  const down = key === "ArrowDown";
  const rows = all.map((one) => ({ one, place: one.getBoundingClientRect() }))
    .filter(({ place }) => (down ? place.top >= here.bottom - 1 : place.bottom <= here.top + 1));
  if (!rows.length) return null;
  const edge = down ? Math.min(...rows.map(({ place }) => place.top)) : Math.max(...rows.map(({ place }) => place.bottom));
  const row = rows.filter(({ place }) => (down ? place.top < edge + here.height / 2 : place.bottom > edge - here.height / 2));
  row.sort((a, b) => Math.abs(a.place.left - here.left) - Math.abs(b.place.left - here.left));
  return row[0].one;
}
