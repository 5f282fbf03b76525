import { requireFeasible } from "./products.js";
import { floats, requireEqual, zeros } from "./tensors.js";

/** MatMul: the last axis of a (N, ..., K) times b (K, M). */
export function matMul([a, b]) {
  return product(a, b, null);
}

/** Gemm: a (N, K) times b (K, M), plus c (M,) if given. */
export function gemm([a, b, c]) {
  return product(a, b, c ? c.data : null);
}

function product(a, b, bias) {
  const [depth, columns] = b.shape, rows = a.data.length / depth;
  requireEqual(a.shape.at(-1), depth);
  requireEqual(bias?.length ?? columns, columns);
  requireFeasible(rows * depth * columns);
  const out = zeros("float32", [...a.shape.slice(0, -1), columns]), sums = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    sums.fill(0);
    for (let k = 0; k < depth; k++) {
      const x = a.data[row * depth + k];
      if (x !== 0) { // half of the values behind a ReLU are 0
        for (let j = 0, place = k * columns; j < columns; j++, place++) {
          sums[j] += x * b.data[place];
        }
      }
    }
    for (let j = 0; j < columns; j++) {
      out.data[row * columns + j] = bias ? sums[j] + bias[j] : sums[j];
    }
  }
  return floats(out.shape, out.data);
}
