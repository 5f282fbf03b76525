import { save, toGif } from "../pictures/downloads.js";
import { enlarged, scaleFor, toCanvas, toLevels } from "../pictures/images.js";
import { even, through } from "../model/paths.js";
import { row } from "../model/packed.js";
import { pathCommand } from "./commands.js";
import { button, copyText, fillSelect, make, notify } from "./dom.js";

const SPEED = 90, GIF_SIDE = 224, MOST_STOPS = 20; // milliseconds a picture; pixels
const KINDS = [["linear", "straight"], ["spherical", "spherical"], ["even", "even: equal changes"]];

/** The way between two or more pictures: straight, spherical, or by the distance of the decoded pictures. */
export class Path {
  #frames = []; // {z, label} of the path
  isOpen = false;

  constructor({ model, store, loop, contents }) {
    Object.assign(this, { model, store, loop, contents });
    this.stops = make("ol", { className: "stops" });
    this.film = make("div", { className: "film", "aria-hidden": "true" });
    this.element = make("div", { className: "path" },
      this.stops, this.#adders(), this.#controls(), this.#player(), this.film);
    store.subscribe((_, changed) => {
      if (changed.has("path")) this.refresh();
    });
  }

  /** Lay the path through the stops anew. */
  refresh() {
    const { stops, kind, steps } = this.store.state.path;
    [this.kind.value, this.steps.value] = [kind, steps];
    if (!this.isOpen) return this.#pause();
    this.stops.replaceChildren(...stops.map((stop, i) => this.#stop(stop, i)));
    this.place.disabled = this.play.disabled = true; // until the path is laid
    this.loop.later("path", 1, this.#lay(stops, kind, steps));
  }

  #stop({ name, z, label }, i) {
    const picture = button("", () => this.store.update({ z, ...this.#given(label) }), {
      className: "picture", "aria-label": `Go to ${name}`,
    });
    picture.append(toCanvas(toLevels(this.model.decode(z, label)), this.model.imageShape));
    const remove = button("×", () => {
      this.#change({ stops: this.store.state.path.stops.filter((_, k) => k !== i) });
    }, { "aria-label": `Remove ${name}` });
    return make("li", {}, picture, make("span", {}, name), remove);
  }

  #adders() {
    const parts = [button("Add the picture", () => this.add("picture", this.store.state.z))];
    if (this.model.facts.examples) {
      parts.push(button("Add a validation image's latent", () => this.#addExample()));
    }
    parts.push(button("Add a sample", () => {
      const index = BigInt(Math.floor(Math.random() * 1e6)), { sample } = this.store.state;
      this.add(`sample ${index}`, this.model.priors.draw(sample.seed, index, sample));
    }));
    return make("div", { className: "buttons" }, ...parts);
  }

  #controls() {
    this.kind = make("select", { on: { change: () => this.#change({ kind: this.kind.value }) } });
    fillSelect(this.kind, KINDS, "linear");
    this.steps = make("input", { type: "number", min: 2, max: 60, on: { change: () => {
      const steps = Math.round(Number(this.steps.value));
      this.#change({ steps: steps >= 2 && steps <= 60 ? steps : this.store.state.path.steps });
    } } });
    return make("div", { className: "controls" },
      make("label", {}, "path", this.kind), make("label", {}, "pictures a leg", this.steps));
  }

  #player() {
    this.play = button("▶ Play", () => (this.timer ? this.#pause() : this.#start()));
    this.place = make("input", { type: "range", min: 0, max: 0, value: 0, "aria-label": "Place on the path", on: {
      input: () => { this.#pause(); this.#show(Number(this.place.value)); },
    } });
    return make("div", { className: "player" }, this.play, this.place,
      button("GIF", () => this.#saveGif()), button("Copy command", () => this.#copyCommand()));
  }

  /** Add a stop at a latent; `file` names the picture that it comes from. */
  add(name, z, file = null) {
    const { stops } = this.store.state.path;
    if (stops.length >= MOST_STOPS) return notify(`A path has at most ${MOST_STOPS} pictures.`);
    this.#change({ stops: [...stops, { name, z: z.slice(), label: this.store.state.label, file }] });
    notify(`Added to the path: ${name}.`);
  }

  #addExample() {
    const { examples, example_labels: labels } = this.model.facts;
    const i = Math.floor(Math.random() * examples.shape[0]);
    this.add(labels ? this.model.classNames[labels.data[i]] : `image ${i}`, row(examples, i));
  }

  *#lay(stops, kind, steps) {
    const points = stops.map(({ z }) => z), label = stops[0]?.label ?? null;
    const path = points.length < 2 ? points : kind === "even"
      ? yield* even(points, steps, (z) => this.model.decode(z, label)) : through(points, steps, kind);
    this.#frames = path.map((z) => ({ z, label }));
    this.place.max = Math.max(0, path.length - 1);
    this.place.disabled = this.play.disabled = path.length < 2;
    this.film.replaceChildren();
    for (const { z } of this.#frames) {
      this.film.append(toCanvas(toLevels(this.model.decode(z, label)), this.model.imageShape));
      yield;
    }
  }

  #start() {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      const next = Number(this.place.value) + 1;
      return this.#show(next > Number(this.place.max) ? 0 : next); // a step at a time
    }
    this.play.textContent = "❚❚ Pause";
    let direction = 1;
    this.timer = setInterval(() => {
      const last = this.#frames.length - 1, at = Number(this.place.value);
      if (at >= last) direction = -1;
      if (at <= 0) direction = 1;
      this.#show(at + direction);
    }, Math.max(SPEED, 1.5 * this.loop.pause));
  }

  #pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.play.textContent = matchMedia("(prefers-reduced-motion: reduce)").matches ? "▶ Step" : "▶ Play";
  }

  #show(place) {
    const frame = this.#frames[place];
    if (!frame) return;
    this.place.value = place;
    this.store.update({ z: frame.z, ...this.#given(frame.label) });
  }

  #given(label) {
    return this.model.isConditional ? { label } : {};
  }

  #change(changes) {
    this.#pause();
    this.store.update({ path: { ...this.store.state.path, ...changes } });
  }

  #saveGif() {
    if (this.#frames.length < 2) return notify("A path needs two pictures.");
    const { imageShape: shape } = this.model, scale = scaleFor(shape, GIF_SIDE);
    const large = this.#frames.map(({ z, label }) => enlarged(toLevels(this.model.decode(z, label)), shape, scale));
    const levels = large.map((image) => image.levels), back = levels.slice(1, -1).reverse();
    save(toGif([...levels, ...back], large[0].shape, SPEED), `${this.contents.name}-path.gif`);
  }

  #copyCommand() {
    const { stops, kind, steps } = this.store.state.path;
    if (stops.length < 2 || !stops.every(({ file }) => file)) {
      return notify("The command needs pictures in files: open your own under Pictures, and add them.");
    }
    copyText(pathCommand(this.contents.model, stops.map(({ file }) => file), { kind, steps }), "Command");
  }
}
