const LOG_2_PI = Math.log(2 * Math.PI);

/**
 * A mixture of K Gaussians over D dimensions.
 * @typedef {{weights: ArrayLike<number>, means: ArrayLike<number>[], factors: Float64Array[]}} Mixture
 *   factors: the lower triangular factor of each covariance, D x D.
 */

/**
 * Build a mixture from the arrays of a model file.
 * @param scales (K, T) lower triangles row by row, or (K, D) deviations.
 * @param {number} first, last rows that belong to the mixture.
 * @returns {Mixture}
 */
export function mixtureOf(weights, means, scales, first = 0, last = weights.data.length) {
  const size = means.shape[1], width = scales.shape[1];
  const rows = Array.from({ length: last - first }, (_, i) => first + i);
  return {
    weights: rows.map((i) => weights.data[i]),
    means: rows.map((i) => Float64Array.from(means.data.slice(i * size, (i + 1) * size))),
    factors: rows.map((i) => factor(scales.data.slice(i * width, (i + 1) * width), size)),
  };
}

function factor(values, size) {
  const matrix = new Float64Array(size * size);
  let place = 0;
  for (let row = 0; row < size; row++) {
    if (values.length === size) {
      matrix[row * (size + 1)] = values[row];
    } else {
      for (let column = 0; column <= row; column++) {
        matrix[row * size + column] = values[place++];
      }
    }
  }
  return matrix;
}

/** Place standard normal numbers in the component that the first of the words chooses: a latent, float32. */
export function place(mixture, normals, words) {
  const uniform = Number(words[0] >> 11n) * 2 ** -53, size = normals.length, last = mixture.weights.length - 1;
  let component = 0;
  for (let sum = mixture.weights[0]; sum <= uniform && component < last; sum += mixture.weights[component]) {
    component++;
  }
  const matrix = mixture.factors[component], exact = Float64Array.from(mixture.means[component]);
  for (let column = 0; column < size; column++) {
    for (let row = 0; row < size; row++) {
      exact[row] += matrix[row * size + column] * normals[column];
    }
  }
  return Float32Array.from(exact);
}

/** Compute log p(x) in nats. */
export function logDensity(mixture, x) {
  const terms = mixture.factors.map((matrix, k) => (
    Math.log(mixture.weights[k]) + logGaussian(x, mixture.means[k], matrix)));
  return logSumExp(terms);
}

function logGaussian(x, mean, matrix) {
  const size = mean.length, solved = new Float64Array(size);
  let value = -0.5 * size * LOG_2_PI;
  for (let row = 0; row < size; row++) {
    let rest = x[row] - mean[row];
    for (let column = 0; column < row; column++) {
      rest -= matrix[row * size + column] * solved[column];
    }
    solved[row] = rest / matrix[row * (size + 1)];
    value -= 0.5 * solved[row] ** 2 + Math.log(matrix[row * (size + 1)]);
  }
  return value;
}

/** Return the mixture of two dimensions alone. */
export function marginal(mixture, [first, second]) {
  const factors = mixture.factors.map((matrix) => {
    const size = Math.sqrt(matrix.length), row = (i) => matrix.subarray(i * size, (i + 1) * size);
    const product = (a, b) => row(a).reduce((sum, value, k) => sum + value * row(b)[k], 0);
    const top = Math.sqrt(product(first, first)), across = product(first, second) / top;
    return Float64Array.of(top, 0, across, Math.sqrt(Math.max(product(second, second) - across ** 2, 1e-12)));
  });
  return { weights: mixture.weights, means: mixture.means.map((mean) => [mean[first], mean[second]]), factors };
}

/** Return N(0, I) as a mixture of one. */
export function standardNormal(size) {
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) matrix[i * (size + 1)] = 1;
  return { weights: [1], means: [new Float64Array(size)], factors: [matrix] };
}

function logSumExp(terms) {
  const largest = Math.max(...terms);
  return largest + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - largest), 0));
}
