import { drawnIcon } from "./drawn_icon.js";
import { element } from "./element.js";
import { thumbnail } from "./thumbnail.js";
import { clock, day, moment } from "./when.js";

/** "Camera 3, 1 Jan 2026, 08:00:00 UTC". */
export function whereAndWhen({ camid, time }) {
  return `${camera(camid)}, ${moment(time)}`;
}

/** "Camera 3", or "Camera not known". */
export function camera(camid) {
  return camid === null || camid === undefined ? "Camera not known" : `Camera ${camid}`;
}

/** A probability in words; never all or nothing. */
export function percent(probability) {
  if (probability >= 0.995) return "> 99\u202f%";
  if (probability < 0.01) return "< 1\u202f%";
  return `${Math.round(100 * probability)}\u202f%`;
}

/** Whether this pair by itself is more likely the person than not. */
export function maybe({ probability }) {
  return typeof probability === "number" && probability > 0.5;
}

/**
 * A sighting as a tile: one button to open it, and those to judge it and to search by it.
 * @param {object} record a record, or an answer with its similarity.
 * @param {{rank?: number, more?: number, of?: boolean, below?: boolean}} facts `more`: how many of its track are folded
 *   behind it; `of`: it is unfolded from the tile before; `below`: it lies below the line.
 */
export function tile(record, { rank, more = 0, of = false, below = false } = {}) {
  const name = whereAndWhen(record);
  const value = judged(record);
  const told = [rank && `Rank ${rank}`, name, value && value.said, below && (maybe(record) ? "below the line, and may be the person all the same" : "below the line: probably somebody else"),
    more > 0 && `${more + 1} sightings of one track`].filter(Boolean).join(". ");
  const action = (act, said, icon, key) => element("button", {
    type: "button", class: `act ${act}`, "data-act": act, tabindex: -1, title: `${said} (${key})`, "aria-label": `${said}: ${name}`,
    "aria-pressed": act === "search" ? null : "false",
  }, drawnIcon(icon));
  return element("li", { class: `tile${of ? " of-track" : ""}${below ? " below" : ""}`, "data-id": record.id },
    element("button", { type: "button", class: "open", "data-act": "open", "data-told": told, "aria-label": told, tabindex: -1 },
      element("span", { class: "picture-room" }, thumbnail(record, name), rank && element("span", { class: "rank" }, String(rank))),
      value && element("span", { class: "value", title: value.title }, element("strong", {}, value.main), element("span", { class: "soft" }, value.beside), meter(record)),
      below && element("span", { class: "under" }, "below the line"),
      element("span", { class: "seen" }, element("span", { class: "where" }, camera(record.camid)),
        record.time
          ? element("time", { dateTime: record.time }, element("span", { class: "clock" }, clock(record.time)), element("span", { class: "day-seen" }, day(record.time)))
          : element("span", { class: "soft" }, "time not known"))),
    element("div", { class: "acts" }, action("right", "Right", "right", "R"), action("wrong", "Wrong", "wrong", "W"), action("search", "Search by this", "search", "S")),
    more > 0 && element("button", {
      type: "button", class: "unfold", "data-act": "unfold", tabindex: -1, "aria-expanded": "false",
      "aria-label": `${more} more of this track: ${name}`, title: "Show the track (T)",
    }, drawnIcon("track"), element("span", {}, `+${more}`)),
    more > 0 && element("button", { type: "button", class: "whole", "data-act": "whole", tabindex: -1, title: "Shift + R" }, drawnIcon("right"), `All ${more + 1} right`));
}

/** Show whether a tile is marked; `right` is true, false or null. */
export function showMark(li, right) {
  li.dataset.mark = right === null ? "" : right ? "right" : "wrong";
  li.querySelector(".act.right").setAttribute("aria-pressed", String(right === true));
  li.querySelector(".act.wrong").setAttribute("aria-pressed", String(right === false));
  const open = li.querySelector(".open");
  open.setAttribute("aria-label", right === null ? open.dataset.told : `Marked ${li.dataset.mark}. ${open.dataset.told}`);
}

function judged({ similarity, probability }) {
  if (similarity === undefined) return null;
  const alike = `similarity ${similarity.toFixed(2)}`;
  if (probability === null || probability === undefined) {
    return { main: similarity.toFixed(2), beside: "similarity", said: `not calibrated, ${alike}` };
  }
  return { main: percent(probability), beside: `as a pair, sim. ${similarity.toFixed(2)}`, said: `probability as a pair ${percent(probability)}, ${alike}`,
    title: "How likely this sighting, as a pair with whom you look for and nothing else known, shows the same person" };
}

function meter({ similarity, probability }) {
  const bar = element("span", { class: "meter", "aria-hidden": "true" }, element("span"));
  bar.firstChild.style.width = `${100 * Math.max(0.01, Math.min(1, probability ?? similarity))}%`;
  return bar;
}
