const REACH = 1.75, KEPT = 0.5; // chosen on validation images; see vaecli/latent/directions.py

/** Return the class whose mean (K, D) is nearest to a latent, without the class `but` and empty ones. */
export function nearestClass(z, { class_means: means, class_counts: counts }, but = null) {
  let nearest = 0, least = Infinity;
  for (let k = 0; k < means.shape[0]; k++) {
    const distance = z.reduce((sum, value, i) => sum + (value - means.data[k * z.length + i]) ** 2, 0);
    if (counts.data[k] > 0 && k !== but && distance < least) {
      [nearest, least] = [k, distance];
    }
  }
  return nearest;
}

/** Move a latent by an amount from the mean of one class toward that of another, as `vaecli edit --toward` does. */
export function moved(z, start, goal, amount) {
  return Float32Array.from(z, (value, i) => (
    value + amount * (REACH * (goal[i] - start[i]) + (KEPT - 1) * (value - start[i]))));
}
