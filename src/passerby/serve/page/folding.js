import { byId } from "./element.js";

/**
 * The form of the search as one line, where the page is narrow and the form would stand before the sightings.
 * @param {() => string} told what is searched by, in a few words.
 */
export function folding(told) {
  const form = byId("ask");
  const button = byId("unfold-ask");

  /** Fold it or unfold it; the style sheet folds it on a narrow page only. */
  function fold(folded) {
    form.classList.toggle("folded", folded);
    byId("folded-told").textContent = told();
  }

  button.addEventListener("click", () => {
    fold(false);
    byId("choose").focus();
    form.scrollIntoView();
  });
  return { fold };
}
