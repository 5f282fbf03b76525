import { backgroundIsLight, contrast, makeScene, maximum, subjectMask } from "./scene.js";
import { bounds, withoutSpecks } from "./subject.js";
import { clip, crop, divide, fitInside, inChannels, median, resizeByArea, sharpen } from "./whole.js";

/**
 * From a picture to a model's frame: polarity, contrast, crop, resize and place. These are the steps of
 * vaecli/data/photo/frame.py, which explains them; tests/data/photo/vectors.npz holds pictures and results.
 */

const BACKGROUNDS = { "light-on-dark": 0, "dark-on-light": 255 };
const NEAR = 12, STRONG = 240, MOST_GAIN = 3;

/**
 * Bring a picture, without a cut-out, to an image of a model.
 * @param {import("./whole.js").Pixels} pixels
 * @param {ArrayLike<number> | null} alpha
 * @param {number[]} shape height, width, channels of the model.
 * @param {string} polarity of the training images.
 */
export function fitToFrame(pixels, alpha, [height, width, channels], polarity, { digits = false, trim = true } = {}) {
  let scene = makeScene(inChannels(pixels, channels), alpha);
  const isLight = backgroundIsLight(scene);
  scene = withPolarity(scene, polarity, isLight);
  if (pixels.height === height && pixels.width === width) {
    return scene.pixels;
  }
  scene = levelled(scene, polarity);
  scene = trim ? trimmed(scene) : scene;
  return placed(scene, { height, width, digits, stretch: isLight && !alpha });
}

/** Negate a picture whose background has the wrong polarity, and blend a transparent one with its background. */
function withPolarity(scene, polarity, isLight) {
  const isNegated = polarity in BACKGROUNDS && isLight !== BACKGROUNDS[polarity] > 0;
  const background = isNegated ? scene.background.map((value) => 255 - value) : scene.background;
  const { channels } = scene.pixels, { alpha } = scene;
  const data = Int32Array.from(scene.pixels.data, (original, place) => {
    const value = isNegated ? 255 - original : original, a = alpha ? alpha[Math.floor(place / channels)] : 255;
    return alpha ? divide(value * a + background[place % channels] * (255 - a), 255) : value;
  });
  return { ...scene, background, pixels: { ...scene.pixels, data } };
}

/** Stretch the contrast so that a plain background has the black or white of the training images. */
function levelled(scene, polarity) {
  const target = BACKGROUNDS[polarity], { channels } = scene.pixels;
  if (target === undefined || !scene.isPlain || scene.background.every((value) => value === target)) {
    return scene;
  }
  const data = Int32Array.from(scene.pixels.data, (original, place) => {
    const ground = target ? 255 - scene.background[place % channels] : scene.background[place % channels];
    const value = target ? 255 - original : original, left = 255 - ground;
    const stretched = left <= 1 ? Math.abs(value - ground) : divide(Math.max(0, value - ground) * 255, left);
    return target ? 255 - clip(stretched) : clip(stretched);
  });
  return { ...scene, pixels: { ...scene.pixels, data }, background: scene.background.map(() => target) };
}

/** Crop to the subject; a scene without one stays as it is. */
function trimmed(scene) {
  const { height, width } = scene.pixels;
  const box = bounds(withoutSpecks(subjectMask(scene), height, width), width);
  if (!box) {
    return scene;
  }
  const alpha = scene.alpha && crop({ width, channels: 1, data: scene.alpha }, box).data;
  return { ...scene, pixels: crop(scene.pixels, box), alpha };
}

/** Resize without distortion and place in the frame; the rest has the background's colour. */
function placed(scene, { height, width, digits, stretch }) {
  const { pixels, background } = scene, { channels } = pixels;
  const side = (length) => (digits ? Math.max(1, divide(length * 20, 28)) : length);
  const [rows, columns] = fitInside(pixels.height, pixels.width, side(height), side(width));
  let resized = resizeByArea(pixels, rows, columns);
  const isSmaller = rows < pixels.height || (rows === pixels.height && columns < pixels.width);
  if (resized !== pixels && !digits && isSmaller) {
    resized = sharpen(resized);
  }
  resized = strengthened(scene, resized, stretch && !digits);
  let [top, left] = [Math.floor((height - rows) / 2), Math.floor((width - columns) / 2)];
  if (digits) {
    [top, left] = centreOfMass(resized, background, height, width);
  }
  const data = Int32Array.from({ length: height * width * channels }, (_, place) => background[place % channels]);
  for (let row = 0; row < rows; row++) {
    const line = resized.data.slice(row * columns * channels, (row + 1) * columns * channels);
    data.set(line, ((top + row) * width + left) * channels);
  }
  return { height, width, channels, data };
}

/** Restore the contrast that thin strokes lose when a picture is shrunk, and that a pale print never had. */
function strengthened(scene, resized, stretch) {
  const mask = subjectMask(scene), distances = contrast(resized, scene.background), strongest = maximum(distances);
  if (!scene.isPlain || !mask.includes(1) || strongest < 1) {
    return resized;
  }
  const typical = median(contrast(scene.pixels, scene.background).filter((_, place) => mask[place]));
  if (10 * strongest < 9 * typical) {
    return scaled(resized, scene.background, typical, strongest);
  }
  const subject = distances.filter((distance) => distance > NEAR).sort();
  if (!stretch || subject.length === 0) {
    return resized;
  }
  const strong = subject[Math.floor((subject.length * 98) / 100)];
  if (strong >= STRONG) {
    return resized;
  }
  const gain = strong * MOST_GAIN >= STRONG ? [STRONG, strong] : [MOST_GAIN, 1];
  return scaled(resized, scene.background, ...gain);
}

/** Multiply the distance of pixels from the background by a fraction. */
function scaled(pixels, background, numerator, denominator) {
  const data = Int32Array.from(pixels.data, (value, place) => {
    const ground = background[place % pixels.channels], difference = value - ground;
    return clip(ground + Math.sign(difference) * divide(Math.abs(difference) * numerator, denominator));
  });
  return { ...pixels, data };
}

/** Return the top left corner at which the centre of mass is nearest to the middle of the frame. */
function centreOfMass({ height: rows, width: columns, channels, data }, background, height, width) {
  const down = new Float64Array(rows), across = new Float64Array(columns);
  data.forEach((value, place) => {
    const mass = Math.abs(value - background[place % channels]), pixel = Math.floor(place / channels);
    down[Math.floor(pixel / columns)] += mass;
    across[pixel % columns] += mass;
  });
  return [[down, height], [across, width]].map(([profile, length]) => {
    const total = Math.max(1, profile.reduce((sum, mass) => sum + mass, 0));
    const moment = profile.reduce((sum, mass, i) => sum + mass * i, 0);
    const position = Math.floor(((length - 1) * total - 2 * moment + total) / (2 * total));
    return Math.min(Math.max(position, 0), length - profile.length);
  });
}
