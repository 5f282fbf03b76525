const LEAST_NATS = 0.01; // a dimension with a lower KL is not used
const REACH = 2.3263478740408408; // of N(0, 1): the outermost quantiles are 1 % and 99 %
const HALVINGS = 60;

/**
 * Where the latents of a model's images lie: one Gaussian for each dimension, as in `vaecli traverse`.
 * @typedef {{mean: Float64Array, deviation: Float64Array, kl: ArrayLike<number> | null, used: number[]}} Space
 */

/** Return where latents lie, from the facts in the decoder file; the prior where it has none. */
export function latentSpace(facts, latentDim) {
  const kl = facts.kl?.data ?? null, variance = varianceOfMeans(facts, latentDim);
  const order = Array.from({ length: latentDim }, (_, i) => i);
  if (kl) {
    order.sort((a, b) => kl[b] - kl[a] || a - b);
  }
  const isUsed = (i) => kl === null || kl[i] >= LEAST_NATS;
  const used = order.filter(isUsed).length ? order.filter(isUsed) : order.slice(0, 1);
  if (!kl || !facts.z_mean || !variance) {
    return { mean: new Float64Array(latentDim), deviation: new Float64Array(latentDim).fill(1), kl, used };
  }
  const mean = Float64Array.from(facts.z_mean.data);
  const deviation = mean.map((m, i) => Math.sqrt(variance[i] + posteriorVariance(kl[i], m, variance[i])));
  return { mean, deviation, kl, used };
}

/** Return `steps` values of a dimension, quantiles from 1 % to 99 %. */
export function quantiles({ mean, deviation }, dimension, steps) {
  return Array.from({ length: steps }, (_, i) => {
    const level = steps > 1 ? -REACH + (i * 2 * REACH) / (steps - 1) : 0;
    return mean[dimension] + deviation[dimension] * level;
  });
}

function varianceOfMeans(facts, latentDim) {
  if (facts.z_covariance) {
    return Array.from({ length: latentDim }, (_, i) => Math.max(0, facts.z_covariance.data[i * (latentDim + 1)]));
  }
  if (facts.examples?.shape[0] >= 100) {
    return Array.from({ length: latentDim }, (_, i) => columnVariance(facts.examples, i));
  }
  return null;
}

function columnVariance({ shape: [count, width], data }, column) {
  const values = Array.from({ length: count }, (_, i) => data[i * width + column]);
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
}

/** Return the posterior variance that explains the mean KL: v - log v = goal, v in (0, 1], by halving. */
function posteriorVariance(kl, mean, variance) {
  const goal = Math.max(1, 1 + 2 * kl - variance - mean ** 2);
  let low = -goal, high = 0; // of log v
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (Math.exp(middle) - middle > goal) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return Math.exp((low + high) / 2);
}
