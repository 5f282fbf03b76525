import { Problem } from "./problem.js";

const SIDE = 4; // rows and columns of the block that is kept in local variables
const MOST_PRODUCTS = 2 ** 32; // of one operator: about two seconds

/**
 * Pack a matrix (count, depth) for `multiply`: four rows side by side, padded with zeros.
 * @param {(row: number, k: number) => number} at the element of a row.
 * @returns {Float32Array} (ceil(count / 4), depth, 4)
 */
export function pack(count, depth, at) {
  const packed = new Float32Array(packedSize(count, depth));
  for (let row = 0; row < count; row++) {
    const first = (row >> 2) * depth * SIDE + (row & 3);
    for (let k = 0; k < depth; k++) {
      packed[first + k * SIDE] = at(row, k);
    }
  }
  return packed;
}

/** Return the number of elements of a packed matrix. */
export function packedSize(count, depth) {
  requireFeasible(count * depth);
  return ((count + 3) >> 2) * depth * SIDE;
}

/** Refuse an operator with so many products that the page would seem dead. */
export function requireFeasible(products) {
  if (!(products <= MOST_PRODUCTS)) {
    throw new Problem("The model is too large for a page.");
  }
}

/**
 * Multiply two packed matrices: out[i * columns + j] = bias[i] + sum over k of left[i, k] right[j, k].
 *
 * Blocks of 4 x 4 sums are kept in local variables, in double precision. The packed form makes the inner loop read
 * eight neighbouring numbers for sixteen products.
 */
export function multiply(left, right, rows, columns, depth, bias, out, offset) {
  requireFeasible(rows * columns * depth);
  const panel = depth * SIDE;
  for (let column = 0, b0 = 0; column < columns; column += SIDE, b0 += panel) {
    const width = Math.min(SIDE, columns - column);
    for (let row = 0, a0 = 0; row < rows; row += SIDE, a0 += panel) {
      let s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0;
      let s20 = 0, s21 = 0, s22 = 0, s23 = 0, s30 = 0, s31 = 0, s32 = 0, s33 = 0;
      for (let a = a0, b = b0, end = a0 + panel; a < end; a += SIDE, b += SIDE) {
        const x0 = left[a], x1 = left[a + 1], x2 = left[a + 2], x3 = left[a + 3];
        const y0 = right[b], y1 = right[b + 1], y2 = right[b + 2], y3 = right[b + 3];
        s00 += x0 * y0; s01 += x0 * y1; s02 += x0 * y2; s03 += x0 * y3;
        s10 += x1 * y0; s11 += x1 * y1; s12 += x1 * y2; s13 += x1 * y3;
        s20 += x2 * y0; s21 += x2 * y1; s22 += x2 * y2; s23 += x2 * y3;
        s30 += x3 * y0; s31 += x3 * y1; s32 += x3 * y2; s33 += x3 * y3;
      }
      const height = Math.min(SIDE, rows - row), first = offset + row * columns + column;
      storeRow(out, first, width, bias ? bias[row] : 0, s00, s01, s02, s03);
      if (height > 1) storeRow(out, first + columns, width, bias ? bias[row + 1] : 0, s10, s11, s12, s13);
      if (height > 2) storeRow(out, first + 2 * columns, width, bias ? bias[row + 2] : 0, s20, s21, s22, s23);
      if (height > 3) storeRow(out, first + 3 * columns, width, bias ? bias[row + 3] : 0, s30, s31, s32, s33);
    }
  }
}

function storeRow(out, first, width, bias, s0, s1, s2, s3) {
  out[first] = s0 + bias;
  if (width > 1) out[first + 1] = s1 + bias;
  if (width > 2) out[first + 2] = s2 + bias;
  if (width > 3) out[first + 3] = s3 + bias;
}
