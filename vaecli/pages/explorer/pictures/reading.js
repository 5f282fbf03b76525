import { border, clip, crop, divide, fitInside, inChannels } from "./whole.js";

/**
 * How the pictures of a training set become images of one shape: the arithmetic of vaecli/data/photo/reading.py,
 * which explains it, to the bit.
 */

const GAP = 3, UNIT = 2 ** 22;

/**
 * Read a picture as the training pictures were read.
 * @param {import("./whole.js").Pixels} pixels
 * @param {ArrayLike<number> | null} alpha
 * @param {number[]} shape height, width, channels of the model.
 * @param {"pad" | "crop" | "stretch"} fit
 */
export function readLikeTraining(pixels, alpha, [height, width, channels], fit) {
  let image = inChannels(alpha ? onWhite(pixels, alpha) : pixels, channels);
  if (fit === "crop") {
    image = crop(image, middle(image, height, width));
  }
  const [rows, columns] = fit === "pad" ? fitInside(image.height, image.width, height, width) : [height, width];
  if (rows !== image.height || columns !== image.width) {
    image = resized(image, rows, columns);
  }
  return rows === height && columns === width ? image : padded(image, height, width);
}

function onWhite(pixels, alpha) {
  const data = Int32Array.from(pixels.data, (value, place) => {
    const a = alpha[Math.floor(place / pixels.channels)], s = 128 * (value * a + 255 * (255 - a)) + 16384;
    return (((s >> 8) + s) >> 8) >> 7;
  });
  return { ...pixels, data };
}

function middle(image, height, width) {
  const columns = Math.min(image.width, Math.max(1, divide(image.height * width, height)));
  const rows = Math.min(image.height, Math.max(1, divide(image.width * height, width)));
  return {
    top: Math.floor((image.height - rows) / 2), left: Math.floor((image.width - columns) / 2),
    height: rows, width: columns,
  };
}

/** Reduce blocks to their mean, then resize by cubics: along the rows, then along the columns. */
function resized(image, rows, columns) {
  const down = Math.max(1, Math.floor(image.height / (GAP * rows)));
  const across = Math.max(1, Math.floor(image.width / (GAP * columns)));
  const small = down > 1 || across > 1 ? reduced(image, down, across) : image;
  const narrowed = alongRows(small, coefficients(image.width, columns, across, small.width));
  const turned = alongRows(transposed(narrowed), coefficients(image.height, rows, down, small.height));
  return transposed(turned);
}

function reduced({ height, width, channels, data }, down, across) {
  const rows = Math.ceil(height / down), columns = Math.ceil(width / across);
  const sums = new Float64Array(rows * columns * channels), counts = new Int32Array(rows * columns);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const block = Math.floor(row / down) * columns + Math.floor(column / across);
      counts[block]++;
      for (let c = 0; c < channels; c++) {
        sums[block * channels + c] += data[(row * width + column) * channels + c];
      }
    }
  }
  const means = Int32Array.from(sums, (sum, place) => {
    const count = counts[Math.floor(place / channels)];
    return Math.floor(((sum + (count >> 1)) * Math.floor(2 ** 24 / count)) / 2 ** 24);
  });
  return { height: rows, width: columns, channels, data: means };
}

function alongRows({ height, width, channels, data }, weights) {
  const result = new Int32Array(height * weights.length * channels);
  for (let row = 0, place = 0; row < height; row++) {
    for (const taps of weights) {
      for (let c = 0; c < channels; c++, place++) {
        let sum = UNIT / 2;
        for (const [j, weight] of taps) sum += weight * data[(row * width + j) * channels + c];
        result[place] = clip(Math.floor(sum / UNIT));
      }
    }
  }
  return { height, width: weights.length, channels, data: result };
}

function transposed({ height, width, channels, data }) {
  const result = new Int32Array(data.length);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      for (let c = 0; c < channels; c++) {
        result[(column * height + row) * channels + c] = data[(row * width + column) * channels + c];
      }
    }
  }
  return { height: width, width: height, channels, data: result };
}

/** Return the weights of each new pixel: pairs of an old pixel and its whole-number weight. */
function coefficients(old, count, factor, length) {
  const [p, q] = asRatio(Math.fround(old / factor)), m = BigInt(count);
  const side = 2n * (p > q * m ? p : q * m), weights = [];
  for (let i = 0; i < count; i++) {
    const centre = (BigInt(2 * i + 1) * p) / (2n * q * m), reach = side / (q * m) + 2n;
    const first = Math.max(0, Number(centre - reach)), last = Math.min(length - 1, Number(centre + reach));
    const taps = [];
    let total = 0n;
    for (let j = first; j <= last; j++) {
      const distance = BigInt(2 * j + 1) * q * m - BigInt(2 * i + 1) * p;
      const weight = cubic(distance < 0n ? -distance : distance, side);
      total += weight;
      taps.push([j, weight]);
    }
    weights.push(taps.filter(([, weight]) => weight).map(([j, weight]) => {
      const size = (2n * (weight < 0n ? -weight : weight) * BigInt(UNIT) + total) / (2n * total);
      return [j, Number(weight > 0n ? size : -size)];
    }));
  }
  return weights;
}

/** Return 2 side**3 times the weight of the cubic at the distance t / side. */
function cubic(t, side) {
  if (t < side) return 3n * t ** 3n - 5n * t ** 2n * side + 2n * side ** 3n;
  if (t < 2n * side) return -(t ** 3n) + 5n * t ** 2n * side - 8n * t * side ** 2n + 4n * side ** 3n;
  return 0n;
}

/** Return a number as a whole number over a power of two. */
function asRatio(value) {
  let q = 1n;
  while (!Number.isInteger(value)) {
    value *= 2;
    q *= 2n;
  }
  return [BigInt(value), q];
}

/** Place a picture in the middle of a ground of the colour of its border. */
function padded(image, height, width) {
  const { channels } = image, top = Math.floor((height - image.height) / 2);
  const left = Math.floor((width - image.width) / 2);
  const ground = Array.from({ length: channels }, (_, c) => {
    const values = border(image, c).sort((a, b) => a - b), half = values.length / 2;
    return (values[half - 1] + values[half]) >> 1;
  });
  const data = Int32Array.from({ length: height * width * channels }, (_, place) => ground[place % channels]);
  for (let row = 0; row < image.height; row++) {
    const line = image.data.slice(row * image.width * channels, (row + 1) * image.width * channels);
    data.set(line, ((top + row) * width + left) * channels);
  }
  return { height, width, channels, data };
}
