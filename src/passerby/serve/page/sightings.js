import { ask } from "./api.js";
import { element, byId } from "./element.js";
import { nothing } from "./nothing.js";
import { complain } from "./say.js";
import { tile } from "./tile.js";
import { day } from "./when.js";

const PAGE = 60;

/**
 * The gallery: the latest sightings first, by day, page by page, those that pass the filters.
 * @param {() => object} filters gives the filters.
 * @param {() => void} changed called when tiles came.
 */
export function sightings(filters, changed) {
  const room = byId("gallery");
  const title = element("h2", { id: "gallery-title", tabindex: -1 }, "Latest sightings");
  const place = element("div", { class: "answers" });
  const more = element("button", { type: "button", onclick: () => load() }, "Show earlier sightings");
  const foot = element("p", { class: "row center" }, more);
  let records = [];
  let after = null;
  let turn = 0;
  let shown = null; // the filters of what is there
  room.append(title, place, foot);

  /** From the first page on, if the filters are no longer those of what is there. */
  async function freshen() {
    const wish = JSON.stringify(filters());
    if (wish === shown) return;
    [records, after, shown] = [[], null, wish];
    place.replaceChildren();
    await load();
  }

  async function load() {
    const mine = ++turn;
    room.setAttribute("aria-busy", "true");
    more.disabled = true;
    foot.hidden = false;
    more.textContent = "Loading\u2026";
    try {
      const page = await ask(`records?${words(filters(), after)}`);
      if (mine !== turn) return;
      show(page.records);
      after = page.next;
      more.textContent = "Show earlier sightings";
      foot.hidden = after === null;
    } catch (error) {
      if (mine !== turn) return;
      foot.hidden = records.length === 0;
      more.textContent = "Try again";
      complain(error.message, load);
    } finally {
      if (mine === turn) {
        room.removeAttribute("aria-busy");
        more.disabled = false;
      }
    }
  }

  function show(page) {
    for (const record of page) {
      const heading = record.time ? day(record.time) : "Time not known";
      let part = place.lastElementChild;
      if (part?.dataset.day !== heading) {
        part = element("section", { class: "day", "data-day": heading, "aria-label": heading },
          element("h3", {}, heading), element("ul", { class: "tiles small", role: "list", "aria-label": `Sightings of ${heading}` }));
        place.append(part);
      }
      part.querySelector("ul").append(tile(record));
    }
    const first = records.length;
    records = [...records, ...page];
    if (!records.length) place.replaceChildren(nothing(Object.keys(filters()).length === 0));
    changed();
    // the button that was pressed may be gone: go on with what came
    if (first && page.length) place.querySelectorAll(".tile")[first].querySelector(".open").focus();
  }

  return { freshen, all: () => records, focus: () => title.focus(), room };
}

function words(asked, after) {
  const found = new URLSearchParams({ limit: String(PAGE) });
  for (const camera of asked.cameras ?? []) found.append("camera", String(camera));
  for (const [name, value] of Object.entries(asked.labels ?? {})) found.append("label", `${name}:${value}`);
  for (const name of ["since", "until"]) if (asked[name]) found.set(name, asked[name]);
  if (after) found.set("after", after);
  return found;
}
