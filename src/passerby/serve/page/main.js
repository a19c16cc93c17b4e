import { ask, whenLocked } from "./api.js";
import { detail } from "./detail.js";
import { byId } from "./element.js";
import { filters } from "./filters.js";
import { folding } from "./folding.js";
import { help } from "./help.js";
import { how } from "./how.js";
import { keyEntry } from "./key_entry.js";
import { marks } from "./marks.js";
import { nobody } from "./nobody.js";
import { query } from "./query.js";
import { results } from "./results.js";
import { calm, complain, say, tell } from "./say.js";
import { sightings } from "./sightings.js";
import { taking } from "./taking.js";
import { tiles } from "./tiles.js";
import { timeline } from "./timeline.js";
import { views } from "./views.js";

whenLocked(keyEntry);
start();

async function start() {
  try {
    const about = await ask("about");
    page(about);
    document.documentElement.dataset.state = "ready";
  } catch (error) {
    complain(error.message, start);
  }
}

function page(about) {
  const guide = help();
  const asked = query(fit);
  const marked = marks(remark);
  const meant = filters(about, () => { if (view.now() === "gallery") gallery.freshen(); compare(); });
  const way = how(about);
  const answers = results({ explain: () => guide.open("help-two"), again: () => search() });
  const form = folding(() => asked.told());
  const gallery = sightings(() => meant.read(), () => galleryTiles.refresh());
  const look = detail({ act: (act, record, more) => judge(act, [record], more), mark: (id) => marked.of(id), takeBack: () => marked.takeBack(), keys: guide.keys, query: asked.items });
  const lane = timeline(marked, (list, id) => look.open(list, id));
  const asks = { keys: guide.keys, mark: (id) => marked.of(id) };
  const galleryTiles = tiles(gallery.room, (act, id, li, { whole }) => onTile(act, id, li, whole, gallery.all()), asks);
  const resultTiles = tiles(answers.room, (act, id, li, { whole }) => onTile(act, id, li, whole, answers.all()), asks);
  const view = views((name) => {
    say(""); // what was said of another view
    compare();
    if (name === "case") form.fold(true);
    if (name === "gallery" && asked.count() === 0) form.fold(false);
    if (name === "case") lane.load();
    if (name === "gallery") gallery.freshen();
  });
  let running = null;
  let answered = null; // how to search, of the answers that are shown

  function fit() {
    const count = asked.count();
    byId("search").disabled = count === 0;
    byId("search").textContent = count > 1 ? `Search by these ${count}` : "Search";
    byId("query-note").hidden = count > 0;
    way.fit(asked.bySighting());
    if (!asked.bySighting()) form.fold(false);
  }

  /** Show whether the answers are of what is set now. */
  function compare() {
    const now = { filters: meant.read(), ...way.read() };
    const other = (read) => answered !== null && asked.count() > 0 && JSON.stringify(read(now)) !== JSON.stringify(read(answered));
    answers.fresh(!other((all) => all));
    byId("filter-stale").hidden = view.now() !== "results" || !other((all) => all.filters);
  }

  function remark() {
    const name = marked.name();
    byId("case-name").textContent = name || "no name yet";
    byId("marked-count").hidden = marked.count() === 0;
    byId("marked-count").textContent = `${marked.rights()} right`;
    for (const room of [galleryTiles, resultTiles]) room.refresh();
    look.refresh();
    if (view.now() === "case") lane.load();
  }

  async function search() {
    if (asked.count() === 0) return;
    if (!meant.valid()) {
      form.fold(false);
      return;
    }
    running?.abort();
    answered = null;
    const mine = (running = new AbortController());
    calm();
    view.go("results");
    answers.wait();
    tell("Searching\u2026");
    const wish = { filters: meant.read(), ...way.read() };
    const several = asked.count() > 1;
    compare();
    try {
      const answer = await asked.send(wish, mine.signal);
      const empty = !answer.answers.length && await holdsNothing(mine.signal);
      answers.show(answer, { empty, several });
      answered = wish;
      compare();
      form.fold(true);
      resultTiles.refresh();
      const found = answer.answers.length;
      const none = nobody(answer);
      tell(none ? `${none.title}; ${found} ${found === 1 ? "sighting" : "sightings"} shown.` : `${found} ${found === 1 ? "sighting" : "sightings"} found.`);
      answers.focus();
    } catch (error) {
      if (error.name === "AbortError") return;
      answers.failed();
      complain(error.message, search);
      tell("");
    }
  }

  /** Whether the whole gallery is empty; where that is not known, it is not said. */
  async function holdsNothing(signal) {
    try {
      return (await ask("about", { signal })).records === 0;
    } catch (error) {
      if (error.name === "AbortError") throw error;
      return false;
    }
  }

  function onTile(act, id, li, whole, list) {
    if (act === "open") {
      look.open(list, id, (last) => {
        if (!li.isConnected) return;
        const shown = [...li.closest(".answers").querySelectorAll(".tile")].find((one) => one.dataset.id === last);
        (shown ?? li).querySelector(".open").focus();
      });
    } else if (act === "unfold") {
      const came = answers.unfold(li);
      resultTiles.refresh();
      tell(came.length ? `${came.length} more of this track.` : "Folded.");
      if (came.length) resultTiles.go(came[0]);
    } else if (act === "search") {
      judge(act, [list.find((one) => one.id === id)], { more: whole });
    } else {
      const track = whole ? answers.group(id) : [];
      judge(act, track.length ? track : [list.find((one) => one.id === id)]);
    }
  }

  function judge(act, records, { more = false } = {}) {
    if (act !== "search") marked.mark(records.map(({ id }) => id), act === "right");
    else if (asked.addSighting(records[0], { more })) search();
  }

  byId("ask").addEventListener("submit", (event) => { event.preventDefault(); search(); });
  byId("how").addEventListener("change", compare);
  byId("case-button").addEventListener("click", () => marked.askCase());
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input:not([type=checkbox], [type=radio]), select, textarea, dialog");
    if (typing || !guide.keys() || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "?") guide.open();
    else if (event.key.toLowerCase() === "z") marked.takeBack();
  });
  taking(asked.add);
  byId("gallery-facts").textContent = `${counted(about.records, "record")} of ${counted(about.cameras.length, "camera")}; ` +
    `model ${about.model?.name ?? about.model}, ${about.dim} dimensions; ${about.calibrated ? "calibrated" : "not calibrated"}.`;
  if (matchMedia("(min-width: 60rem)").matches) byId("filters").open = true;
  fit();
  view.fromAddress();
  if (marked.name()) marked.open(marked.name());
}

function counted(number, name) {
  return `${number.toLocaleString("en")} ${name}${number === 1 ? "" : "s"}`;
}
