import { above, byTrack } from "./by_track.js";
import { element, byId } from "./element.js";
import { fallBelow } from "./how_often.js";
import { nothing } from "./nothing.js";
import { maybe, tile } from "./tile.js";
import { verdict } from "./verdict.js";

/**
 * The answers of the last search: what they amount to, and their tiles by track, the best of each in front.
 * @param {{explain: () => void, again: () => void}} asks `explain` opens the help, `again` searches again.
 */
export function results({ explain, again }) {
  const room = byId("results");
  const title = element("h2", { id: "results-title", tabindex: -1 }, "Results");
  const stale = element("div", { role: "status" }); // it is there before its words, or they would not be heard
  const place = element("div", { class: "answers" });
  let groups = [];
  room.append(title, stale, place);

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

  /**
   * @param {object} answer of the server.
   * @param {{empty: boolean, several: boolean}} about `empty`: the gallery has no records at all; `several`: more than one
   *   picture or sighting was searched by.
   */
  function show(answer, { empty, several }) {
    room.removeAttribute("aria-busy");
    groups = byTrack(answer.answers);
    if (!groups.length) {
      place.replaceChildren(nothing(empty));
      return;
    }
    const line = above(groups, answer.nobody_below);
    const below = (group, index) => answer.nobody_below !== null && (line === null ? group[0].similarity < answer.nobody_below : index >= line);
    const made = groups.map((group, index) => tile(group[0], { rank: index + 1, more: group.length - 1, below: below(group, index) }));
    const list = (part, name) => element("ul", { class: "tiles", role: "list", "aria-label": name }, part);
    const parts = line === null
      ? [list(made, "Sightings, the most alike first")]
      : [line > 0 && list(made.slice(0, line), "Sightings above the line, the most alike first"), theLine(answer, groups.slice(line)),
        line < groups.length && list(made.slice(line), "Sightings below the line")];
    place.replaceChildren(verdict(answer, groups, line, { explain, several }), ...parts.filter(Boolean));
  }

  function failed() {
    room.removeAttribute("aria-busy");
    place.replaceChildren(element("p", { class: "soft" }, "The last search brought no answer."));
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

  /** Say whether the answers are of other filters, or another way to search, than those that are set now. */
  function fresh(is) {
    if (is === (stale.children.length === 0)) return;
    stale.replaceChildren(...(is ? [] : [element("p", { class: "stale" },
      element("span", {}, "You changed how to search after these answers came. Press Search to apply it."),
      element("button", { type: "button", onclick: again }, "Search again"))]));
  }

  empty();
  return { show, wait, failed, unfold, group, fresh, focus: () => title.focus(), all: () => groups.flat(), room };
}

function theLine(answer, groups) {
  const line = answer.nobody_below.toFixed(2);
  const misses = answer.probably_nobody ? "" : fallBelow(answer, "it"); // else it stands on top
  if (!groups.length) return note("All above the line", ` of similarity ${line}.${misses}`);
  const alike = ` (similarity ${line}) answers come up even where the person is not in the gallery.${misses}`;
  const likely = groups.some(([front]) => maybe(front));
  const others = answer.nobody_misses >= 0.5 ? "" : " These are probably other people.";
  return note("Below this line", alike + (likely ? " Above 50\u202f% a tile may still be the person: compare it." : others));
}

function note(first, rest) {
  return element("div", { class: "line", role: "note" }, element("strong", {}, first), element("span", {}, rest));
}
