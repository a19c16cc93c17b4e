import { drawnIcon } from "./drawn_icon.js";
import { element } from "./element.js";
import { fallBelow, howOften } from "./how_often.js";
import { nobody } from "./nobody.js";

/**
 * What the answers of a search amount to, in words.
 * @param {object} answer of the server.
 * @param {object[][]} groups its answers by track.
 * @param {number|null} line how many groups lie above the line; null where the order does not follow it.
 * @param {{explain: () => void, several: boolean}} how `explain` opens the help, which tells the two probabilities apart;
 *   `several`: more than one picture or sighting was searched by.
 */
export function verdict(answer, groups, line, { explain, several }) {
  const best = Math.max(...answer.answers.map(({ similarity }) => similarity));
  const parts = amount(groups);
  const shown = count(answer.answers.length, "sighting");
  const facts = `${shown}${tracks(groups) ? ` in ${parts}` : ""}, of ${count(answer.gallery_size, "record")}, in ${answer.seconds.toFixed(2)} s.`;
  if (!answer.calibrated || answer.nobody_below === null) {
    return said("plain", "How alike, not how likely",
      [["This model is not calibrated: there are similarities, but no probabilities, and it cannot say \u201cnobody\u201d. Whoever runs the server can change that with ",
        element("code", {}, "passerby calibrate"), "."]], facts);
  }
  const two = element("span", {}, "A percentage on a tile is about that pair alone. ",
    several && "You searched by several at once: everybody is more alike to their mean than to one of them, so the probabilities and the line are a rougher guide. ",
    element("button", { type: "button", class: "why", onclick: explain }, "What the numbers mean"));
  const none = nobody(answer);
  if (none) {
    return said(none.sure ? "nobody" : "unsure", none.title,
      [`Even the most alike sighting (similarity ${best.toFixed(2)}) lies below the line of ${answer.nobody_below.toFixed(2)}. ` +
      `${none.sure ? "The person is probably not among these records, or was seen too badly." : "That alone does not tell whether the person is among these records."}` +
      fallBelow(answer, "the line"), two], facts);
  }
  const lying = line === null ? groups.filter(([front]) => front.similarity >= answer.nobody_below) : groups.slice(0, line);
  const likely = typeof answer.top1 === "number"
    ? ` When the best of ${count(answer.gallery_size, "record")} is so alike, it is the person ${howOften(answer.top1)}.` : "";
  return said("some", `${amount(lying)} to look at`,
    [`${lying.length === 1 ? "It lies" : "They lie"} above the line of similarity ${answer.nobody_below.toFixed(2)}.${likely} Compare the pictures yourself before you believe it.`, two], facts);
}

function said(kind, title, texts, facts) {
  return element("div", { class: `verdict ${kind}` }, kind === "nobody" && drawnIcon("warning"),
    element("div", {}, element("h3", {}, title), texts.map((text) => element("p", {}, text)), element("p", { class: "soft facts" }, facts)));
}

/** "3 tracks and 1 single sighting": what has no track is none. */
function amount(groups) {
  const [ours, single] = [tracks(groups), groups.length - tracks(groups)];
  if (ours === 0) return count(single, "sighting");
  return count(ours, "track") + (single ? ` and ${count(single, "single sighting")}` : "");
}

function tracks(groups) {
  return groups.filter(([{ camid, trackid }]) => camid !== null && trackid !== null).length;
}

function count(number, name) {
  return `${number.toLocaleString("en")} ${name}${number === 1 ? "" : "s"}`;
}
