import { ask } from "./api.js";
import { drawnIcon } from "./drawn_icon.js";
import { element, byId } from "./element.js";
import { complain } from "./say.js";
import { stays } from "./stays.js";
import { thumbnail } from "./thumbnail.js";
import { camera, whereAndWhen } from "./tile.js";
import { heaps, tickNames, timeAxis } from "./time_axis.js";
import { clock, day, duration, moment } from "./when.js";

/**
 * The case at hand: when and where the sightings lie that were marked right.
 * @param {object} marks
 * @param {(list: object[], id: string) => void} open opens a sighting.
 */
export function timeline(marks, open) {
  const title = element("h2", { id: "case-title", tabindex: -1 });
  const save = element("button", { type: "button", title: "What is marked right in all cases, as a labelled data set", onclick: () => marks.save() }, drawnIcon("save"), "Save manifest (CSV)");
  const other = element("button", { type: "button", onclick: () => marks.askCase() });
  const place = element("div");
  byId("case").append(element("div", { class: "row between" }, title,
    element("p", { class: "row" }, other, save)), place);
  let turn = 0;

  async function load() {
    const mine = ++turn;
    const name = marks.name();
    title.textContent = name || "No case yet";
    other.textContent = name ? "Change case" : "Open a case";
    save.hidden = marks.count() === 0;
    if (!name || !marks.rights()) {
      place.replaceChildren(empty(marks.count()));
      return;
    }
    byId("case").setAttribute("aria-busy", "true");
    try {
      const found = await ask(`timeline?case=${encodeURIComponent(name)}`);
      if (mine === turn) show(found.cameras);
    } catch (error) {
      if (mine === turn) complain(error.message, load);
    } finally {
      if (mine === turn) byId("case").removeAttribute("aria-busy");
    }
  }

  function show(cameras) {
    const all = cameras.flatMap(({ camid, sightings }) => sightings.map((one) => ({ ...one, camid, at: one.time ? Date.parse(one.time) / 1000 : null })));
    const timed = all.filter(({ at }) => at !== null).sort((a, b) => a.at - b.at);
    const others = all.filter(({ at }) => at === null);
    const list = [...timed, ...others];
    const press = (one) => () => open(list, one.id);
    place.replaceChildren(...[
      element("p", { class: "soft" }, `${list.length} ${list.length === 1 ? "sighting" : "sightings"} marked right, ` +
        `${cameras.length} ${cameras.length === 1 ? "camera" : "cameras"}. All times are UTC.`),
      timed.length > 0 && chart(cameras.map(({ camid }) => camid), timed, press),
      timed.length > 0 && element("h3", {}, "In order"),
      timed.length > 0 && route(timed, press),
      others.length > 0 && element("h3", {}, "Time not known"),
      others.length > 0 && element("ol", { class: "route", role: "list" }, others.map((one) => element("li", {}, stop([one], press)))),
    ].filter(Boolean));
  }

  return { load, focus: () => title.focus() };
}

function chart(cameras, timed, press) {
  const axis = timeAxis(timed.map(({ at }) => at), innerWidth < 700 ? 3 : 6);
  const written = tickNames(axis.ticks, axis.from);
  const near = innerWidth < 700 ? 0.12 : 0.05;
  const at = (made, share) => {
    made.style.left = `${100 * share}%`;
    return made;
  };
  const lane = (camid) => element("div", { class: "lane" },
    element("h4", { class: "lane-name" }, camera(camid)),
    element("div", { class: "track-room" },
      axis.ticks.map((tick) => at(element("span", { class: "grid", "aria-hidden": "true" }), axis.place(tick))),
      heaps(timed.filter((one) => one.camid === camid), near, axis.place).map((heap) => at(dot(heap, press), axis.place(heap[0].at)))));
  return element("section", { class: "chart", "aria-label": "Timeline by camera" },
    cameras.filter((camid) => timed.some((one) => one.camid === camid)).map(lane),
    element("div", { class: "lane axis", "aria-hidden": "true" }, element("span", { class: "lane-name" }, written.before),
      element("div", { class: "track-room" }, axis.ticks.map((tick, i) => at(element("span", { class: "tick-name" }, written.names[i]), axis.place(tick))))));
}

function dot(heap, press) {
  const [first] = heap;
  const said = heap.length > 1 ? `${heap.length} sightings from ${whereAndWhen(first)}` : whereAndWhen(first);
  return element("button", { type: "button", class: `dot${heap.length > 1 ? " heap" : ""}`, "aria-label": said, title: said, onclick: press(first) },
    thumbnail(first, whereAndWhen(first)), heap.length > 1 && element("span", { class: "count" }, String(heap.length)));
}

/** The way of a person: each stay at a camera, and how long nobody saw them between. */
function route(timed, press) {
  const way = stays(timed);
  return element("ol", { class: "route", role: "list" }, way.map((stay, i) => {
    const gap = i > 0 ? stay[0].at - way[i - 1].at(-1).at : 0;
    return element("li", {}, i > 0 && element("p", { class: "gap soft" }, `${duration(gap)} later`), stop(stay, press));
  }));
}

function stop(stay, press) {
  const [first, last] = [stay[0], stay[stay.length - 1]];
  const end = () => (day(first.time) === day(last.time) ? clock(last.time) : moment(last.time));
  const until = last.at !== null && last.at - first.at >= 1 ? ` to ${end()}, ${duration(last.at - first.at)}` : "";
  return element("div", { class: "stop" },
    element("p", {}, element("strong", {}, camera(first.camid)), ` ${moment(first.time)}${until}`),
    element("div", { class: "stop-pictures" }, stay.map((one) => element("button", { type: "button", class: "dot", "aria-label": whereAndWhen(one), onclick: press(one) }, thumbnail(one, whereAndWhen(one))))));
}

function empty(count) {
  return element("div", { class: "empty" }, element("h3", {}, "Nothing marked right yet"),
    element("p", {}, count ? "Only sightings that are marked right stand on the timeline."
      : "Mark sightings in the results or the gallery: they are kept on the server and lined up here by camera and time."));
}
