import { clock, day } from "./when.js";

const STEPS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2592000, 31536000];

/**
 * The axis of some times in seconds: where it begins, where each lies, 0 .. 1, and at most `most` round times to write below it.
 * @param {number[]} times
 */
export function timeAxis(times, most = 6) {
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const room = Math.max(1, last - first) * 0.04;
  const [from, to] = [first - room, last + room];
  const step = STEPS.find((one) => (to - from) / one <= most) ?? Math.ceil((to - from) / most);
  const ticks = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push(at);
  return { from, place: (time) => (time - from) / (to - from), ticks };
}

/**
 * What to write at the ticks of an axis, in UTC: times, with the date at every midnight; dates, with the year where it
 * changes. The day that the axis begins in stands before them.
 * @param {number[]} ticks in order.
 * @param {number} from the time that the axis begins at.
 * @returns {{before: string, names: string[]}}
 */
export function tickNames(ticks, from) {
  const told = ticks.map((tick) => new Date(tick * 1000).toISOString());
  const start = new Date(from * 1000).toISOString();
  const days = ticks.length > 1 && ticks[1] - ticks[0] >= 86400;
  const short = (iso) => day(iso).replace(/ \d+$/, "");
  const changes = (iso, i) => iso.slice(0, 4) !== (told[i - 1] ?? start).slice(0, 4);
  const named = (iso, i) => {
    if (!days && !iso.includes("T00:00:00")) return clock(iso).replace(/:00$/, "");
    return changes(iso, i) ? day(iso) : short(iso);
  };
  return { before: day(start), names: told.map(named) };
}

/**
 * Times in order, those together that lie nearer than `near` of the axis to the first of them.
 * @param {{at: number}[]} sightings sorted by time.
 */
export function heaps(sightings, near, place) {
  const found = [];
  for (const one of sightings) {
    const last = found[found.length - 1];
    if (last && place(one.at) - place(last[0].at) < near) last.push(one);
    else found.push([one]);
  }
  return found;
}
