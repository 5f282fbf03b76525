const VIEWS = { uint8: Uint8Array, float32: Float32Array, float64: Float64Array };

/**
 * Decode an array of a metadata entry: type, shape, and little-endian bytes in base64.
 * @returns {{shape: number[], data: ArrayLike<number>}} int64 becomes plain numbers.
 */
export function unpack({ dtype, shape, data }) {
  const { buffer } = fromBase64(data);
  const values = dtype === "int64" ? Array.from(new BigInt64Array(buffer), Number) : new VIEWS[dtype](buffer);
  if (values.length !== shape.reduce((product, size) => product * size, 1)) {
    throw new RangeError("an array does not fill its shape");
  }
  return { shape, data: values };
}

/** Decode the arrays of a metadata entry, by name; an absent entry has none. */
export function unpackAll(text) {
  const entries = Object.entries(text ? JSON.parse(text) : {});
  return Object.fromEntries(entries.map(([name, packed]) => [name, unpack(packed)]));
}

/** Decode base64 to bytes. */
export function fromBase64(text) {
  const characters = atob(text), bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) { // `Uint8Array.from` takes ten times as long
    bytes[i] = characters.charCodeAt(i);
  }
  return bytes;
}

/** Return row i of an array (n, ...). */
export function row({ shape, data }, i) {
  const size = data.length / shape[0];
  return data.slice(i * size, (i + 1) * size);
}
