import { latentText } from "./address.js";
import { enlarged, scaleFor, toCanvas, toLevels } from "../pictures/images.js";
import { save, toPng } from "../pictures/downloads.js";
import { nearestClass } from "../model/directions.js";
import { byId, copyText, fillSelect } from "./dom.js";
import { pictureCommand } from "./commands.js";

const LARGE = 512; // pixels of the enlarged download, about

/** The large picture at the latent, and what can be done with it. */
export class View {
  constructor({ model, store, loop, contents }) {
    Object.assign(this, { model, store, loop, contents });
    store.subscribe((_, changed) => {
      if (!changed.has("z") && !changed.has("label")) return;
      loop.touch();
      loop.soon("picture", () => this.#draw());
    });
    byId("to-mean").addEventListener("click", () => store.update({ z: Float32Array.from(model.space.mean) }));
    byId("surprise").addEventListener("click", () => this.#surprise());
    byId("save-png").addEventListener("click", () => this.#save(1));
    byId("save-large").addEventListener("click", () => this.#save(scaleFor(model.imageShape, LARGE)));
    byId("copy-command").addEventListener("click", () => this.#copyCommand());
    if (model.isConditional) this.#offerClasses();
    loop.soon("picture", () => this.#draw());
  }

  /** The levels of the picture that is shown. */
  get levels() {
    return toLevels(this.model.decode(this.store.state.z, this.store.state.label));
  }

  #draw() {
    const { z } = this.store.state, { facts, classNames, space } = this.model;
    toCanvas(this.levels, this.model.imageShape, byId("picture"));
    const far = Math.hypot(...Array.from(z, (value, i) => (value - space.mean[i]) / space.deviation[i]));
    const near = facts.class_means && facts.class_counts
      ? `Nearest class mean: ${classNames[nearestClass(z, facts)]}. ` : "";
    byId("reading").textContent = `${near}${(far / Math.sqrt(z.length)).toFixed(2)} deviations from the mean.`;
    byId("picture").setAttribute("aria-label", `The decoded picture. ${byId("reading").textContent}`);
    byId("picture").dataset.z = latentText(z);
  }

  #surprise() {
    const { store, model } = this, index = BigInt(Math.floor(Math.random() * 1e6)), sample = store.state.sample;
    const z = model.priors.draw(sample.seed, index, sample);
    store.update({ z, origin: { kind: "sample", sample: { ...sample }, index }, ...this.#givenBy(sample) });
  }

  #givenBy(sample) {
    return this.model.isConditional ? { label: sample.label } : {};
  }

  async #save(scale) {
    const large = enlarged(this.levels, this.model.imageShape, scale);
    save(await toPng(large.levels, large.shape), `${this.contents.name}${scale > 1 ? `-${scale}x` : ""}.png`);
  }

  #copyCommand() {
    copyText(pictureCommand(this.contents.model, this.store.state, this.model.classNames), "Command");
  }

  #offerClasses() {
    const pairs = [["", "none"], ...this.model.classNames.map((name, i) => [i, name])], { store } = this;
    byId("given").hidden = false;
    fillSelect(byId("label"), pairs, store.state.label ?? "");
    byId("label").addEventListener("change", (event) => {
      store.update({ label: event.target.value === "" ? null : Number(event.target.value), origin: null });
    });
    store.subscribe((state) => { byId("label").value = state.label ?? ""; });
  }
}
