const SMALLEST_SINE = 1e-6; // below it two latents are parallel, and the great circle is not defined
const ROUNDS = 12, FINE = 32, GOAL = 1.02;

/** Return `steps` latents on the straight line from a to b. */
export function linear(a, b, steps) {
  return along(steps, a, b, (t) => a.map((value, i) => (1 - t) * value + t * b[i]));
}

/** Return `steps` latents from a to b at constant angular speed (Shoemake 1985; White 2016). */
export function spherical(a, b, steps) {
  const norms = Math.hypot(...a) * Math.hypot(...b);
  const cosine = norms > 0 ? Math.min(1, Math.max(-1, dot(a, b) / norms)) : 1, angle = Math.acos(cosine);
  if (Math.sin(angle) < SMALLEST_SINE) {
    return linear(a, b, steps);
  }
  return along(steps, a, b, (t) => a.map((value, i) => (
    (Math.sin((1 - t) * angle) * value + Math.sin(t * angle) * b[i]) / Math.sin(angle))));
}

/** Return a path through all points, `steps` latents a leg; the point where two legs meet comes once. */
export function through(points, steps, kind) {
  const leg = kind === "spherical" ? spherical : linear;
  const legs = points.slice(1).map((point, i) => leg(points[i], point, steps).slice(1));
  return [points[0], ...legs.flat()];
}

/**
 * Return a path of straight legs on which neighbouring pictures have equal distances: the latents are moved along
 * each leg until they have.
 * @param {(z: Float32Array) => Float32Array} decode
 */
export function* even(points, steps, decode) {
  const path = [points[0]];
  for (let i = 1; i < points.length; i++) {
    path.push(...(yield* evenLeg(points[i - 1], points[i], steps - 1, decode)).slice(1));
  }
  return path;
}

/** Yields after each decoded picture, so that the page stays alive. */
function* evenLeg(a, b, count, decode) {
  const at = (t) => Float32Array.from(a, (value, i) => (1 - t) * value + t * b[i]);
  let places = uniform(FINE), lengths = yield* cumulative(places.map(at), decode), best = null;
  for (let round = 0; round < ROUNDS; round++) {
    const goals = uniform(count);
    const next = goals.map((goal) => inverse(goal * lengths.at(-1), lengths, places));
    next[0] = 0;
    next[count] = 1;
    const latents = next.map(at), measured = yield* cumulative(latents, decode);
    const largest = Math.max(...measured.slice(1).map((length, i) => length - measured[i]));
    const evenness = measured.at(-1) > 0 ? (largest * count) / measured.at(-1) : 1;
    if (!best || evenness < best.evenness) {
      best = { latents, evenness };
    }
    if (evenness <= GOAL) break;
    [places, lengths] = [next, measured];
  }
  return best.latents;
}

function* cumulative(latents, decode) {
  const lengths = [0];
  let before = decode(latents[0]);
  for (const z of latents.slice(1)) {
    const image = decode(z);
    let square = 0;
    for (let i = 0; i < image.length; i++) square += (image[i] - before[i]) ** 2;
    lengths.push(lengths.at(-1) + Math.sqrt(square));
    before = image;
    yield;
  }
  return lengths;
}

function inverse(length, lengths, places) {
  let i = 1;
  while (i < lengths.length - 1 && lengths[i] < length) i++;
  const step = lengths[i] - lengths[i - 1];
  return step > 0 ? places[i - 1] + ((length - lengths[i - 1]) / step) * (places[i] - places[i - 1]) : places[i];
}

function uniform(count) {
  return Array.from({ length: count + 1 }, (_, i) => i / count);
}

function along(steps, a, b, at) {
  return Array.from({ length: steps }, (_, i) => (
    i === 0 ? Float32Array.from(a) : i === steps - 1 ? Float32Array.from(b) : at64(at, i / (steps - 1))));
}

function at64(at, t) {
  return Float32Array.from(at(t));
}

function dot(a, b) {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}
