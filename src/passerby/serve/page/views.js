import { byId } from "./element.js";

const NAMES = ["gallery", "results", "case"];

/**
 * One of the page's views at a time; the address says which, so that Back goes back.
 * @param {(name: string) => void} shown called when one comes.
 */
export function views(shown) {
  let now = "";

  function fromAddress() {
    const asked = location.hash.slice(1);
    if (!NAMES.includes(asked) && now) return; // the skip link's #main, say
    const first = now === "";
    turn(NAMES.includes(asked) ? asked : "gallery");
    if (first) return;
    // on a narrow page the view lies below the search
    if (matchMedia("(min-width: 60rem)").matches) scrollTo(0, 0);
    else byId(`${now}-title`).scrollIntoView();
  }

  function turn(name) {
    if (name === now) return;
    now = name;
    for (const one of NAMES) {
      byId(one).hidden = one !== name;
      if (one === name) byId(`to-${one}`).setAttribute("aria-current", "page");
      else byId(`to-${one}`).removeAttribute("aria-current");
    }
    shown(name);
  }

  addEventListener("hashchange", fromAddress);
  /** Go to a view. */
  function go(name) {
    turn(name);
    if (location.hash !== `#${name}`) history.pushState(null, "", `#${name}`);
  }

  return { go, fromAddress, now: () => now };
}
