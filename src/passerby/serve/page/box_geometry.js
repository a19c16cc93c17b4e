/** Boxes are [x, y, w, h] in whole pixels of a picture {width, height}, and lie within it. */

const LEAST = 8;

/** The box between two points, wherever they lie. */
export function between(a, b, picture) {
  const [left, right] = [a.x, b.x].sort((p, q) => p - q);
  const [top, bottom] = [a.y, b.y].sort((p, q) => p - q);
  return within([left, top, right - left, bottom - top], picture);
}

/** The nearest box that lies within the picture and has 8 pixels or more a side, where the picture has them. */
export function within([x, y, w, h], { width, height }) {
  const left = clamp(Math.round(x), 0, width - Math.min(LEAST, width));
  const top = clamp(Math.round(y), 0, height - Math.min(LEAST, height));
  return [
    left,
    top,
    clamp(Math.round(x + w) - left, Math.min(LEAST, width), width - left),
    clamp(Math.round(y + h) - top, Math.min(LEAST, height), height - top),
  ];
}

/** The box moved by so many pixels, as far as the picture goes; its size stays. */
export function moved([x, y, w, h], dx, dy, { width, height }) {
  return [clamp(Math.round(x + dx), 0, width - w), clamp(Math.round(y + dy), 0, height - h), w, h];
}

/** The box with the sides that `handle` ("n", "se", ...) names moved by so many pixels; never turned inside out. */
export function resized([x, y, w, h], handle, dx, dy, { width, height }) {
  const least = [Math.min(LEAST, width), Math.min(LEAST, height)];
  let [left, top, right, bottom] = [x, y, x + w, y + h];
  if (handle.includes("w")) left = clamp(Math.round(left + dx), 0, right - least[0]);
  if (handle.includes("e")) right = clamp(Math.round(right + dx), left + least[0], width);
  if (handle.includes("n")) top = clamp(Math.round(top + dy), 0, bottom - least[1]);
  if (handle.includes("s")) bottom = clamp(Math.round(bottom + dy), top + least[1], height);
  return [left, top, right - left, bottom - top];
}

/** A box to start from without a mouse: upright, in the middle. */
export function middle({ width, height }) {
  const h = Math.round(height * 0.7);
  const w = Math.min(Math.round(h / 2), Math.round(width * 0.9));
  return within([(width - w) / 2, (height - h) / 2, w, h], { width, height });
}

function clamp(value, least, most) {
  return Math.max(least, Math.min(value, Math.max(least, most)));
}
