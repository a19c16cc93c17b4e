const STEPS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2592000, 31536000];

/**
 * The axis of some times in seconds: where each lies, 0 .. 1, and at most `most` round times to write below it.
 * @param {number[]} times
 */
export function timeAxis(times, most = 6) {
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const room = Math.max(1, last - first) * 0.04;
  const [from, to] = [first - room, last + room];
  const step = STEPS.find((one) => (to - from) / one <= most) ?? Math.ceil((to - from) / most);
  const ticks = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push(at);
  return { place: (time) => (time - from) / (to - from), ticks };
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
