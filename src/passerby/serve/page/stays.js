/** Nobody says where a person was for longer than this, in seconds, even if the same camera saw them before and after. */
const UNSEEN = 30 * 60;

/**
 * The way of a person: sightings at one camera, none more than half an hour after the one before.
 * @param {{camid: number|null, at: number}[]} sightings sorted by time.
 * @returns {object[][]}
 */
export function stays(sightings) {
  const found = [];
  for (const one of sightings) {
    const before = found.at(-1)?.at(-1);
    if (before && one.camid !== null && before.camid === one.camid && one.at - before.at <= UNSEEN) found.at(-1).push(one);
    else found.push([one]);
  }
  return found;
}
