import { element } from "./element.js";

/**
 * A file's name that breaks behind "_", "-" and spaces, before it breaks anywhere else; its ending stays whole.
 * @param {string} name
 * @returns {(string|Node)[]}
 */
export function fileName(name) {
  const [, stem, ending] = /^(.*?)(\.[^.\s]{1,5})?$/s.exec(name);
  const pieces = stem.match(/[^-_\s]*[-_\s]+|[^-_\s]+/g) ?? [];
  const last = pieces.length && !/[-_\s]$/.test(stem) ? pieces.pop() : "";
  return [...pieces.flatMap((piece) => [piece, element("wbr")]),
    element("span", { class: "name-end" }, last, ...(ending ? [element("wbr"), element("span", { class: "ending" }, ending)] : []))];
}
