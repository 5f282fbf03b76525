import { Problem } from "./problem.js";

const VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5;

/**
 * Yield the fields of the protobuf message in bytes[start, end).
 * https://protobuf.dev/programming-guides/encoding/
 * @returns {Generator<{number: number, wire: number, start: number, end: number, value: number}>}
 *   `value` is the number of a varint; start and end are those of the payload of any other field.
 */
export function* fields(bytes, start = 0, end = bytes.length) {
  let position = start;
  while (position < end) {
    const tag = varint(bytes, position, end);
    const number = Math.floor(tag.value / 8), wire = tag.value % 8;
    let first = tag.next, last, value = 0;
    if (wire === VARINT) {
      ({ value, next: last } = varint(bytes, first, end));
    } else if (wire === BYTES) {
      const size = varint(bytes, first, end);
      first = size.next;
      last = first + size.value;
    } else if (wire === FIXED32 || wire === FIXED64) {
      last = first + (wire === FIXED32 ? 4 : 8);
    } else {
      throw new Problem("This is not a complete ONNX file.");
    }
    if (number === 0 || !(last <= end) || last < first) {
      throw new Problem("This is not a complete ONNX file.");
    }
    yield { number, wire, start: first, end: last, value };
    position = last;
  }
}

/** Return the numbers of a repeated integer field, packed into bytes[start, end). */
export function packedIntegers(bytes, start, end) {
  const numbers = [];
  while (start < end) {
    const { value, next } = varint(bytes, start, end);
    numbers.push(value);
    start = next;
  }
  return numbers;
}

/** Return the text in bytes[start, end). */
export function text(bytes, start, end) {
  return new TextDecoder().decode(bytes.subarray(start, end));
}

/** Read the number at a position: seven bits per byte, lowest first, int64 in two's complement. */
function varint(bytes, position, end) {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    if (position >= end) {
      break;
    }
    const byte = bytes[position++];
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) {
      return { value: Number(BigInt.asIntN(64, value)), next: position };
    }
  }
  throw new Problem("This is not a complete ONNX file.");
}
