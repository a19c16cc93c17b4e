import { drawnIcon } from "./drawn_icon.js";
import { element } from "./element.js";
import { percent } from "./tile.js";

/**
 * What the answers of a search amount to, in words.
 * @param {object} answer of the server.
 * @param {object[][]} groups its answers by track.
 * @param {number|null} line how many groups lie above the line; null where the order does not follow it.
 */
export function verdict(answer, groups, line) {
  const best = Math.max(...answer.answers.map(({ similarity }) => similarity));
  const facts = `${count(answer.answers.length, "sighting")} in ${count(groups.length, "track")}, ` +
    `of ${count(answer.gallery_size, "record")}, in ${answer.seconds.toFixed(2)} s.`;
  if (!answer.calibrated || answer.nobody_below === null) {
    return said("plain", "How alike, not how likely",
      "This model is not calibrated: there are similarities, but no probabilities, and it cannot say \u201cnobody\u201d. Whoever runs the server can change that with `passerby calibrate`.", facts);
  }
  if (answer.probably_nobody) {
    return said("nobody", "Probably nobody here",
      `Even the most alike sighting (similarity ${best.toFixed(2)}) lies below the line of ${answer.nobody_below.toFixed(2)}. ` +
      "The person is probably not among these records, or was seen too badly. What is shown is probably other people.", facts);
  }
  const lying = line ?? groups.filter(([front]) => front.similarity >= answer.nobody_below).length;
  // of all that were compared, not of one pair: the more records, the more look alike by chance
  const likely = typeof answer.top1 === "number" ? ` The most alike is the person with a probability of ${percent(answer.top1)}.` : "";
  return said("some", `${count(lying, "track")} to look at`,
    `${lying === 1 ? "It lies" : "They lie"} above the line of similarity ${answer.nobody_below.toFixed(2)}.${likely} Compare the pictures yourself before you believe it.`, facts);
}

function said(kind, title, text, facts) {
  return element("div", { class: `verdict ${kind}` }, kind === "nobody" && drawnIcon("warning"),
    element("div", {}, element("h3", {}, title), element("p", {}, text), element("p", { class: "soft facts" }, facts)));
}

function count(number, name) {
  return `${number.toLocaleString("en")} ${name}${number === 1 ? "" : "s"}`;
}
