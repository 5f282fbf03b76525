import { toCanvas, toLevels } from "../pictures/images.js";
import { quantiles } from "../model/space.js";
import { button, byId, make } from "./dom.js";

const PICTURES = 5, REACH = 2.908; // deviations at the ends of a slider: its pictures then stand below their values

/** A slider for each dimension that the model uses, that with the most nats first, with five pictures. */
export class Sliders {
  #rows = new Map();
  isOpen = false;

  constructor({ model, store, loop }) {
    Object.assign(this, { model, store, loop });
    this.element = make("div", { className: "sliders" }, ...model.space.used.map((i) => this.#row(i)));
    byId("tools").addEventListener("scroll", () => this.refresh());
    store.subscribe((_, changed) => {
      if (changed.has("z") || changed.has("label")) this.refresh();
    });
  }

  /** Show the values, and decode the pictures anew once the latent rests. */
  refresh() {
    this.#rows.forEach(({ range, output }, i) => {
      range.value = this.store.state.z[i];
      output.textContent = this.store.state.z[i].toFixed(2);
    });
    clearTimeout(this.timer);
    if (this.isOpen) {
      this.timer = setTimeout(() => this.loop.later("strips", 2, this.#decode()), 120);
    }
  }

  #row(i) {
    const { space } = this.model, name = `z ${i}`, nats = space.kl ? `${space.kl[i].toFixed(2)} nats` : "";
    const [low, high] = [-1, 1].map((sign) => space.mean[i] + sign * REACH * space.deviation[i]);
    const range = make("input", { type: "range", min: low, max: high, step: "any", id: `z${i}` });
    range.addEventListener("input", () => this.store.move([[i, Number(range.value)]]));
    const output = make("output", { for: range.id }), values = quantiles(space, i, PICTURES);
    const pictures = values.map((value) => button("", () => this.store.move([[i, value]]), {
      "aria-label": `${name} to ${value.toFixed(2)}`, className: "picture",
    }));
    const label = make("label", { for: range.id }, make("b", {}, name), " ", make("span", {}, nats));
    const strip = make("div", { className: "strip" }, ...pictures);
    this.#rows.set(i, { range, output, pictures, values, strip, key: "" });
    return make("div", { className: "slider" }, label, output, range, strip);
  }

  /** Decode the strips that are in sight and that other dimensions have changed. */
  *#decode() {
    const { z, label } = this.store.state;
    for (const [i, row] of this.#rows) {
      const { pictures, values } = row, key = [label, ...z.filter((_, k) => k !== i)].join();
      if (row.key === key || !isInSight(row.strip)) continue;
      row.key = ""; // until all five are there: another job may take over
      for (let place = 0; place < PICTURES; place++) {
        const moved = z.slice();
        moved[i] = values[place];
        pictures[place].replaceChildren(toCanvas(toLevels(this.model.decode(moved, label)), this.model.imageShape));
        yield;
      }
      row.key = key;
    }
  }
}

function isInSight(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}
