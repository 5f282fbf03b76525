import { withoutSpecks } from "./subject.js";
import { border, median } from "./whole.js";

const NEAR = 12; // values from the background at most: 5 % of 255

/**
 * A picture between two steps of the preparation, as in vaecli/data/photo/scene.py.
 * @typedef {{pixels: import("./whole.js").Pixels, alpha: ArrayLike<number> | null, background: number[],
 *   isPlain: boolean}} Scene
 */

/** Make a scene of a picture and its alpha, and find its background. @returns {Scene} */
export function makeScene(pixels, alpha) {
  const { channels, data } = pixels, numbers = Array.from({ length: channels }, (_, c) => c);
  if (alpha) {
    let weighted = 0, opacity = 0;
    alpha.forEach((a, place) => {
      for (const c of numbers) weighted += data[place * channels + c] * a;
      opacity += a;
    });
    const isLight = 2 * weighted > 255 * channels * opacity;
    return { pixels, alpha, background: numbers.map(() => (isLight ? 0 : 255)), isPlain: true };
  }
  const edges = numbers.map((c) => border(pixels, c)), background = edges.map(median);
  const near = edges[0].filter((_, i) => numbers.every((c) => Math.abs(edges[c][i] - background[c]) <= NEAR)).length;
  return { pixels, alpha: null, background, isPlain: 2 * near >= edges[0].length };
}

/** Return a mask of what is not background. */
export function subjectMask({ pixels, alpha, background }) {
  if (alpha) {
    return Uint8Array.from(alpha, (a) => Number(a > NEAR));
  }
  const distances = contrast(pixels, background), largest = maximum(distances);
  return Uint8Array.from(distances, (d) => Number(d > NEAR && 10 * d > largest));
}

/** Return the largest distance of a channel from the background, for each pixel. */
export function contrast({ height, width, channels, data }, background) {
  const distances = new Int32Array(height * width);
  for (let place = 0; place < distances.length; place++) {
    for (let c = 0; c < channels; c++) {
      const distance = Math.abs(data[place * channels + c] - background[c]);
      if (distance > distances[place]) distances[place] = distance;
    }
  }
  return distances;
}

/** Say whether the background is light; a plain one near middle grey is compared with its subject. */
export function backgroundIsLight(scene) {
  const { pixels, alpha, background, isPlain } = scene, channels = background.length;
  const shade = background.reduce((sum, value) => sum + value, 0);
  if (!alpha && isPlain && 64 * channels <= shade && shade < 192 * channels) {
    const subject = withoutSpecks(subjectMask(scene), pixels.height, pixels.width);
    let count = 0, sum = 0;
    subject.forEach((value, place) => {
      count += value;
      for (let c = 0; value && c < channels; c++) sum += pixels.data[place * channels + c];
    });
    if (count) {
      return shade * count > sum;
    }
  }
  return 2 * shade > 255 * channels;
}

/** Return the largest of many numbers. */
export function maximum(values) {
  return values.reduce((most, value) => Math.max(most, value), 0);
}
