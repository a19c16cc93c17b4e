const HEAD = 1 << 20; // a JPEG tells its size behind what its camera wrote of itself

/**
 * Width and height as the header of a PNG, WebP or JPEG tells them; null where it tells none.
 * @param {Blob} file
 * @returns {Promise<number[]|null>}
 */
export async function pictureSize(file) {
  try {
    const head = new DataView(await file.slice(0, HEAD).arrayBuffer());
    return ofPng(head) ?? ofWebp(head) ?? ofJpeg(head);
  } catch {
    return null; // it ends within its header, or can no longer be read
  }
}

function word(head, at) {
  return String.fromCharCode(...[0, 1, 2, 3].map((i) => head.getUint8(at + i)));
}

function ofPng(head) {
  return head.getUint32(0) === 0x89504e47 && word(head, 12) === "IHDR" ? [head.getUint32(16), head.getUint32(20)] : null;
}

function ofWebp(head) {
  if (word(head, 0) !== "RIFF" || word(head, 8) !== "WEBP") return null;
  const kind = word(head, 12);
  if (kind === "VP8 ") return [26, 28].map((at) => head.getUint16(at, true) & 0x3fff);
  if (kind === "VP8L") return [0, 14].map((bits) => ((head.getUint32(21, true) >>> bits) & 0x3fff) + 1);
  if (kind === "VP8X") return [24, 27].map((at) => head.getUint16(at, true) + (head.getUint8(at + 2) << 16) + 1);
  return null;
}

function ofJpeg(head) {
  if (head.getUint16(0) !== 0xffd8) return null;
  let at = 2;
  for (;;) {
    const marker = head.getUint16(at);
    if (marker === 0xffff) at += 1; // filled up
    else if (marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker)) return [head.getUint16(at + 7), head.getUint16(at + 5)];
    else if (marker < 0xff01 || marker === 0xffda) return null;
    else at += 2 + head.getUint16(at + 2);
  }
}
