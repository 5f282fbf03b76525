import { multiply, pack, packedSize } from "./products.js";
import { requireEqual, zeros } from "./tensors.js";

const packedKernels = new WeakMap(); // data of a kernel -> its packed form
let scratch = new Float32Array(0); // of one image's patches

/** The strides, the padding before each axis, and the size of the kernel. */
export function windowOf(kernel, attributes) {
  const [strideY, strideX] = attributes.strides ?? [1, 1];
  const [top, left, bottom, right] = attributes.pads ?? [0, 0, 0, 0];
  return { height: kernel.shape[2], width: kernel.shape[3], strideY, strideX, top, left, bottom, right };
}

/** Conv: x (N, C, H, W), kernel (F, C, h, w), perhaps a bias (F,). */
export function conv([x, kernel, bias], attributes) {
  const window = windowOf(kernel, attributes), [count, channels, rows, columns] = x.shape;
  requireEqual(kernel.shape[1], channels);
  requireEqual(bias?.data.length ?? kernel.shape[0], kernel.shape[0]);
  const filters = kernel.shape[0], depth = channels * window.height * window.width;
  const outRows = Math.floor((rows + window.top + window.bottom - window.height) / window.strideY) + 1;
  const outColumns = Math.floor((columns + window.left + window.right - window.width) / window.strideX) + 1;
  const area = outRows * outColumns, out = zeros("float32", [count, filters, outRows, outColumns]);
  const packed = cached(kernel.data, () => pack(filters, depth, (f, k) => kernel.data[f * depth + k]));
  for (let n = 0; n < count; n++) {
    const image = x.data.subarray(n * channels * rows * columns, (n + 1) * channels * rows * columns);
    const patches = unfold(image, x.shape, window, outRows, outColumns);
    multiply(packed, patches, filters, area, depth, bias?.data, out.data, n * filters * area);
  }
  return out;
}

/** ConvTranspose: x (N, C, H, W), kernel (C, F, h, w), perhaps a bias (F,). */
export function convTranspose([x, kernel, bias], attributes) {
  const window = windowOf(kernel, attributes), [count, channels, rows, columns] = x.shape;
  requireEqual(kernel.shape[0], channels);
  requireEqual(bias?.data.length ?? kernel.shape[1], kernel.shape[1]);
  const filters = kernel.shape[1], taps = filters * window.height * window.width, area = rows * columns;
  const outRows = (rows - 1) * window.strideY + window.height - window.top - window.bottom;
  const outColumns = (columns - 1) * window.strideX + window.width - window.left - window.right;
  const out = zeros("float32", [count, filters, outRows, outColumns]);
  const packed = cached(kernel.data, () => pack(taps, channels, (tap, c) => kernel.data[c * taps + tap]));
  const parts = new Float32Array(taps * area);
  for (let n = 0; n < count; n++) {
    const image = x.data.subarray(n * channels * area, (n + 1) * channels * area);
    const pixels = pack(area, channels, (place, c) => image[c * area + place]);
    multiply(packed, pixels, taps, area, channels, null, parts, 0);
    const target = out.data.subarray(n * filters * outRows * outColumns, (n + 1) * filters * outRows * outColumns);
    fold(parts, target, window, { filters, rows, columns, outRows, outColumns });
    addBias(target, bias?.data, outRows * outColumns);
  }
  return out;
}

/** Return the patches under the kernel, a row each, packed for `multiply`. */
function unfold(image, [, channels, rows, columns], window, outRows, outColumns) {
  const { height, width, strideY, strideX, top, left } = window;
  const depth = channels * height * width, size = packedSize(outRows * outColumns, depth);
  if (scratch.length < size) {
    scratch = new Float32Array(size);
  }
  const patches = scratch.fill(0, 0, size);
  for (let c = 0, k = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, k++) {
        for (let row = 0; row < outRows; row++) {
          const from = row * strideY + y - top;
          if (from < 0 || from >= rows) continue;
          const source = (c * rows + from) * columns;
          for (let column = 0, place = row * outColumns; column < outColumns; column++, place++) {
            const across = column * strideX + x - left;
            if (across >= 0 && across < columns) {
              patches[((place >> 2) * depth + k) * 4 + (place & 3)] = image[source + across];
            }
          }
        }
      }
    }
  }
  return patches;
}

/** Add the products (filters, h, w, rows, columns) to the pixels that they reach. */
function fold(parts, target, window, { filters, rows, columns, outRows, outColumns }) {
  let place = 0;
  for (let f = 0; f < filters; f++) {
    for (let y = 0; y < window.height; y++) {
      for (let x = 0; x < window.width; x++) {
        for (let row = 0; row < rows; row++) {
          const down = row * window.strideY + y - window.top, isInside = down >= 0 && down < outRows;
          for (let column = 0; column < columns; column++, place++) {
            const across = column * window.strideX + x - window.left;
            if (isInside && across >= 0 && across < outColumns) {
              target[(f * outRows + down) * outColumns + across] += parts[place];
            }
          }
        }
      }
    }
  }
}

function addBias(target, bias, area) {
  if (bias) {
    target.forEach((value, place) => { target[place] = value + bias[Math.floor(place / area)]; });
  }
}

function cached(key, make) {
  if (!packedKernels.has(key)) {
    packedKernels.set(key, make());
  }
  return packedKernels.get(key);
}
