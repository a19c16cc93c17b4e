import { ask } from "./api.js";
import { drawnIcon } from "./drawn_icon.js";
import { element } from "./element.js";
import { preview } from "./query.js";
import { thumbnail } from "./thumbnail.js";
import { camera, percent, whereAndWhen } from "./tile.js";
import { moment } from "./when.js";

/**
 * One sighting, large, beside whom is looked for; with the sightings before and after it.
 * @param {{act: (act: string, record: object) => void, mark: (id: string) => boolean|null, takeBack: () => void, keys: () => boolean,
 *   query: () => object[]}} asks
 */
export function detail({ act, mark, takeBack, keys, query }) {
  let list = [];
  let at = 0;
  let closed = () => {};
  const title = element("h2", { id: "detail-title", tabindex: -1 });
  const figures = element("div", { class: "figures" });
  const facts = element("dl", { class: "facts-list" });
  const place = element("p", { class: "soft", "aria-live": "polite" });
  const go = (by, said, icon) => element("button", { type: "button", class: "quiet round", "aria-label": said, onclick: () => show(at + by) }, drawnIcon(icon));
  const [before, after] = [go(-1, "The sighting before", "before"), go(1, "The sighting after", "after")];
  const judge = (name, said, icon) => element("button", { type: "button", class: `act ${name}`, "aria-pressed": "false", onclick: () => act(name, list[at]) }, drawnIcon(icon), said);
  const [right, wrong] = [judge("right", "Right", "right"), judge("wrong", "Wrong", "wrong")];
  const dialog = element("dialog", { class: "detail", "aria-labelledby": "detail-title" },
    element("div", { class: "row between" }, title,
      element("button", { type: "button", class: "quiet round", "aria-label": "Close", onclick: () => dialog.close() }, drawnIcon("close"))),
    figures,
    element("div", { class: "row judge" }, right, wrong,
      element("button", { type: "button", onclick: () => leave("search", false) }, drawnIcon("search"), "Search by this"),
      element("button", { type: "button", onclick: () => leave("search", true) }, "Search by this too")),
    facts,
    element("div", { class: "row between" }, before, place, after));
  dialog.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      event.preventDefault();
      show(at + (event.key === "ArrowLeft" ? -1 : 1));
      return;
    }
    const key = keys() ? event.key.toLowerCase() : "";
    if (key === "s") leave("search", event.shiftKey);
    else if (key === "r" || key === "w") act(key === "r" ? "right" : "wrong", list[at]);
    else if (key === "z") takeBack();
    else return;
    event.preventDefault();
  });
  dialog.addEventListener("close", () => closed(list[at]?.id));
  document.body.append(dialog);

  function leave(name, more) {
    const record = list[at];
    dialog.close();
    act(name, record, { more });
  }

  function show(next) {
    if (next < 0 || next >= list.length) return;
    at = next;
    const record = list[at];
    title.textContent = camera(record.camid);
    const asked = query().map((item) => (item.kind === "picture" ? preview(item, item.file.name) : thumbnail(item.record, `Searched by: ${whereAndWhen(item.record)}`)));
    figures.replaceChildren(
      ...(asked.length ? [element("figure", {}, element("div", { class: "asked" }, asked), element("figcaption", {}, "Looked for"))] : []),
      element("figure", {}, thumbnail(record, `Sighting: ${whereAndWhen(record)}`), element("figcaption", {}, "This sighting")));
    tell(record);
    before.disabled = at === 0;
    after.disabled = at === list.length - 1;
    place.textContent = `${at + 1} of ${list.length}: ${whereAndWhen(record)}`;
    refresh();
    if (record.path === undefined) complete(record);
  }

  async function complete(record) {
    try {
      Object.assign(record, await ask(`records/${encodeURIComponent(record.id)}`));
      if (list[at] === record) tell(record);
    } catch (error) {
      if (list[at] === record) facts.append(fact("More", error.message));
    }
  }

  function tell(record) {
    const calibrated = record.probability !== null && record.probability !== undefined;
    const told = [
      ["Time", moment(record.time)],
      ...(record.similarity === undefined ? [] : [
        ["Same person", calibrated ? `probability ${percent(record.probability)} as a pair, nothing else known` : "not calibrated"],
        ["Similarity", record.similarity.toFixed(3)]]),
      ["Track", record.trackid ?? "none"],
      ...(record.pid === null || record.pid === undefined ? [] : [["Person", record.pid]]),
      ...Object.entries(record.labels ?? {}).map(([name, value]) => [name.replaceAll("_", " "), value]),
      ...(record.path ? [["Picture", record.path]] : []),
      ["Record", record.id],
    ];
    facts.replaceChildren(...told.map(([name, value]) => fact(name, value)));
  }

  /** Show how the sighting is marked now. */
  function refresh() {
    const marked = list[at] ? mark(list[at].id) : null;
    right.setAttribute("aria-pressed", String(marked === true));
    wrong.setAttribute("aria-pressed", String(marked === false));
  }

  /** Open it at one of a list of records; `whenClosed` gets the id shown last. */
  function open(records, id, whenClosed = () => {}) {
    [list, closed] = [records, whenClosed];
    dialog.showModal();
    show(Math.max(0, records.findIndex((record) => record.id === id)));
    title.focus();
  }

  return { open, refresh, isOpen: () => dialog.open };
}

function fact(name, value) {
  return element("div", {}, element("dt", {}, name), element("dd", {}, String(value)));
}
