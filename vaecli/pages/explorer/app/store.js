/**
 * The state of the page. Parts of the page change it, and hear of each change.
 *
 *   z           latent of the picture
 *   label       class given to a conditional model, or null
 *   origin      how z came about: {kind, ...}, or null if it was moved by hand
 *   plane       the two dimensions of the plane
 *   tab         name of the open tool
 *   sample      {seed, first, temperature, prior, label}
 *   path        {stops: [{name, z, label}], kind, steps}
 */
export class Store {
  #listeners = [];

  constructor(state) {
    this.state = state;
  }

  /** Call `listener(state, changed)` after each change; `changed` holds the names. */
  subscribe(listener) {
    this.#listeners.push(listener);
  }

  /** Change some entries. A new latent has no origin unless it comes with one. */
  update(changes) {
    const all = "z" in changes && !("origin" in changes) ? { ...changes, origin: null } : changes;
    Object.assign(this.state, all);
    const changed = new Set(Object.keys(all));
    this.#listeners.forEach((listener) => listener(this.state, changed));
  }

  /** Change some dimensions of the latent: [dimension, value] pairs. */
  move(pairs) {
    const z = this.state.z.slice();
    pairs.forEach(([dimension, value]) => { z[dimension] = value; });
    this.update({ z });
  }
}
