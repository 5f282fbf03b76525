/**
 * Likelihoods p(x given z), as vaecli/probability defines them: nats of one pixel x in [0, 1].
 * `at` is the log-likelihood of x if the mean image were m, all else being as in the raw outputs.
 * @typedef {{log: (x: number, i: number) => number, at: (x: number, m: number, i: number) => number}} PixelLikelihood
 */

const TINY = 1e-30, SERIES_BELOW = 0.6, MEAN_SERIES_BELOW = 0.25, TABLE_SIZE = 100001;
const HALF_BIN = 1 / 255, LEAST_LOG_SIGMA = -6;

/**
 * Return the likelihood of one image.
 * @param {object} table `likelihood` of the metadata.
 * @param {Record<string, ArrayLike<number>>} outputs the decoder's outputs for the image.
 * @returns {PixelLikelihood}
 */
export function likelihoodOf(table, outputs) {
  return { bernoulli, "continuous-bernoulli": continuousBernoulli, gaussian, logistic }[table.name](outputs, table);
}

function bernoulli({ logits }) {
  return {
    log: (x, i) => logits[i] * x - Math.max(logits[i], 0) - Math.log1p(Math.exp(-Math.abs(logits[i]))),
    at: (x, m) => x * Math.log(Math.max(m, TINY)) + (1 - x) * Math.log(Math.max(1 - m, TINY)),
  };
}

function continuousBernoulli({ logits }) {
  const log = (x, logit) => {
    const u = 0.5 * Math.abs(logit), s = u * u;
    const series = s * (1 / 6 - s * (1 / 180 - s * (1 / 2835 - s * (1 / 37800 - s / 467775))));
    const norm = u < SERIES_BELOW ? series : u - Math.log(2 * u) + Math.log1p(-Math.exp(-2 * u));
    return logit * (x - 0.5) - norm;
  };
  return { log: (x, i) => log(x, logits[i]), at: (x, m) => log(x, logitOfMean(m)) };
}

let meanTable = null;

/** Return the logit of which m is the mean, by linear interpolation in a table. */
function logitOfMean(m) {
  if (!meanTable) {
    const logits = Float64Array.from({ length: TABLE_SIZE }, (_, i) => (
      Math.sinh(-7.6 + (15.2 * i) / (TABLE_SIZE - 1))));
    meanTable = { logits, means: logits.map(continuousMean) };
  }
  return interpolate(m, meanTable.means, meanTable.logits);
}

function continuousMean(logit) {
  const size = Math.max(Math.abs(logit), MEAN_SERIES_BELOW), bounded = Math.min(Math.abs(logit), MEAN_SERIES_BELOW);
  const slope = (0.5 / Math.tanh(0.5 * size) - 1 / size) / size;
  return 0.5 + logit * (slope + (MEAN_SERIES_BELOW ** 2 - bounded * bounded) / 720);
}

function gaussian({ image }, table) {
  const logSigma = Math.max(table.parameters?.log_sigma ?? -1.5, LEAST_LOG_SIGMA), perSigma = Math.exp(-logSigma);
  const at = (x, m) => -0.5 * ((x - m) * perSigma) ** 2 - logSigma - 0.5 * Math.log(2 * Math.PI);
  return { log: (x, i) => at(x, image[i]), at };
}

function logistic({ location, log_scale: logScale }) {
  const logSigmoid = (x) => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));
  const log = (x, place, i) => {
    const perScale = Math.exp(-Math.min(Math.max(logScale[i], -7), 7)), offset = 2 * x - 1 - place;
    const below = logSigmoid((offset + HALF_BIN) * perScale), above = logSigmoid(-(offset - HALF_BIN) * perScale);
    if (x < 0.5 / 255) return below;
    return x > 1 - 0.5 / 255 ? above : below + above + Math.log(-Math.expm1(-2 * HALF_BIN * perScale));
  };
  return { log: (x, i) => log(x, location[i], i), at: (x, m, i) => log(x, 2 * m - 1, i) };
}

/** Interpolate linearly in a table whose places increase; the ends continue. */
export function interpolate(x, places, values) {
  let low = 0, high = places.length - 1;
  if (x >= places[high]) return values[high];
  if (!(x > places[low])) return values[low];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (places[middle] <= x) low = middle;
    else high = middle;
  }
  const width = places[high] - places[low];
  return width > 0 ? values[low] + ((x - places[low]) / width) * (values[high] - values[low]) : values[low];
}
