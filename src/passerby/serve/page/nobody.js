import { maybe } from "./tile.js";

const HALF = 0.5;

/**
 * What to call answers that all lie below the line; null where one lies above it.
 * Not `sure` where "nobody" would send somebody away from what they see: where half or more of the people who are there
 * fall below the line too, or where a sighting as a pair is more likely the person than not.
 * @param {object} answer of the server.
 * @returns {{title: string, sure: boolean}|null}
 */
export function nobody(answer) {
  if (!answer.probably_nobody) return null;
  const sure = !(answer.nobody_misses >= HALF) && !answer.answers.some(maybe);
  return { title: sure ? "Probably nobody here" : "No sure answer: look yourself", sure };
}
