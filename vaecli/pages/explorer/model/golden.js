import { floats } from "../engine/tensors.js";
import { row, unpack } from "./packed.js";

const TOLERANCE = 1e-5; // of float32; relative to the largest value if that is above 1

/**
 * Run the golden vectors of a model file: inputs, and the outputs that Keras computed for them.
 *
 * The bounds are those of `vaecli verify`: each vector has its own, larger for larger outputs. For an int8 file the
 * bounds in the file replace them.
 * @param {import("../engine/session.js").Session} session
 * @param {string} text the metadata entry.
 * @param {string} precision of the file.
 * @returns {{vectors: number, checks: {output: string, difference: number, bound: number, passed: boolean}[]}}
 */
export function checkGolden(session, text, precision) {
  const golden = JSON.parse(text), names = Object.keys(golden.outputs);
  const inputs = mapValues(golden.inputs, unpack), expected = mapValues(golden.outputs, unpack);
  const vectors = Object.values(inputs)[0].shape[0], checks = [];
  for (let i = 0; i < vectors; i++) {
    const outputs = session.run(mapValues(inputs, (array) => item(array, i)), names);
    for (const name of names) {
      const kept = evenly(outputs[name].data, name in golden.shapes ? expected[name].shape[1] : null);
      const values = row(expected[name], i), stored = precision === "int8" ? golden.bounds[name] : undefined;
      const bound = stored ?? tolerance(name, values), difference = largestDifference(kept, values);
      checks.push({ output: name, difference, bound, passed: difference <= bound });
    }
  }
  return { vectors, checks };
}

function tolerance(name, values) {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return TOLERANCE * (name === "image" ? 1 : Math.max(1, largest));
}

/** Return input i as a batch of one, images in [0, 1]. */
function item(array, i) {
  const values = Float32Array.from(row(array, i));
  const scaled = array.data instanceof Uint8Array ? values.map((value) => value / 255) : values;
  return floats([1, ...array.shape.slice(1)], scaled);
}

/** Return `count` evenly spaced values, or all: of large outputs a file keeps only some. */
function evenly(values, count) {
  if (count === null) {
    return values;
  }
  const step = count > 1 ? (values.length - 1) / (count - 1) : 0;
  const place = (i) => (i > 0 && i === count - 1 ? values.length - 1 : Math.floor(i * step));
  return Float32Array.from({ length: count }, (_, i) => values[place(i)]);
}

function largestDifference(actual, expected) {
  if (actual.length !== expected.length) {
    return Infinity;
  }
  let most = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i] - expected[i]);
    if (!(difference <= most)) most = Number.isNaN(difference) ? Infinity : difference;
  }
  return most;
}

function mapValues(object, change) {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
}
