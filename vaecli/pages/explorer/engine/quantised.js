import { windowOf } from "./convolutions.js";
import { requireFeasible } from "./products.js";
import { requireEqual, zeros } from "./tensors.js";

/** QuantizeLinear: float32 to 8 bits. */
export function quantizeLinear([x, scale, zeroPoint]) {
  const out = zeros("uint8", x.shape);
  for (let i = 0; i < out.data.length; i++) {
    out.data[i] = toByte(Math.fround(x.data[i] / scale.data[0]), zeroPoint.data[0]);
  }
  return out;
}

/** MatMulInteger: a (N, ..., K) uint8 times b (K, M) int8, to int32. */
export function matMulInteger([a, b, aZero, bZero]) {
  const [depth, columns] = b.shape, rows = a.data.length / depth;
  requireEqual(a.shape.at(-1), depth);
  requireFeasible(rows * depth * columns);
  const out = zeros("int32", [...a.shape.slice(0, -1), columns]);
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < depth; k++) {
      const value = a.data[row * depth + k] - aZero.data[0];
      for (let j = 0; j < columns; j++) {
        out.data[row * columns + j] += value * (b.data[k * columns + j] - bZero.data[0]);
      }
    }
  }
  return out;
}

/** QLinearConv: x (N, C, H, W) uint8, kernel (F, C, h, w) int8, scales and zero points, perhaps a bias (F,). */
export function qLinearConv(inputs, attributes) {
  const [x, xScale, xZero, kernel, scale, zero, yScale, yZero, bias] = inputs;
  const window = windowOf(kernel, attributes), [count, channels, rows, columns] = x.shape;
  const filters = kernel.shape[0], taps = channels * window.height * window.width;
  const outRows = Math.floor((rows + window.top + window.bottom - window.height) / window.strideY) + 1;
  const outColumns = Math.floor((columns + window.left + window.right - window.width) / window.strideX) + 1;
  requireEqual(kernel.shape[1], channels);
  requireFeasible(count * filters * taps * outRows * outColumns);
  const out = zeros("uint8", [count, filters, outRows, outColumns]);
  let place = 0;
  for (let n = 0; n < count; n++) {
    for (let f = 0; f < filters; f++) {
      const weightZero = zero.data[zero.data.length > 1 ? f : 0];
      const factor = Math.fround(
        Math.fround(xScale.data[0] * scale.data[scale.data.length > 1 ? f : 0]) / yScale.data[0]);
      for (let row = 0; row < outRows; row++) {
        for (let column = 0; column < outColumns; column++) {
          let sum = bias ? bias.data[f] : 0;
          for (let c = 0; c < channels; c++) {
            for (let i = 0; i < window.height; i++) {
              const down = row * window.strideY + i - window.top;
              if (down < 0 || down >= rows) continue;
              for (let j = 0; j < window.width; j++) {
                const across = column * window.strideX + j - window.left;
                if (across < 0 || across >= columns) continue;
                const value = x.data[((n * channels + c) * rows + down) * columns + across] - xZero.data[0];
                const weight = kernel.data[((f * channels + c) * window.height + i) * window.width + j];
                sum += value * (weight - weightZero);
              }
            }
          }
          out.data[place++] = toByte(Math.fround(Math.fround(sum) * factor), yZero.data[0]);
        }
      }
    }
  }
  return out;
}

/** Round halves to the even neighbour, add the zero point, and clip to 8 bits. */
function toByte(value, zeroPoint) {
  const down = Math.floor(value), rest = value - down;
  const rounded = rest > 0.5 || (rest === 0.5 && down % 2 !== 0) ? down + 1 : down;
  return Math.min(255, Math.max(0, rounded + zeroPoint));
}
