import { save, toPng } from "../pictures/downloads.js";
import { scaleFor, sheet, toCanvas, toLevels } from "../pictures/images.js";
import { logDensity } from "../model/mixtures.js";
import { quantiles } from "../model/space.js";
import { planeCommand } from "./commands.js";
import { announce, button, byId, copyText, fillSelect, notify } from "./dom.js";

const GROUNDS = { "light-on-dark": "#000", "dark-on-light": "#fff" }; // by the polarity of the images
const DIMMEST = 0.25; // opacity of a picture where the prior has no density
const LARGE = 300; // pixels from which the plane has more cells
const COLOURS = [
  "#e6194b", "#3cb44b", "#ffc40c", "#4f7bff", "#f58231", "#b44bff", "#22c8d6", "#f032e6", "#9a6324", "#aab3c0",
];

/** The plane of two dimensions: decoded pictures, latents of validation images, and where the picture is. */
export class Plane {
  #canvas = byId("map");
  #cells = null; // {key, values, pictures, levels, density} of the decoded grid
  #hidden = new Set(); // classes that are not shown

  /** @param {{model: object, store: object, loop: object, contents: object}} page */
  constructor({ model, store, loop, contents }) {
    Object.assign(this, { model, store, loop, contents });
    this.#fillAxes();
    this.#fillLegend();
    this.#listen();
    byId("plane-png").addEventListener("click", () => this.#savePicture());
    byId("plane-command").addEventListener("click", () => this.#copyCommand());
    new ResizeObserver(() => this.refresh()).observe(this.#canvas);
    store.subscribe((state, changed) => {
      if (changed.has("plane") || changed.has("z") || changed.has("label")) this.refresh();
    });
  }

  /** Number of cells along a side. */
  get steps() {
    if (this.loop.pause > 0) return 7;
    return this.#canvas.clientWidth < LARGE ? 9 : 15;
  }

  /** Whether the dimensions that the plane does not have are at their means, as in `vaecli traverse`. */
  get isCentred() {
    const { z, plane } = this.store.state;
    return this.model.space.mean.every((mean, i) => plane.includes(i) || Math.fround(mean) === z[i]);
  }

  /** Draw again, and decode the grid again if other dimensions have moved. */
  refresh() {
    const { z, plane, label } = this.store.state;
    const key = [plane, this.steps, label, ...z.filter((_, i) => !plane.includes(i))].join();
    if (this.#cells?.key !== key) {
      this.#cells = this.#newCells(key);
      this.loop.later("grid", 3, this.#decodeGrid(this.#cells, z.slice()));
    }
    this.#syncControls();
    this.loop.soon("plane", () => this.#draw());
  }

  #newCells(key) {
    const [values, old] = [this.store.state.plane.map((i) => quantiles(this.model.space, i, this.steps)), this.#cells];
    const fits = old && old.key.split(",").slice(0, 3).join() === key.split(",").slice(0, 3).join();
    return { key, values, pictures: fits ? old.pictures.slice() : [], levels: [], density: this.#density(values) };
  }

  /** Return the prior's density at each cell, 1 at the largest. */
  #density([across, up]) {
    const mixture = this.model.priors.densityOf(this.store.state.plane);
    const logs = up.toReversed().flatMap((y) => across.map((x) => logDensity(mixture, [x, y])));
    const most = Math.max(...logs);
    return logs.map((log) => Math.exp(log - most));
  }

  *#decodeGrid(cells, z) {
    const [first, second] = this.store.state.plane, { steps } = this, label = this.store.state.label;
    const middle = (steps - 1) / 2, distance = (i) => Math.hypot((i % steps) - middle, Math.floor(i / steps) - middle);
    const order = Array.from({ length: steps * steps }, (_, i) => i).sort((a, b) => distance(a) - distance(b));
    for (const i of order) {
      z[second] = cells.values[1][steps - 1 - Math.floor(i / steps)];
      z[first] = cells.values[0][i % steps]; // last: it is the second one, too, of a model of one dimension
      const levels = toLevels(this.model.decode(z, label));
      if (cells !== this.#cells) return;
      cells.levels[i] = levels;
      cells.pictures[i] = toCanvas(levels, this.model.imageShape);
      this.loop.soon("plane", () => this.#draw());
      yield;
    }
  }

  #draw() {
    const canvas = this.#canvas, side = canvas.clientWidth, ratio = devicePixelRatio || 1;
    if (!side) return;
    const size = Math.round(side * ratio);
    if (canvas.width !== size || canvas.height !== size) canvas.width = canvas.height = size;
    const context = canvas.getContext("2d"), { steps } = this, cell = side / steps;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = GROUNDS[this.model.info.preparation.polarity] ?? getComputedStyle(canvas).backgroundColor;
    context.fillRect(0, 0, side, side);
    context.imageSmoothingEnabled = cell * ratio < this.model.imageShape[1];
    this.#cells.pictures.forEach((picture, i) => {
      context.globalAlpha = DIMMEST + (1 - DIMMEST) * this.#cells.density[i] ** 0.35;
      context.drawImage(picture, (i % steps) * cell, Math.floor(i / steps) * cell, cell, cell);
    });
    context.globalAlpha = 1;
    this.#drawPoints(context, side);
    this.#drawMarker(context, side);
  }

  #drawPoints(context, side) {
    const { examples, example_labels: labels } = this.model.facts;
    if (!examples) return;
    const [count, size] = examples.shape, [first, second] = this.store.state.plane, radius = side < LARGE ? 2 : 3;
    for (let i = 0; i < count; i++) {
      const label = labels ? labels.data[i] : -1;
      if (this.#hidden.has(label)) continue;
      const [x, y] = this.#toScreen([examples.data[i * size + first], examples.data[i * size + second]], side);
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fillStyle = label < 0 ? "#ffc40c" : COLOURS[label % COLOURS.length];
      context.strokeStyle = "#000a";
      context.lineWidth = 1.5;
      context.stroke();
      context.fill();
    }
  }

  #drawMarker(context, side) {
    const { z, plane } = this.store.state, inside = (value) => Math.min(side - 4, Math.max(4, value));
    const [x, y] = this.#toScreen(plane.map((i) => z[i]), side).map(inside);
    for (const [style, width] of [["#000", 5], ["#fff", 2.5]]) {
      context.beginPath();
      context.arc(x, y, 8, 0, 2 * Math.PI);
      context.strokeStyle = style;
      context.lineWidth = width;
      context.stroke();
    }
  }

  /** Return the values of both dimensions at the edges: half a cell beyond the outermost cells. */
  get #edges() {
    return this.#cells.values.map((values) => {
      const half = (values[1] - values[0]) / 2;
      return [values[0] - half, values.at(-1) + half];
    });
  }

  #toScreen([x, y], side) {
    const [[left, right], [bottom, top]] = this.#edges;
    return [((x - left) / (right - left)) * side, ((top - y) / (top - bottom)) * side];
  }

  #toLatent(x, y, side) {
    const [[left, right], [bottom, top]] = this.#edges;
    return [left + (x / side) * (right - left), top - (y / side) * (top - bottom)];
  }

  #listen() {
    const canvas = this.#canvas, { store } = this;
    const follow = (event) => {
      const box = canvas.getBoundingClientRect(), inside = (value) => Math.min(box.width, Math.max(0, value));
      const at = this.#toLatent(inside(event.clientX - box.left), inside(event.clientY - box.top), box.width);
      store.move(store.state.plane.map((dimension, i) => [dimension, at[i]]));
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      follow(event);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) follow(event);
    });
    canvas.addEventListener("keydown", (event) => this.#onKey(event));
    ["across", "up"].forEach((name, i) => {
      byId(`${name}-range`).addEventListener("input", (event) => {
        store.move([[store.state.plane[i], Number(event.target.value)]]);
      });
      byId(name).addEventListener("change", (event) => {
        const plane = store.state.plane.slice(), dimension = Number(event.target.value);
        if (plane[1 - i] === dimension) plane[1 - i] = plane[i];
        plane[i] = dimension;
        store.update({ plane });
      });
    });
  }

  #onKey(event) {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowDown: [1, -1], ArrowUp: [1, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    const { plane, z } = this.store.state, [i, sign] = step, [low, high] = this.#edges[i];
    const size = ((high - low) / 100) * (event.shiftKey ? 5 : 1);
    this.store.move([[plane[i], Math.min(high, Math.max(low, z[plane[i]] + sign * size))]]);
  }

  async #savePicture() {
    for (const _ of this.#decodeGrid(this.#cells, this.store.state.z.slice())); // cells that are not there yet
    const [height, width, channels] = this.model.imageShape, { steps } = this;
    const picture = sheet(this.#cells.levels, [height, width, channels], steps, scaleFor([height, width], 56), 0);
    save(await toPng(picture.levels, picture.shape), `${this.contents.name}-plane.png`);
  }

  /** Copy the command of the plane around the mean, or around a picture of the user. */
  #copyCommand() {
    const { plane, origin } = this.store.state, file = origin?.kind === "own" ? origin.file : null;
    if (!file && !this.isCentred) {
      return notify("A command makes the plane around the mean or around your own picture: press Mean first.");
    }
    copyText(planeCommand(this.contents.model, plane, this.steps, file), "Command");
  }

  #fillAxes() {
    const { space } = this.model;
    const shown = space.used.length > 1 ? space.used : space.mean.map((_, i) => i);
    const pairs = Array.from(shown, (i) => [i, `z ${i}${space.kl ? ` · ${space.kl[i].toFixed(2)} nats` : ""}`]);
    ["across", "up"].forEach((name, i) => fillSelect(byId(name), pairs, this.store.state.plane[i]));
  }

  #fillLegend() {
    if (!this.model.facts.example_labels) return;
    this.model.classNames.forEach((name, label) => {
      const item = button(name, () => {
        if (!this.#hidden.delete(label)) this.#hidden.add(label);
        item.setAttribute("aria-pressed", String(!this.#hidden.has(label)));
        this.loop.soon("plane", () => this.#draw());
      }, { "aria-pressed": "true" });
      item.style.setProperty("--colour", COLOURS[label % COLOURS.length]);
      byId("legend").append(item);
    });
  }

  #syncControls() {
    const { plane, z } = this.store.state, names = plane.map((i) => `z ${i}`);
    ["across", "up"].forEach((name, i) => {
      const range = byId(`${name}-range`), [low, high] = this.#edges[i];
      byId(name).value = plane[i];
      byId(`${name}-name`).textContent = names[i];
      [range.min, range.max, range.value] = [low, high, z[plane[i]]];
    });
    this.#canvas.setAttribute("aria-label", `Plane of ${names.join(" and ")}`);
    announce(plane.map((i) => `z ${i}: ${z[i].toFixed(2)}`).join(", "));
  }
}
