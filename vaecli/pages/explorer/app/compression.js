const BASE_85 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;.=>?@^_`{|}~";
const BASE_64 = codes("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
const PADDING = "=".charCodeAt(0), WIDTHS = [1, 2, 4, 8];

/**
 * Return the bytes of a file that vaecli/pages/compression.py compressed.
 * @param {{stretches: [number, number][], data: string}} compressed pairs of a number of bytes and the width of a
 *   value, 0 for no array and negative for base64.
 */
export async function decompress({ stretches, data }) {
  const stream = new Blob([fromBase85(data)]).stream().pipeThrough(new DecompressionStream("deflate"));
  const content = new Uint8Array(await new Response(stream).arrayBuffer()), planes = planesOf(content, stretches);
  const file = new Uint8Array(stretches.reduce((sum, [count, width]) => sum + lengthInFile(count, width), 0));
  let position = 0, plain = 0;
  for (const [count, width] of stretches) {
    const target = file.subarray(position, position += lengthInFile(count, width));
    if (width === 0) {
      target.set(content.subarray(plain, plain += count));
    } else if (width > 0) {
      planes[width].read(target);
    } else {
      writeBase64(planes[-width].read(new Uint8Array(count)), target);
    }
  }
  return file;
}

function lengthInFile(count, width) {
  return width < 0 ? 4 * Math.ceil(count / 3) : count;
}

/** Return a reader for the values of each width, which lie behind the plain bytes, the lowest bytes of all first. */
function planesOf(content, stretches) {
  const total = (width) => stretches.reduce((sum, pair) => sum + (Math.abs(pair[1]) === width ? pair[0] : 0), 0);
  const planes = {};
  let start = total(0);
  for (const width of WIDTHS) {
    planes[width] = new Planes(content.subarray(start, start += total(width)), width);
  }
  return planes;
}

class Planes {
  #next = 0; // value

  constructor(content, width) {
    Object.assign(this, { content, width, count: content.length / width });
  }

  /** Fill an array with the bytes of the next values, and return it. */
  read(target) {
    const { content, width, count } = this;
    for (let plane = 0; plane < width; plane++) {
      for (let from = plane * count + this.#next, to = plane; to < target.length; from++, to += width) {
        target[to] = content[from];
      }
    }
    this.#next += target.length / width;
    return target;
  }
}

function codes(alphabet) {
  return Uint8Array.from(alphabet, (character) => character.charCodeAt(0));
}

/** Decode five characters to four bytes, the highest first; a last group of fewer characters has fewer bytes. */
function fromBase85(text) {
  const values = new Uint8Array(128), bytes = new Uint8Array(Math.floor((text.length * 4) / 5));
  codes(BASE_85).forEach((code, value) => { values[code] = value; });
  for (let from = 0, to = 0; from < text.length; from += 5, to += 4) {
    let number = 0;
    for (let i = 0; i < 5; i++) {
      number = number * 85 + (from + i < text.length ? values[text.charCodeAt(from + i)] : 84);
    }
    for (let i = 0; i < 4; i++) bytes[to + i] = number >>> (24 - 8 * i);
  }
  return bytes;
}

function writeBase64(bytes, target) {
  for (let from = 0, to = 0; from < bytes.length; from += 3, to += 4) {
    const number = (bytes[from] << 16) | (bytes[from + 1] << 8) | bytes[from + 2]; // of an absent byte: 0
    for (let i = 0; i < 4; i++) target[to + i] = BASE_64[(number >> (18 - 6 * i)) & 63];
  }
  target.fill(PADDING, target.length - ((3 - (bytes.length % 3)) % 3));
}
