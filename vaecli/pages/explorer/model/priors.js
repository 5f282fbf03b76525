import { drawRow } from "./draws.js";
import { marginal, mixtureOf, place, standardNormal } from "./mixtures.js";
import { unpackAll } from "./packed.js";

/** The priors of a model: N(0, I), and the mixtures of all images and of classes that its decoder file holds. */
export class Priors {
  #arrays;
  #info;

  constructor(info, text) {
    this.#info = info;
    this.#arrays = unpackAll(text);
    this.own = info.prior.name;
    this.mixture = this.#arrays.weights
      ? mixtureOf(this.#arrays.weights, this.#arrays.means, this.#arrays.scales) : null;
  }

  /** Whether there is something to draw a class from. */
  hasClass(label) {
    const isTrained = this.#info.data.class_counts ? this.#info.data.class_counts[label] > 0 : true;
    return this.#hasMixture(label) || (this.#info.inputs.includes("label") && isTrained);
  }

  /**
   * Draw latent `index` of the series of a seed, as `vaecli sample` does.
   * @param {{prior?: string | null, label?: number | null, temperature?: number}} options `prior` is `normal` or
   *   `mixture`, null for the model's own; `label` a class whose mixture is drawn from.
   */
  draw(seed, index, { prior = null, label = null, temperature = 1 } = {}) {
    const { normals, words } = drawRow(seed, index, this.#info.latent_dim), mixture = this.#mixtureOf(prior, label);
    const scaled = temperature === 1 ? normals : normals.map((value) => value * Math.fround(temperature));
    return mixture ? place(mixture, scaled, words) : scaled;
  }

  /** Return the density of two dimensions under the model's own prior, as a mixture. */
  densityOf(dimensions) {
    const all = this.own === "mixture" && this.mixture ? this.mixture : null;
    return all ? marginal(all, dimensions) : standardNormal(2);
  }

  #mixtureOf(name, label) {
    if (label !== null) {
      return this.#hasMixture(label) && name !== "normal" ? this.#ofClass(label) : null;
    }
    return (name ?? this.own) === "mixture" ? this.mixture : null;
  }

  #hasMixture(label) {
    return Boolean(this.#arrays.class_components?.data[label]);
  }

  #ofClass(label) {
    const counts = this.#arrays.class_components.data;
    const first = counts.slice(0, label).reduce((sum, count) => sum + count, 0);
    const { class_weights: weights, class_means: means, class_scales: scales } = this.#arrays;
    return mixtureOf(weights, means, scales, first, first + counts[label]);
  }
}
