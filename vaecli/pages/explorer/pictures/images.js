/** Return values in [0, 1] as levels of 0 to 255; halves go to the even neighbour, as in numpy. */
export function toLevels(values) {
  return Uint8Array.from(values, (value) => {
    const level = Math.fround(Math.min(1, Math.max(0, value)) * 255), down = Math.floor(level), rest = level - down;
    return rest > 0.5 || (rest === 0.5 && down % 2) ? down + 1 : down;
  });
}

/** Return an image of levels, 1 or 3 channels, as ImageData. */
export function toImageData(levels, [height, width, channels]) {
  const data = new Uint8ClampedArray(height * width * 4).fill(255);
  for (let place = 0; place < height * width; place++) {
    for (let c = 0; c < 3; c++) {
      data[4 * place + c] = levels[place * channels + (channels === 3 ? c : 0)];
    }
  }
  return new ImageData(data, width, height);
}

/** Make a canvas with an image, a pixel for each of its pixels. */
export function toCanvas(levels, shape, canvas = document.createElement("canvas")) {
  [canvas.height, canvas.width] = shape;
  canvas.getContext("2d").putImageData(toImageData(levels, shape), 0, 0);
  return canvas;
}

/** Return levels with each pixel as a square of `scale` x `scale`. */
export function enlarged(levels, [height, width, channels], scale) {
  const result = new Uint8Array(levels.length * scale * scale);
  for (let row = 0, place = 0; row < height * scale; row++) {
    for (let column = 0; column < width * scale; column++) {
      const from = (Math.floor(row / scale) * width + Math.floor(column / scale)) * channels;
      for (let c = 0; c < channels; c++) result[place++] = levels[from + c];
    }
  }
  return { levels: result, shape: [height * scale, width * scale, channels] };
}

/** Return the scale at which an image has about so many pixels along its longer side. */
export function scaleFor([height, width], side) {
  return Math.max(1, Math.round(side / Math.max(height, width)));
}

/** Lay images out as a sheet, so many in a row, on white with gaps. */
export function sheet(images, [height, width, channels], columns, scale, margin = null) {
  const gap = margin ?? Math.max(1, Math.floor((2 * scale) / 3)), rows = Math.ceil(images.length / columns);
  const across = Math.min(columns, images.length), tall = height * scale + gap, wide = width * scale + gap;
  const shape = [rows * tall + gap, across * wide + gap, channels];
  const levels = new Uint8Array(shape[0] * shape[1] * channels).fill(255);
  images.forEach((image, i) => {
    const large = enlarged(image, [height, width, channels], scale);
    const top = gap + Math.floor(i / columns) * tall, left = gap + (i % columns) * wide;
    for (let row = 0; row < height * scale; row++) {
      const size = width * scale * channels, line = large.levels.subarray(row * size, (row + 1) * size);
      levels.set(line, ((top + row) * shape[1] + left) * channels);
    }
  });
  return { levels, shape };
}
