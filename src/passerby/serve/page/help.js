import { forgetKey, hasKey } from "./api.js";
import { drawnIcon } from "./drawn_icon.js";
import { element, byId } from "./element.js";

const KEPT = "passerby single keys";
const KEYS = [
  [["Arrow keys", "Home", "End"], "from sighting to sighting"],
  [["Enter"], "open the sighting; the arrow keys go on to the next"],
  [["R"], "right: this is the person"],
  [["W"], "wrong: this is somebody else"],
  [["Shift", "R"], "or W: for all sightings of its track"],
  [["S"], "search by this sighting; with Shift: by this one too"],
  [["T"], "unfold or fold its track"],
  [["Z"], "take back the last mark"],
  [["?"], "this help"],
];

/** The help: what the page does, its keys, and whether single keys are listened to. */
export function help() {
  let on = sessionStorage.getItem(KEPT) !== "off";
  const turn = (event) => {
    on = event.target.checked;
    sessionStorage.setItem(KEPT, on ? "on" : "off");
  };
  const dialog = element("dialog", { "aria-labelledby": "help-title" },
    element("div", { class: "row between" }, element("h2", { id: "help-title", tabindex: -1 }, "How to find somebody"),
      element("button", { type: "button", class: "quiet round", "aria-label": "Close", onclick: () => dialog.close() }, drawnIcon("close"))),
    element("ol", { class: "steps" },
      element("li", {}, "Give one to eight pictures of one person; several views find more. In a picture of several people draw a box round the one. Nothing checks whether anybody is in a picture: one of nobody is answered like any other."),
      element("li", {}, "Set what you know: cameras, times, clothing. Then search."),
      element("li", {}, "Compare, and mark right or wrong. Search again by a right sighting from another side: that finds more."),
      element("li", {}, "The case lines up what you marked right by camera and time, and saves it as a table.")),
    element("h3", { id: "help-two", tabindex: -1 }, "What the numbers mean"),
    element("dl", { class: "two" },
      element("dt", {}, "On top of the results"),
      element("dd", {}, "is about the best of the whole gallery: how often the most alike of so many records is the person, when the person is there in every second search. The more records there are, the more people look alike by chance."),
      element("dt", {}, "The line"),
      element("dd", {}, "is about the whole gallery too: below it best answers come up even where the person is not there. A higher line gives fewer false answers, and more people who are there fall below it; how many is said beside it."),
      element("dt", {}, "On a tile"),
      element("dd", {}, "is about that pair alone, whom you look for and this sighting: how often two such pictures show the same person, where as many pairs do as in the data that the model was calibrated on. It knows of no other record. So it may be lower or higher than what is said on top, and above 50\u202f% below the line.")),
    element("h3", {}, "Keys"),
    element("dl", { class: "keys" }, KEYS.map(([keys, said]) => element("div", {},
      element("dt", {}, keys.flatMap((key, i) => [i ? " " : "", element("kbd", {}, key)])), element("dd", {}, said)))),
    element("label", { class: "tick" }, element("input", { type: "checkbox", checked: on, onchange: turn }), "Listen to single keys (R, W, S, T, Z, ?)"),
    hasKey() && element("p", {}, element("button", { type: "button", onclick: () => { forgetKey(); location.reload(); } }, "Forget my key")));
  document.body.append(dialog);
  /** Open it, at the heading with this id. */
  const open = (part = "help-title") => {
    dialog.showModal();
    byId(part).focus();
    if (part !== "help-title") byId(part).scrollIntoView();
  };
  byId("help-button").addEventListener("click", () => open());
  return { open, keys: () => on };
}
