import { halfToNumber, requireEqual, zeros } from "./tensors.js";

/** Return an operator that applies a function to each element. */
export function unary(apply) {
  return ([x]) => {
    const out = zeros("float32", x.shape);
    for (let i = 0; i < out.data.length; i++) {
      out.data[i] = apply(x.data[i]);
    }
    return out;
  };
}

/** Return an operator that combines two arrays of equal shape, or an array with one that broadcasts to its shape. */
export function binary(combine) {
  return ([a, b]) => {
    const shape = broadcastShape(a.shape, b.shape), out = zeros("float32", shape), size = out.data.length;
    if (a.data.length === size && b.data.length === size) {
      for (let i = 0; i < size; i++) {
        out.data[i] = combine(a.data[i], b.data[i]);
      }
      return out;
    }
    const left = positions(a.shape, shape), right = positions(b.shape, shape);
    for (let i = 0; i < size; i++) {
      out.data[i] = combine(a.data[left(i)], b.data[right(i)]);
    }
    return out;
  };
}

/** Cast between the types that exported files use. */
export function cast([x], { to }) {
  const type = { 1: "float32", 6: "int32", 7: "int64" }[to], out = zeros(type, x.shape);
  const halves = x.type === "float16" ? tableOfHalves() : null;
  for (let i = 0; i < out.data.length; i++) {
    out.data[i] = halves ? halves[x.data[i]] : x.data[i];
  }
  return out;
}

let halfTable = null;

/** Return all half-precision numbers by their bits: a file has many more weights. */
function tableOfHalves() {
  halfTable ??= Float32Array.from({ length: 2 ** 16 }, (_, bits) => halfToNumber(bits));
  return halfTable;
}

function broadcastShape(a, b) {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [first, second] = [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1];
    if (first !== 1 && second !== 1) requireEqual(second, first);
    return Math.max(first, second);
  });
}

/** Return a function from the position in an array of `target` shape to that in an array of `shape`. */
function positions(shape, target) {
  const padded = [...new Array(target.length - shape.length).fill(1), ...shape], steps = [];
  for (let axis = target.length - 1, inner = 1, step = 1; axis >= 0; axis--) {
    if (padded[axis] > 1) {
      steps.push({ inner, size: target[axis], step });
    }
    inner *= target[axis];
    step *= padded[axis];
  }
  return (i) => {
    let place = 0;
    for (const { inner, size, step } of steps) {
      place += (Math.floor(i / inner) % size) * step;
    }
    return place;
  };
}
