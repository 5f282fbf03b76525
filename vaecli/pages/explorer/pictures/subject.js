const CELLS = 128, SPECK = 50;

/**
 * Return a mask without its specks: parts, among cells of at most 128 along a side, with less than 2 % of the pixels
 * of the largest.
 * @param {Uint8Array} mask (height * width)
 */
export function withoutSpecks(mask, height, width) {
  const tall = Math.ceil(height / CELLS), wide = Math.ceil(width / CELLS);
  const rows = Math.ceil(height / tall), columns = Math.ceil(width / wide);
  const cellOf = (place) => (
    Math.floor(Math.floor(place / width) / tall) * columns + Math.floor((place % width) / wide));
  const counts = new Int32Array(rows * columns);
  mask.forEach((value, place) => { counts[cellOf(place)] += value; });
  const kept = largeParts(counts, rows, columns);
  return mask.map((value, place) => value & kept[cellOf(place)]);
}

function largeParts(counts, rows, columns) {
  const labels = new Int32Array(counts.length), sizes = [0];
  for (let first = 0; first < counts.length; first++) {
    if (counts[first] && !labels[first]) {
      sizes.push(flood(first, sizes.length, counts, labels, rows, columns));
    }
  }
  const largest = Math.max(1, ...sizes.slice(1));
  return Uint8Array.from(labels, (label) => Number(label > 0 && SPECK * sizes[label] >= largest));
}

/** Label all cells that are connected to the first, corners included; return their number of pixels. */
function flood(first, label, counts, labels, rows, columns) {
  const waiting = [first];
  let size = 0;
  labels[first] = label;
  while (waiting.length) {
    const cell = waiting.pop(), row = Math.floor(cell / columns), column = cell % columns;
    size += counts[cell];
    for (let i = Math.max(0, row - 1); i <= Math.min(rows - 1, row + 1); i++) {
      for (let j = Math.max(0, column - 1); j <= Math.min(columns - 1, column + 1); j++) {
        const next = i * columns + j;
        if (counts[next] && !labels[next]) {
          labels[next] = label;
          waiting.push(next);
        }
      }
    }
  }
  return size;
}

/** Return the smallest box around a mask; null if it is empty. */
export function bounds(mask, width) {
  let top = Infinity, left = Infinity, bottom = -1, right = -1;
  mask.forEach((value, place) => {
    if (value) {
      const row = Math.floor(place / width), column = place % width;
      [top, left] = [Math.min(top, row), Math.min(left, column)];
      [bottom, right] = [Math.max(bottom, row), Math.max(right, column)];
    }
  });
  return bottom < 0 ? null : { top, left, height: bottom - top + 1, width: right - left + 1 };
}
