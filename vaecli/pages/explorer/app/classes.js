import { toCanvas, toLevels } from "../pictures/images.js";
import { moved, nearestClass } from "../model/directions.js";
import { row } from "../model/packed.js";
import { button, fillSelect, make } from "./dom.js";

/** Directions from class to class: the picture moves toward a class by an amount, as `vaecli edit` moves it. */
export class Classes {
  #base = null; // {z, file} of the picture before it moves
  #own = null; // the latent that the slider set last
  isOpen = false;

  constructor({ model, store, loop }) {
    Object.assign(this, { model, store, loop });
    this.element = make("div", { className: "classes" });
    if (!model.facts.class_means) {
      this.element.append(make("p", {}, "This model knows no classes: its training images had no labels."));
      return;
    }
    this.present = model.classNames.map((name, i) => [i, name]).filter(([i]) => model.facts.class_counts.data[i] > 0);
    this.means = make("div", { className: "grid means" });
    this.toward = make("select", { on: { change: () => this.#move() } });
    fillSelect(this.toward, this.present, this.present[0]?.[0]);
    const range = { type: "range", min: -0.5, max: 1.5, step: 0.01, value: 0 };
    this.amount = make("input", { ...range, on: { input: () => this.#move() } });
    this.note = make("p", { className: "small" });
    this.element.append(
      make("p", {}, "Means of the classes:"), this.means,
      make("div", { className: "controls wide" }, make("label", {}, "toward", this.toward),
        make("label", {}, "amount", this.amount), button("Start from the picture", () => this.#start())),
      this.note);
    store.subscribe((state, changed) => {
      if (changed.has("z") && state.z !== this.#own) this.#base = null; // someone else moved the picture
    });
  }

  /** Show the means of the classes. */
  refresh() {
    if (this.present) this.loop.later("means", 1, this.#showMeans());
  }

  *#showMeans() {
    const items = [];
    for (const [label, name] of this.present) {
      const z = Float32Array.from(this.#mean(label)), given = this.model.isConditional ? label : null;
      const changes = { z, ...(given === null ? {} : { label: given }) };
      const picture = button("", () => this.store.update(changes), {
        className: "picture", "aria-label": `Go to the mean of ${name}`,
      });
      picture.append(toCanvas(toLevels(this.model.decode(z, given)), this.model.imageShape));
      items.push(make("figure", {}, picture, make("figcaption", {}, name)));
      yield;
    }
    this.means.replaceChildren(...items);
  }

  #start() {
    this.#base = null;
    this.amount.value = 0;
    this.#move();
  }

  #move() {
    const { z, origin } = this.store.state;
    this.#base ??= { z, file: origin?.kind === "own" ? origin.file : null };
    const goal = Number(this.toward.value), amount = Number(this.amount.value);
    const start = nearestClass(this.#base.z, this.model.facts, goal), names = this.model.classNames;
    this.#own = amount === 0 ? this.#base.z.slice() : moved(this.#base.z, this.#mean(start), this.#mean(goal), amount);
    this.note.textContent = `From ${names[start]} toward ${names[goal]}, amount ${amount.toFixed(2)}: `
      + "0 is the picture, 1 the class.";
    const edited = this.#base.file ? { kind: "edit", file: this.#base.file, toward: names[goal], amount } : null;
    this.store.update({ z: this.#own, origin: edited });
  }

  #mean(label) {
    return row(this.model.facts.class_means, label);
  }
}
