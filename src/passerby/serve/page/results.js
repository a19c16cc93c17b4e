import { above, byTrack } from "./by_track.js";
import { element, byId } from "./element.js";
import { tile } from "./tile.js";
import { verdict } from "./verdict.js";

/** The answers of the last search: what they amount to, and their tiles by track, the best of each in front. */
export function results() {
  const room = byId("results");
  const title = element("h2", { id: "results-title", tabindex: -1 }, "Results");
  const place = element("div", { class: "answers" });
  let groups = [];
  room.append(title, place);

  function empty() {
    place.replaceChildren(element("div", { class: "empty" }, element("h3", {}, "Nothing searched yet"),
      element("p", {}, "Give pictures of a person, or pick a sighting of the gallery, and press Search.")));
  }

  /** While the server looks. */
  function wait() {
    room.setAttribute("aria-busy", "true");
    place.replaceChildren(element("p", { class: "soft" }, "Searching\u2026"),
      element("ul", { class: "tiles", role: "list", "aria-hidden": "true" }, Array.from({ length: 12 }, () => element("li", { class: "tile waiting" }, element("span", { class: "picture-room" })))));
  }

  function show(answer) {
    room.removeAttribute("aria-busy");
    groups = byTrack(answer.answers);
    if (!groups.length) {
      place.replaceChildren(element("div", { class: "empty" }, element("h3", {}, "No sighting passes these filters"),
        element("p", {}, "Take away a filter, or widen the time range, and search again.")));
      return;
    }
    const line = above(groups, answer.nobody_below);
    const below = (group, index) => answer.nobody_below !== null && (line === null ? group[0].similarity < answer.nobody_below : index >= line);
    const made = groups.map((group, index) => tile(group[0], { rank: index + 1, more: group.length - 1, below: below(group, index) }));
    const list = (part, name) => element("ul", { class: "tiles", role: "list", "aria-label": name }, part);
    const parts = line === null
      ? [list(made, "Sightings, the most alike first")]
      : [line > 0 && list(made.slice(0, line), "Sightings above the line, the most alike first"), theLine(answer, line < groups.length),
        line < groups.length && list(made.slice(line), "Sightings below the line")];
    place.replaceChildren(verdict(answer, groups, line), ...parts.filter(Boolean));
  }

  function failed() {
    room.removeAttribute("aria-busy");
    if (groups.length === 0) empty();
    else place.replaceChildren(element("p", { class: "soft" }, "The last search brought no answer."));
    groups = [];
  }

  /** The group that an answer belongs to; [] for none. */
  const group = (id) => groups.find((one) => one.some((answer) => answer.id === id)) ?? [];

  /** Unfold or fold the track behind a tile; the tiles that came are returned. */
  function unfold(li) {
    const button = li.querySelector(".unfold");
    const open = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!open));
    li.classList.toggle("unfolded", !open);
    const [, ...rest] = group(li.dataset.id);
    if (open) {
      for (const answer of rest) place.querySelector(`[data-id="${CSS.escape(answer.id)}"]`)?.remove();
      return [];
    }
    const made = rest.map((answer) => tile(answer, { of: true, below: li.classList.contains("below") }));
    li.after(...made);
    return made;
  }

  empty();
  return { show, wait, failed, unfold, group, focus: () => title.focus(), all: () => groups.flat(), room };
}

function theLine(answer, some) {
  return element("div", { class: "line", role: "note" },
    element("strong", {}, "Probably nobody here"),
    element("span", {}, some
      ? ` below this line (similarity ${answer.nobody_below.toFixed(2)}): these are probably other people.`
      : ` would stand below similarity ${answer.nobody_below.toFixed(2)}; all of these lie above it.`));
}
