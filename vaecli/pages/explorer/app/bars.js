import { byId, make } from "./dom.js";

const MOST = 48, REACH = 3; // dimensions; deviations at the ends

/** The latent as bars, the dimensions with the most nats first: up for values above the mean. */
export class Bars {
  #bars = new Map();

  constructor({ model, store, loop }) {
    Object.assign(this, { model, store, loop });
    for (const i of model.space.used.slice(0, MOST)) {
      const bar = make("i", { title: `z ${i}` });
      this.#bars.set(i, bar);
      byId("bars").append(make("span", {}, bar));
    }
    store.subscribe((_, changed) => {
      if (changed.has("z") || changed.has("plane")) loop.soon("bars", () => this.#draw());
    });
    loop.soon("bars", () => this.#draw());
  }

  #draw() {
    const { z, plane } = this.store.state, { mean, deviation } = this.model.space;
    this.#bars.forEach((bar, i) => {
      const level = Math.max(-1, Math.min(1, (z[i] - mean[i]) / deviation[i] / REACH));
      bar.style.setProperty("--size", `${50 * Math.abs(level)}%`);
      bar.className = `${level < 0 ? "down" : "up"}${plane.includes(i) ? " on-plane" : ""}`;
    });
  }
}
