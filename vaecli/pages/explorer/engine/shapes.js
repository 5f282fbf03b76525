import { integers, sizeOf, zeros } from "./tensors.js";

/** Shape: the sizes of an array. */
export function shapeOf([x]) {
  return integers("int64", [...x.shape]);
}

/** Gather along the first axis of whole numbers. */
export function gather([x, indices]) {
  return { type: x.type, shape: indices.shape, data: Array.from(indices.data, (index) => x.data[index]) };
}

/** Reshape: 0 keeps a size, -1 takes what is left. */
export function reshape([x, sizes]) {
  const shape = Array.from(sizes.data, (size, axis) => (size === 0 ? x.shape[axis] : size));
  const open = shape.indexOf(-1);
  if (open >= 0) {
    shape[open] = x.data.length / -sizeOf(shape);
  }
  if (sizeOf(shape) !== x.data.length) {
    throw new RangeError(`cannot reshape ${x.shape} to ${sizes.data}`);
  }
  return { ...x, shape };
}

/** Transpose: axis i of the result is axis perm[i]. */
export function transpose([x], { perm }) {
  const shape = perm.map((axis) => x.shape[axis]), out = zeros(x.type, shape);
  const strides = x.shape.map((_, axis) => sizeOf(x.shape.slice(axis + 1)));
  copy(x.data, out.data, shape, perm.map((axis) => strides[axis]), 0);
  return out;
}

/** Concat along an axis. */
export function concat(parts, { axis }) {
  const place = axis < 0 ? axis + parts[0].shape.length : axis, shape = [...parts[0].shape];
  shape[place] = parts.reduce((sum, part) => sum + part.shape[place], 0);
  const out = zeros(parts[0].type, shape), inner = sizeOf(shape.slice(place + 1));
  const rowSize = shape[place] * inner;
  let offset = 0;
  for (const part of parts) {
    const length = part.shape[place] * inner;
    for (let from = 0, to = offset; from < part.data.length; from += length, to += rowSize) {
      for (let i = 0; i < length; i++) {
        out.data[to + i] = part.data[from + i];
      }
    }
    offset += length;
  }
  return out;
}

/** Slice with steps of 1. */
export function slice([x, starts, ends, axes]) {
  const shape = [...x.shape], strides = x.shape.map((_, axis) => sizeOf(x.shape.slice(axis + 1)));
  let first = 0;
  axes.data.forEach((axis, i) => {
    const clip = (value) => Math.min(Math.max(value < 0 ? value + x.shape[axis] : value, 0), x.shape[axis]);
    const start = clip(starts.data[i]);
    shape[axis] = Math.max(0, clip(ends.data[i]) - start);
    first += start * strides[axis];
  });
  const out = zeros(x.type, shape);
  copy(x.data, out.data, shape, strides, first);
  return out;
}

/** Squeeze: drop axes of size 1. */
export function squeeze([x, axes]) {
  const dropped = Array.from(axes.data, (axis) => (axis < 0 ? axis + x.shape.length : axis));
  return { ...x, shape: x.shape.filter((_, axis) => !dropped.includes(axis)) };
}

/** Unsqueeze: insert axes of size 1. */
export function unsqueeze([x, axes]) {
  const rank = x.shape.length + axes.data.length, shape = [...x.shape];
  const inserted = Array.from(axes.data, (axis) => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b);
  inserted.forEach((axis) => shape.splice(axis, 0, 1));
  return { ...x, shape };
}

/** Copy source elements, found by `strides` from `first` on, to a contiguous target of `shape`. */
function copy(source, target, shape, strides, first) {
  const last = shape.length - 1, index = new Array(shape.length).fill(0);
  for (let to = 0, from = first; to < target.length; ) {
    for (let i = 0, place = from; i < shape[last]; i++, place += strides[last]) {
      target[to++] = source[place];
    }
    for (let axis = last - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= shape[axis] * strides[axis];
      index[axis] = 0;
    }
    if (last === 0) break;
  }
}
