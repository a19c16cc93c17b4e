import { ask } from "./api.js";
import { element } from "./element.js";

const AT_ONCE = 6;
const KEEP = 600;
const urls = new Map(); // id -> blob URL, the oldest first
const queue = [];
const wanted = new WeakMap();
let running = 0;
const seen = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      queue.push(target);
    }
    next();
  },
  { rootMargin: "300px" },
);

/**
 * A record's small picture; it is fetched with the key when it comes into view.
 * @param {{id: string, thumbnail: string|null}} record
 * @param {string} alt
 */
export function thumbnail(record, alt) {
  if (!record.thumbnail) return element("span", { class: "thumb none", role: "img", "aria-label": `No picture: ${alt}` });
  // an alt without a picture would be written over the place where the picture comes
  const image = element("img", { class: "thumb", alt: "", "aria-label": alt, decoding: "async", draggable: false });
  wanted.set(image, record.id);
  if (urls.has(record.id)) fill(image, urls.get(record.id));
  else seen.observe(image);
  return image;
}

function next() {
  while (running < AT_ONCE && queue.length) {
    const image = queue.shift();
    if (!image.isConnected) continue;
    running += 1;
    load(image).finally(() => {
      running -= 1;
      next();
    });
  }
}

async function load(image) {
  const id = wanted.get(image);
  try {
    if (!urls.has(id)) {
      const blob = await ask(`records/${encodeURIComponent(id)}/thumbnail`, { as: "blob" });
      urls.set(id, URL.createObjectURL(blob));
      forgetOldest();
    }
    fill(image, urls.get(id));
  } catch {
    image.classList.add("none");
    image.setAttribute("aria-label", `No picture: ${image.getAttribute("aria-label")}`);
  }
}

function fill(image, url) {
  image.alt = image.getAttribute("aria-label");
  image.removeAttribute("aria-label");
  image.src = url;
}

function forgetOldest() {
  for (const [id, url] of urls) {
    if (urls.size <= KEEP) break;
    // a picture that is shown already stays, since it is decoded; one that comes back is fetched again
    URL.revokeObjectURL(url);
    urls.delete(id);
  }
}
