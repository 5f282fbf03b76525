import { Problem } from "../engine/problem.js";

const MOST_SIDE = 2048, MOST_BYTES = 2 ** 26;

/**
 * Decode a picture file, upright; a larger one is brought to 2048 pixels along its longer side.
 * @param {Blob} file
 * @returns {Promise<{canvas: HTMLCanvasElement, pixels: object, alpha: Int32Array | null}>} as `readCanvas`.
 */
export async function readPicture(file) {
  if (file.size > MOST_BYTES) {
    throw new Problem(`a picture must have at most ${MOST_BYTES / 2 ** 20} MB.`);
  }
  const bitmap = await decoded(file), scale = Math.min(1, MOST_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.getContext("2d", { willReadFrequently: true }).drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return readCanvas(canvas);
}

/** Return a canvas, its pixels in three channels, and its alpha, null if all is opaque. */
export function readCanvas(canvas) {
  const { width, height } = canvas, { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  const values = new Int32Array(3 * width * height), alpha = new Int32Array(width * height);
  for (let place = 0; place < alpha.length; place++) {
    for (let c = 0; c < 3; c++) values[3 * place + c] = data[4 * place + c];
    alpha[place] = data[4 * place + 3];
  }
  if (alpha.every((a) => a === 0)) {
    throw new Problem("the picture is wholly transparent: there is nothing to see.");
  }
  const pixels = { height, width, channels: 3, data: values };
  return { canvas, pixels, alpha: alpha.every((a) => a === 255) ? null : alpha };
}

async function decoded(file) {
  try {
    return await createImageBitmap(file, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  } catch {
    throw new Problem("this is not a picture that the browser can read.");
  }
}
