/** How often something with this probability happens, in words: not a percentage, as on a tile, since it means another thing. */
export function howOften(probability) {
  if (probability >= 0.995) return "more than 99 times in 100";
  if (probability < 0.005) return "less than once in 100";
  const [times, of] = rounded(probability);
  return `about ${times === 1 ? "once" : `${times} times`} in ${of}`;
}

/** What the line costs, and whether that was measured, in sentences; "" where the calibration does not say. */
export function fallBelow({ nobody_misses: share, nobody_measured: measured }, line) {
  if (typeof share !== "number") return "";
  const [times, of] = rounded(share);
  const many = share >= 0.995 ? "almost all" : share < 0.005 ? "hardly any" : `about ${times} in ${of}`;
  return ` Of the people who are there, ${many} fall below ${line} too${share >= 0.5 ? ", so look there as well" : ""}.` +
    (measured === false ? " Both are carried on from smaller galleries than this one, or fewer people." : "");
}

function rounded(share) {
  return share < 0.095 || share > 0.905 ? [Math.round(100 * share), 100] : [Math.round(10 * share), 10];
}
