import { element, byId } from "./element.js";
import { drawnIcon } from "./drawn_icon.js";

const SECONDS = 12;
const place = byId("said");
let timer = 0;

/**
 * Say something in passing, at the foot of the page and to a screen reader.
 * @param {string} text "" for nothing more.
 * @param {{name: string, act: () => void}|null} offer a button beside it.
 */
export function say(text, offer = null) {
  clearTimeout(timer);
  const hush = () => place.replaceChildren();
  if (!text) {
    hush();
    return;
  }
  // what lies behind an open dialog can be neither pressed nor heard
  const front = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body;
  if (place.parentNode !== front) front.append(place);
  place.replaceChildren(element("p", {}, element("span", {}, text),
    offer && element("button", { type: "button", onclick: () => { hush(); offer.act(); } }, offer.name)));
  const fade = () => {
    // not while somebody is about to press its button
    if (place.matches(":hover, :focus-within")) timer = setTimeout(fade, 1000);
    else hush();
  };
  timer = setTimeout(fade, SECONDS * 1000);
}

/** Tell a screen reader what everybody else sees. */
export function tell(text) {
  byId("told").textContent = text;
}

/**
 * Say what went wrong, above the sightings, until it is closed or `calm` is called.
 * @param {string} text
 * @param {(() => void)|null} again what to try again.
 */
export function complain(text, again = null) {
  byId("trouble").replaceChildren(element("div", { class: "trouble" },
    drawnIcon("warning"),
    element("p", {}, text),
    again && element("button", { type: "button", class: "again", onclick: () => { calm(); again(); } }, "Try again"),
    element("button", { type: "button", class: "quiet round shut", "aria-label": "Close this message", onclick: calm }, drawnIcon("close"))));
  byId("trouble").scrollIntoView({ block: "nearest" });
}

/** Take back what `complain` said. */
export function calm() {
  byId("trouble").replaceChildren();
}
