import { GIFEncoder, applyPalette, quantize } from "../vendor/gifenc/gifenc.esm.js";
import { toCanvas, toImageData } from "./images.js";

/** Have the browser save bytes or a blob as a file. */
export function save(content, name) {
  const blob = content instanceof Blob ? content : new Blob([content], { type: "application/octet-stream" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** Return an image of levels as a PNG, a pixel for each of its pixels. */
export function toPng(levels, shape) {
  return new Promise((resolve) => { toCanvas(levels, shape).toBlob(resolve, "image/png"); });
}

/**
 * Return images of levels as an animation that repeats for ever. Grey images keep all their levels.
 * @param {number} delay milliseconds between two images.
 */
export function toGif(images, shape, delay) {
  const encoder = GIFEncoder(), [height, width, channels] = shape;
  const greys = Array.from({ length: 256 }, (_, level) => [level, level, level]);
  for (const levels of images) {
    const colours = toImageData(levels, shape).data;
    const palette = channels === 1 ? greys : quantize(colours, 256);
    const indices = channels === 1 ? levels : applyPalette(colours, palette);
    encoder.writeFrame(indices, width, height, { palette, delay });
  }
  encoder.finish();
  return new Blob([encoder.bytes()], { type: "image/gif" });
}
