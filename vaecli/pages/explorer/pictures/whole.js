/**
 * The whole-number arithmetic of the preparation: that of vaecli/data/photo/whole.py, to the bit. All values are
 * whole numbers below 2**53.
 *
 * A picture is {height, width, channels, data}, rows first, 0 to 255.
 * @typedef {{height: number, width: number, channels: number, data: ArrayLike<number>}} Pixels
 */

/** Divide, numerator >= 0, and round; halves are rounded up. */
export function divide(numerator, denominator) {
  return Math.floor((2 * numerator + denominator) / (2 * denominator));
}

/** Return the rows and columns, 1 at least, that a picture fills in a box without distortion. */
export function fitInside(rows, columns, height, width) {
  if (height * columns <= width * rows) {
    return [height, Math.max(1, divide(columns * height, rows))];
  }
  return [Math.max(1, divide(rows * width, columns)), width];
}

/** Return pixels in 1 or 3 channels. */
export function inChannels(pixels, channels) {
  if (pixels.channels === channels) {
    return pixels;
  }
  const count = pixels.height * pixels.width, data = new Int32Array(count * channels), from = pixels.data;
  for (let i = 0; i < count; i++) {
    if (channels === 1) {
      data[i] = (19595 * from[3 * i] + 38470 * from[3 * i + 1] + 7471 * from[3 * i + 2] + 32768) >> 16;
    } else {
      data.fill(from[i], 3 * i, 3 * i + 3);
    }
  }
  return { ...pixels, channels, data };
}

/** Return the median: the upper of the middle two if their number is even. */
export function median(values) {
  return Array.from(values).sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** Return the values of one channel in the outermost rows and columns, corners twice. */
export function border({ height, width, channels, data }, channel) {
  const at = (row, column) => data[(row * width + column) * channels + channel], values = [];
  for (let column = 0; column < width; column++) values.push(at(0, column), at(height - 1, column));
  for (let row = 0; row < height; row++) values.push(at(row, 0), at(row, width - 1));
  return values;
}

/** Resize by area: each new pixel is the mean over what it covers. */
export function resizeByArea(pixels, height, width) {
  const { height: rows, width: columns, channels, data } = pixels;
  if (rows === height && columns === width) {
    return pixels;
  }
  const down = overlaps(rows, height), across = overlaps(columns, width);
  const result = new Int32Array(height * width * channels);
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (const [row, tall] of down[i]) {
          let line = 0;
          for (const [column, wide] of across[j]) {
            line += wide * data[(row * columns + column) * channels + c];
          }
          sum += tall * line;
        }
        result[(i * width + j) * channels + c] = divide(sum, rows * columns);
      }
    }
  }
  return { height, width, channels, data: result };
}

/** Return the old pixels under each new one, with what they share in units of 1 / new. */
function overlaps(old, count) {
  return Array.from({ length: count }, (_, i) => {
    const pairs = [];
    for (let j = Math.floor((i * old) / count); j < old && j * count < (i + 1) * old; j++) {
      const shared = Math.min((i + 1) * old, (j + 1) * count) - Math.max(i * old, j * count);
      if (shared > 0) pairs.push([j, shared]);
    }
    return pairs;
  });
}

/** Sharpen; at the edge a pixel stands in for its missing neighbour. */
export function sharpen({ height, width, channels, data }) {
  const result = new Int32Array(data.length), step = width * channels;
  for (let place = 0; place < data.length; place++) {
    const row = Math.floor(place / step), column = Math.floor((place % step) / channels);
    const around = data[row > 0 ? place - step : place] + data[row < height - 1 ? place + step : place]
      + data[column > 0 ? place - channels : place] + data[column < width - 1 ? place + channels : place];
    result[place] = clip(Math.floor((14 * data[place] - around + 5) / 10));
  }
  return { height, width, channels, data: result };
}

/** Clip to 0 to 255. */
export function clip(value) {
  return Math.min(255, Math.max(0, value));
}

/** Cut a box out of a picture. */
export function crop({ width, channels, data }, { top, left, height: rows, width: columns }) {
  const result = new Int32Array(rows * columns * channels);
  for (let row = 0; row < rows; row++) {
    for (let i = 0, from = ((top + row) * width + left) * channels; i < columns * channels; i++) {
      result[row * columns * channels + i] = data[from + i];
    }
  }
  return { height: rows, width: columns, channels, data: result };
}
