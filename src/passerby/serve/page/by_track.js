/**
 * Answers grouped by track, in the order of each group's first, which is its best.
 * An answer without a camera or a track is a group of its own.
 * @param {{camid: number|null, trackid: number|null}[]} answers in order.
 * @returns {object[][]}
 */
export function byTrack(answers) {
  const groups = [];
  const known = new Map();
  for (const answer of answers) {
    const track = answer.camid === null || answer.trackid === null ? null : `${answer.camid} ${answer.trackid}`;
    if (track !== null && known.has(track)) {
      known.get(track).push(answer);
      continue;
    }
    const group = [answer];
    groups.push(group);
    if (track !== null) known.set(track, group);
  }
  return groups;
}

/**
 * Where the line "probably nobody here" falls: how many groups stand above it.
 * @param {object[][]} groups
 * @param {number|null} nobodyBelow similarity of the line.
 * @returns {number|null} null where there is no line, or the order is not that of similarity.
 */
export function above(groups, nobodyBelow) {
  if (nobodyBelow === null || nobodyBelow === undefined) return null;
  const fronts = groups.map(([front]) => front.similarity);
  if (fronts.some((one, i) => i > 0 && one > fronts[i - 1] + 1e-6)) return null;
  return fronts.filter((one) => one >= nobodyBelow).length;
}
