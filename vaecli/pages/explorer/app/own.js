import { Problem } from "../engine/problem.js";
import { prepare } from "../pictures/prepare.js";
import { toCanvas, toLevels } from "../pictures/images.js";
import { readCanvas, readPicture } from "../pictures/open.js";
import { Drawing } from "./drawing.js";
import { button, make, notify } from "./dom.js";

const MOST = 20; // pictures that are kept

/** Pictures of the user: dropped, pasted, chosen or drawn, and what the model makes of them. */
export class Own {
  #pictures = []; // {name, file, original, levels}; file is null for one that is in no file of the user
  isOpen = false;

  constructor({ model, store, loop, path, contents }) {
    Object.assign(this, { model, store, loop, path, contents });
    this.list = make("div", { className: "grid own", role: "group", "aria-label": "Opened pictures" });
    this.result = make("div", { className: "result" });
    this.drawing = new Drawing((canvas) => this.#add(readCanvas(canvas), "drawing", null));
    this.element = make("div", { className: "pictures" });
    if (!model.encoder) {
      this.element.append(make("p", {}, "This model came without an encoder.onnx, which pictures need."));
      return;
    }
    this.chooser = make("input", { type: "file", accept: "image/*", multiple: true, "aria-label": "Pictures",
      on: { change: () => this.open([...this.chooser.files]) } });
    this.element.append(
      make("p", { className: "drop" }, "Drop or paste pictures anywhere on the page, or choose: ", this.chooser),
      this.drawing.element, this.#validation(), this.list, this.result);
  }

  refresh() {}

  /** Open picture files. */
  async open(files) {
    if (!this.model.encoder) return notify("This model came without an encoder.onnx, which pictures need.");
    for (const file of files.slice(0, MOST)) {
      try {
        this.#add(await readPicture(file), file.name || "pasted.png");
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        notify(`${file.name || "The picture"}: ${error.message}`);
      }
    }
  }

  #add({ canvas, pixels, alpha }, name, file = name) {
    const image = prepare(pixels, alpha, this.model.info);
    this.#keep({ name, file, original: canvas, levels: Uint8Array.from(image.data) });
  }

  #keep(picture) {
    this.#pictures = [picture, ...this.#pictures].slice(0, MOST);
    this.list.replaceChildren(...this.#pictures.map((each) => {
      const item = button("", () => this.#select(each), { className: "picture", "aria-label": `Show ${each.name}` });
      item.append(toCanvas(each.levels, this.model.imageShape));
      return item;
    }));
    this.store.update({ tab: "pictures" });
    this.#select(picture);
  }

  #select(picture) {
    const { imageShape: shape } = this.model, { label } = this.store.state;
    const result = this.model.encode(picture.levels, label);
    const levels = toLevels(result.reconstruction);
    const difference = picture.levels.map((value, i) => Math.min(255, Math.abs(value - levels[i])));
    const figures = [...(picture.original ? [[picture.original, "picture"]] : []),
      [toCanvas(picture.levels, shape), "as the model sees it"], [toCanvas(levels, shape), "reconstruction"],
      [toCanvas(difference, shape), "difference"]];
    const nats = (value) => `${value.toFixed(1)} nats`;
    const rows = [["Log-likelihood", nats(result.logLikelihood)], ["KL", nats(result.kl)],
      ["ELBO", nats(result.logLikelihood - result.kl)],
      ...(result.percentile === null ? [] : [["Unlike the training images",
        `more than ${result.percentile.toFixed(1)} % of validation images`]])];
    this.result.replaceChildren(
      make("h3", {}, picture.name),
      make("div", { className: "figures" }, ...figures.map(([canvas, text]) => (
        make("figure", {}, canvas, make("figcaption", {}, text))))),
      make("dl", {}, ...rows.flatMap(([term, text]) => [make("dt", {}, term), make("dd", {}, text)])),
      make("div", { className: "buttons" },
        button("Go there", () => this.#go(result.mean, picture.file)),
        button("Add to the path", () => this.path.add(picture.name, result.mean, picture.file))));
    this.#go(result.mean, picture.file);
  }

  #go(z, file) {
    this.store.update({ z: Float32Array.from(z), origin: file && { kind: "own", file } });
  }

  /** Offer the validation images that came with the page. */
  #validation() {
    const { pictures } = this.contents, size = this.model.imageShape.reduce((a, b) => a * b, 1);
    if (!pictures || pictures.length % size) return make("span");
    const items = Array.from({ length: pictures.length / size }, (_, i) => {
      const picture = { name: `validation image ${i}`, file: null, original: null };
      picture.levels = pictures.slice(i * size, (i + 1) * size);
      const item = button("", () => this.#keep(picture), {
        className: "picture", "aria-label": `Show ${picture.name}`,
      });
      item.append(toCanvas(picture.levels, this.model.imageShape));
      return item;
    });
    return make("details", {}, make("summary", {}, `${items.length} validation images`),
      make("div", { className: "grid small" }, ...items));
  }
}
