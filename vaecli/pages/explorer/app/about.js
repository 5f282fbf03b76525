import { Problem } from "../engine/problem.js";
import { button, byId, make } from "./dom.js";

const SLOW = 16; // milliseconds of a decode from which the page updates less often
const SLOW_NOTE = ": too slow for every frame, so pictures follow later";
const COLUMNS = ["file", "output", "vectors", "difference", "bound", ""];

/** The dialog about the model: what it is, whether the page computes it right, and other models. */
export class About {
  #dialog = byId("about");

  constructor({ model, contents, openFile, source }) {
    Object.assign(this, { model, contents, openFile, source });
    byId("check").addEventListener("click", () => this.#dialog.showModal());
    this.#dialog.addEventListener("click", (event) => {
      if (event.target === this.#dialog) this.#dialog.close();
    });
  }

  /** Show the result of the golden vectors, and the time of a decode in milliseconds. */
  show(parts, milliseconds) {
    const checks = parts.flatMap((part) => part.checks), vectors = parts.reduce((sum, part) => sum + part.vectors, 0);
    const failed = checks.filter((check) => !check.passed).length, badge = byId("check");
    badge.dataset.state = failed ? "bad" : vectors ? "good" : "none";
    const texts = { bad: "Computes something else", good: `✓ ${vectors} of ${vectors} checks`, none: "No checks" };
    badge.textContent = texts[badge.dataset.state];
    badge.title = "Whether this browser computes what was trained. Press for more about the model.";
    this.#fill(parts, failed, milliseconds);
  }

  #fill(parts, failed, milliseconds) {
    const { info } = this.model;
    const rows = [
      ["Model", info.name], ["Network", `${info.network}, images of ${info.image_shape.join(" × ")}`],
      ["Latent space", `${info.latent_dim} dimensions, ${this.model.space.used.length} used`],
      ["Likelihood", info.likelihood.name],
      ["Prior", info.prior.name === "normal" ? "N(0, I)" : "mixture of Gaussians"],
      ["Trained on", `${info.data.name}, ${info.data.count.toLocaleString("en")} images`],
      ["Files", parts.map(({ part }) => `${part} (${this.model[part].info.precision})`).join(", ")],
      ["A decode", `${milliseconds.toFixed(1)} ms${milliseconds > SLOW ? SLOW_NOTE : ""}`],
    ];
    this.#dialog.replaceChildren(
      make("h2", { id: "about-title" }, "About this page"),
      make("p", {}, failed
        ? "This browser does not compute what was trained. Do not trust these pictures."
        : "The page ran the test vectors in the model files. This browser computes what was trained:"),
      this.#checkTable(parts),
      make("dl", {}, ...rows.flatMap(([term, text]) => [make("dt", {}, term), make("dd", {}, text)])),
      make("p", {}, this.#privacy()),
      make("p", {}, "Another decoder.onnx that vaecli made can be dropped anywhere on the page, or chosen: ",
        make("input", { type: "file", accept: ".onnx", multiple: true, "aria-label": "Model files",
          on: { change: (event) => this.openFile([...event.target.files]) } })),
      make("p", { className: "small" }, "GIFs are written with gifenc, © 2017 Matt DesLauriers, MIT licence."),
      button("Close", () => this.#dialog.close(), { autofocus: true }),
    );
  }

  #checkTable(parts) {
    const cells = (tag, texts) => texts.map((text) => make(tag, {}, text));
    const rows = parts.flatMap(({ part, vectors, checks }) => (
      [...new Set(checks.map((check) => check.output))].map((output) => {
        const { difference, bound, passed } = worstOf(checks.filter((check) => check.output === output));
        const numbers = [String(vectors), difference.toExponential(1), bound.toExponential(1)];
        return [part, output, ...numbers, passed ? "pass" : "FAIL"];
      })));
    return make("table", {}, make("thead", {}, make("tr", {}, ...cells("th", COLUMNS))),
      make("tbody", {}, ...rows.map((row) => make("tr", {}, ...cells("td", row)))));
  }

  #privacy() {
    const { examples } = this.model.facts;
    const holds = ["the model", ...(examples ? [`latents of ${examples.shape[0]} validation images`] : []),
      ...(this.contents.pictures ? ["validation images"] : [])];
    return `This file holds ${holds.join(", ")}. It loads nothing, sends nothing and stores nothing: `
      + "pictures that you open stay in this browser.";
  }
}

function worstOf(checks) {
  return checks.reduce((a, b) => (b.difference / b.bound > a.difference / a.bound ? b : a));
}

/** Say what is wrong with a file, if it is a problem that the page knows; else pass the error on. */
export function problemText(error) {
  if (error instanceof Problem) return error.message;
  if (error instanceof RangeError || error instanceof TypeError) return "The file cannot be read as a model.";
  throw error;
}
