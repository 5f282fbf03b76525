import { Problem } from "../engine/problem.js";
import { floats } from "../engine/tensors.js";
import { readModelFile } from "./file.js";
import { checkGolden } from "./golden.js";
import { unpackAll } from "./packed.js";
import { Priors } from "./priors.js";
import { measure, percentile } from "./score.js";
import { latentSpace } from "./space.js";

/** A model that is ready to run: decoder, perhaps an encoder, and what the decoder file says of the latent space. */
export class Model {
  /**
   * Open a model.
   * @param {Uint8Array} decoder content of decoder.onnx.
   * @param {Uint8Array | null} encoder content of encoder.onnx.
   */
  static async open(decoder, encoder = null) {
    const model = Model.#of(await readModelFile(decoder, "decoder"));
    if (encoder) await model.addEncoder(encoder);
    return model;
  }

  static #of(decoder) {
    try {
      return new Model(decoder);
    } catch (error) {
      throw new Problem(`The metadata of the file do not fit: ${error.message}.`);
    }
  }

  constructor(decoder) {
    this.decoder = decoder;
    this.encoder = null;
    this.info = decoder.info;
    this.latentDim = this.info.latent_dim;
    this.imageShape = this.info.image_shape;
    this.classNames = this.info.class_names;
    this.isConditional = this.info.inputs.includes("label");
    this.facts = unpackAll(decoder.metadata.get("vaecli.facts"));
    this.score = decoder.metadata.has("vaecli.score") ? unpackAll(decoder.metadata.get("vaecli.score")) : null;
    this.priors = new Priors(this.info, decoder.metadata.get("vaecli.prior"));
    this.space = latentSpace(this.facts, this.latentDim);
  }

  /** Add the content of encoder.onnx. */
  async addEncoder(content) {
    const encoder = await readModelFile(content, "encoder");
    if (encoder.info.model_id !== this.info.model_id) {
      throw new Problem("The two files belong to two models. Copy both from one export.");
    }
    this.encoder = encoder;
  }

  /** Run the golden vectors of all files; return the part and the result of `checkGolden` for each. */
  check() {
    const parts = { decoder: this.decoder, encoder: this.encoder };
    return Object.entries(parts).filter(([, file]) => file).map(([part, file]) => {
      const text = file.metadata.get("vaecli.golden");
      return { part, ...(text ? checked(file, text) : { vectors: 0, checks: [] }) };
    });
  }

  /** Compute the mean image of a latent: H * W * C values in [0, 1], rows first. */
  decode(z, label = null) {
    const { data } = this.decoder.session.run(this.#inputs("z", [this.latentDim], z, label), ["image"]).image;
    if (data.length !== this.imageShape.reduce((product, size) => product * size, 1)) {
      throw new Problem("The model computes images of another size than its description says.");
    }
    return data;
  }

  /** Encode an image of pixels 0 to 255, and measure its reconstruction. */
  encode(pixels, label = null) {
    const image = Float32Array.from(pixels, (value) => value / 255);
    const inputs = this.#inputs("image", this.imageShape, image, label);
    const posterior = this.encoder.session.run(inputs, ["z_mean", "z_log_var"]);
    const [mean, logVar] = [posterior.z_mean.data, posterior.z_log_var.data];
    const names = ["image", ...this.info.likelihood.outputs];
    const tensors = this.decoder.session.run(this.#inputs("z", [this.latentDim], mean, label), names);
    const outputs = Object.fromEntries(names.map((name) => [name, tensors[name].data]));
    const measured = measure(this.info, image, { mean, logVar }, outputs);
    return {
      mean, image, reconstruction: outputs.image, ...measured,
      percentile: this.score ? percentile(this.score, mean, measured) : null,
    };
  }

  #inputs(name, shape, values, label) {
    const inputs = { [name]: floats([1, ...shape], values) };
    if (this.isConditional) {
      const oneHot = new Float32Array(this.classNames.length);
      if (label !== null) oneHot[label] = 1;
      inputs.label = floats([1, oneHot.length], oneHot);
    }
    return inputs;
  }
}

/** Run the golden vectors of a file; malformed ones count as one that fails. */
function checked(file, text) {
  try {
    return checkGolden(file.session, text, file.info.precision);
  } catch {
    return { vectors: 1, checks: [{ output: "malformed vectors", difference: Infinity, bound: 0, passed: false }] };
  }
}
