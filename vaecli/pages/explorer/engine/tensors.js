import { Problem } from "./problem.js";

/**
 * An array. int64 values, which are sizes and positions, are plain numbers.
 * @typedef {{type: string, shape: number[], data: ArrayLike<number>}} Tensor
 */

const MOST_ELEMENTS = 2 ** 25; // of an array: 128 MB
const ARRAYS = {
  float32: Float32Array, uint8: Uint8Array, int8: Int8Array, int32: Int32Array, int64: Array, float16: Uint16Array,
};
/** Element types by their number in an ONNX file. */
export const ELEMENT_TYPES = { 1: "float32", 2: "uint8", 3: "int8", 6: "int32", 7: "int64", 10: "float16" };
const BYTES = { float32: 4, uint8: 1, int8: 1, int32: 4, int64: 8, float16: 2 };

/** Return the number of elements of a shape. */
export function sizeOf(shape) {
  return shape.reduce((product, size) => product * size, 1);
}

/** Refuse sizes that differ. */
export function requireEqual(actual, expected) {
  if (actual !== expected) {
    throw new RangeError(`a size must be ${expected}, and is ${actual}`);
  }
}

/** Make a tensor of zeros. */
export function zeros(type, shape) {
  const size = sizeOf(shape);
  if (!(size <= MOST_ELEMENTS)) {
    throw new Problem("The model is too large for a page.");
  }
  return { type, shape, data: type === "int64" ? new Array(size).fill(0) : new ARRAYS[type](size) };
}

/** Make a float32 tensor. */
export function floats(shape, data) {
  return { type: "float32", shape, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}

/** Make a tensor of whole numbers. */
export function integers(type, data) {
  return { type, shape: [data.length], data };
}

/** Read a tensor from little-endian bytes, which must fill the shape. */
export function fromBytes(type, shape, bytes) {
  const size = sizeOf(shape);
  if (shape.some((length) => !(length >= 1)) || size * BYTES[type] !== bytes.length) {
    throw new Problem("A constant of the model does not fill its shape.");
  }
  const copy = bytes.slice().buffer;
  if (type === "int64") {
    return { type, shape, data: Array.from(new BigInt64Array(copy), Number) };
  }
  return { type, shape, data: new ARRAYS[type](copy) };
}

/** Convert the 16 bits of a half-precision number. */
export function halfToNumber(bits) {
  const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
  if (exponent === 0) {
    return sign * fraction * 2 ** -24;
  }
  if (exponent === 31) {
    return fraction ? NaN : sign * Infinity;
  }
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
