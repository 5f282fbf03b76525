import { save, toPng } from "../pictures/downloads.js";
import { scaleFor, sheet, toCanvas, toLevels } from "../pictures/images.js";
import { sampleCommand } from "./commands.js";
import { button, copyText, fillSelect, make } from "./dom.js";

const COUNT = 24, COLUMNS = 6, MOST = 2n ** 64n - 1n;

/** Pictures drawn from the prior: those of `vaecli sample` with the same seed and first number. */
export class Samples {
  #buttons = [];
  #images = [];
  isOpen = false;

  constructor({ model, store, loop, contents }) {
    Object.assign(this, { model, store, loop, contents });
    this.element = make("div", { className: "samples" }, this.#controls(), this.#grid(), this.#actions());
    store.subscribe((_, changed) => {
      if (changed.has("sample")) this.refresh();
    });
  }

  /** Draw the pictures of the state. */
  refresh() {
    const { sample } = this.store.state;
    this.seed.value = sample.seed;
    this.first.value = sample.first;
    this.temperature.value = sample.temperature;
    if (this.classes) this.classes.value = sample.label ?? "";
    if (this.priors) this.priors.value = sample.prior ?? "";
    if (this.isOpen) this.loop.later("samples", 1, this.#decode({ ...sample }));
  }

  #controls() {
    const number = (name, label, properties) => {
      this[name] = make("input", { type: "text", inputMode: "numeric", ...properties });
      this[name].addEventListener("change", () => this.#read());
      return make("label", {}, label, this[name]);
    };
    const parts = [number("seed", "seed"), number("first", "first"), number("temperature", "temperature", {
      type: "number", min: 0, max: 10, step: 0.1,
    })];
    const { priors, classNames } = this.model;
    const drawn = classNames.map((name, i) => [i, name]).filter(([i]) => priors.hasClass(i));
    if (drawn.length) parts.push(this.#choice("classes", "class", [["", "all"], ...drawn]));
    if (priors.mixture) {
      parts.push(this.#choice("priors", "prior", [["", "the model's"], ["normal", "N(0, I)"], ["mixture", "mixture"]]));
    }
    return make("div", { className: "controls" }, ...parts,
      button("◀", () => this.#step(-1n), { "aria-label": "Earlier samples" }),
      button("▶", () => this.#step(1n), { "aria-label": "Later samples" }),
      button("New seed", () => this.#change({ seed: BigInt(Math.floor(Math.random() * 1e6)), first: 0n })));
  }

  #choice(name, label, pairs) {
    this[name] = make("select", { on: { change: () => this.#read() } });
    fillSelect(this[name], pairs, "");
    return make("label", {}, label, this[name]);
  }

  #grid() {
    this.#buttons = Array.from({ length: COUNT }, (_, i) => (
      button("", () => this.#choose(BigInt(i)), { className: "picture", "aria-label": `Sample ${i}` })));
    return make("div", { className: "grid" }, ...this.#buttons);
  }

  #actions() {
    return make("div", { className: "buttons" },
      button("PNG of the sheet", () => this.#saveSheet()),
      button("Copy command", () => {
        copyText(sampleCommand(this.contents.model, COUNT, this.store.state.sample, this.model.classNames), "Command");
      }));
  }

  *#decode(sample) {
    for (let i = 0; i < COUNT; i++) {
      const index = sample.first + BigInt(i), z = this.model.priors.draw(sample.seed, index, sample);
      const label = this.model.isConditional ? sample.label : null;
      this.#images[i] = toLevels(this.model.decode(z, label));
      this.#buttons[i].replaceChildren(toCanvas(this.#images[i], this.model.imageShape));
      this.#buttons[i].setAttribute("aria-label", `Sample ${index} of seed ${sample.seed}`);
      yield;
    }
  }

  #choose(i) {
    const { sample } = this.store.state, index = sample.first + i;
    const z = this.model.priors.draw(sample.seed, index, sample);
    const label = this.model.isConditional ? sample.label : null;
    this.store.update({ z, label, origin: { kind: "sample", sample: { ...sample }, index } });
  }

  #read() {
    const word = (text, otherwise) => (
      /^\s*\d{1,20}\s*$/.test(text) && BigInt(text) <= MOST ? BigInt(text) : otherwise);
    const { sample } = this.store.state, temperature = Number(this.temperature.value || NaN);
    const isNormal = this.priors?.value === "normal", hasLabel = this.classes && this.classes.value !== "";
    this.#change({
      seed: word(this.seed.value, sample.seed),
      first: word(this.first.value, sample.first),
      temperature: temperature >= 0 && temperature <= 10 ? temperature : sample.temperature,
      label: hasLabel && (this.model.isConditional || !isNormal) ? Number(this.classes.value) : null,
      prior: this.priors?.value || null,
    });
  }

  #change(changes) {
    this.store.update({ sample: { ...this.store.state.sample, ...changes } });
  }

  #step(direction) {
    const next = this.store.state.sample.first + direction * BigInt(COUNT);
    this.#change({ first: next < 0n ? 0n : next });
  }

  async #saveSheet() {
    for (const _ of this.#decode({ ...this.store.state.sample })); // those that are not drawn yet
    const { levels, shape } = sheet(this.#images, this.model.imageShape, COLUMNS, scaleFor(this.model.imageShape, 84));
    save(await toPng(levels, shape), `${this.contents.name}-samples.png`);
  }
}
