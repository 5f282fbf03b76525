import { interpolate, likelihoodOf } from "./likelihoods.js";
import { logDensity, mixtureOf } from "./mixtures.js";
import { row } from "./packed.js";

const LEVELS = Float64Array.from({ length: 1001 }, (_, i) => i / 1000), TAIL = 0.9, WEIGHTS = [1, 1, 2];
const LEAST_EXCESS = 1, LEAST_SHARE = 1e-3; // added in a logarithm

/**
 * Measure an image against its reconstruction, as `vaecli score` does.
 * @param {ArrayLike<number>} image pixels in [0, 1].
 * @returns {{logLikelihood: number, kl: number, excess: number, unexplained: number}} in nats, but for the last.
 */
export function measure(info, image, { mean, logVar }, outputs) {
  const likelihood = likelihoodOf(info.likelihood, outputs);
  const level = Math.fround(image.reduce((sum, x) => sum + x, 0) / image.length);
  let logLikelihood = 0, own = 0, constant = 0;
  for (let i = 0; i < image.length; i++) {
    logLikelihood += likelihood.log(image[i], i);
    own += likelihood.at(image[i], image[i], i);
    constant += likelihood.at(image[i], level, i);
  }
  const excess = Math.max(own - logLikelihood, 0);
  const unexplained = (excess + LEAST_EXCESS) / (Math.max(own - constant, 0) + LEAST_EXCESS);
  const kl = mean.reduce((sum, m, i) => sum + 0.5 * (m * m + Math.exp(logVar[i]) - 1 - logVar[i]), 0);
  return { logLikelihood, kl, excess, unexplained };
}

/**
 * Return the share of validation images with a lower score, 0 to 100.
 * @param {Record<string, {shape: number[], data: ArrayLike<number>}>} facts `vaecli.score` of the decoder file.
 */
export function percentile(facts, mean, { excess, unexplained }) {
  const mixture = mixtureOf(facts.weights, facts.means, facts.scales);
  const joint = Array.from(facts.dimensions.data, (i) => mean[i]);
  joint.push(Math.log(excess + LEAST_EXCESS), Math.log(unexplained + LEAST_SHARE));
  const quantiles = (i) => row(facts.quantiles, i); // of: score, excess, kl, unexplained, neg_elbo, neg_log_density
  const statistics = [[excess, 1], [unexplained, 3], [-logDensity(mixture, joint), 5]];
  const score = statistics.reduce((sum, [value, i], k) => (
    sum + WEIGHTS[k] * surprise(value, quantiles(i), facts.rates.data[k])), 0);
  return 100 * interpolate(score, quantiles(0), LEVELS);
}

/** Return minus the logarithm of the share of validation images with a larger value, with an exponential tail. */
function surprise(value, quantiles, rate) {
  const share = Math.max(1 - interpolate(value, quantiles, LEVELS), 1 - TAIL);
  return -Math.log(share) + rate * Math.max(value - quantiles[TAIL * 1000], 0);
}
