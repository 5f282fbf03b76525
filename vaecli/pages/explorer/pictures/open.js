import { Problem } from "../engine/problem.js";

const MOST_SIDE = 2048, MOST_BYTES = 2 ** 26;

/**
 * Decode a picture file, upright; a larger one is brought to 2048 pixels along its longer side.
 * @param {Blob} file
 * @returns {Promise<{canvas: HTMLCanvasElement, pixels: object, alpha: Int32Array | null}>}
 */
export async function readPicture(file) {
  if (file.size > MOST_BYTES) {
    throw new Problem(`a picture must have at most ${MOST_BYTES / 2 ** 20} MB.`);
  }
  const bitmap = await decoded(file), scale = Math.min(1, MOST_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height), { width, height } = canvas;
  const count = width * height, values = new Int32Array(3 * count), alpha = new Int32Array(count);
  for (let place = 0; place < count; place++) {
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
