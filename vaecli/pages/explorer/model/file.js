import { readGraph } from "../engine/graph.js";
import { Problem } from "../engine/problem.js";
import { Session } from "../engine/session.js";
import { digest } from "./digest.js";

const FORMAT = "2";
const LIKELIHOODS = ["bernoulli", "continuous-bernoulli", "gaussian", "logistic"], PRIORS = ["normal", "mixture"];
const MOST_PIXELS = 2 ** 22, MOST_DIMENSIONS = 4096;

/**
 * A file of a model: its description, its metadata, and its graph, ready to run.
 * @typedef {{info: object, metadata: Map<string, string>, session: Session, bytes: Uint8Array}} ModelFile
 */

/**
 * Read a decoder.onnx or encoder.onnx that vaecli made.
 * @param {Uint8Array} bytes
 * @param {"encoder" | "decoder"} part
 * @returns {Promise<ModelFile>}
 */
export async function readModelFile(bytes, part) {
  const graph = readGraph(bytes), { metadata } = graph;
  if (!metadata.has("vaecli.format") || !metadata.has("vaecli.info")) {
    throw new Problem("This is an ONNX file, but not one that vaecli made.");
  }
  if (metadata.get("vaecli.format") !== FORMAT) {
    throw new Problem("Another version of vaecli made this file, which the page does not know.");
  }
  const computed = await digest(bytes, graph.digestStart);
  if (computed !== null && computed !== metadata.get("vaecli.sha256")) {
    throw new Problem("The file is damaged: its content does not match the SHA-256 in it. Copy it again.");
  }
  const info = parse(metadata.get("vaecli.info"));
  if (!isComplete(info)) {
    throw new Problem("The description in the file is malformed.");
  }
  requireKnown(info, graph, part);
  return { info, metadata, session: new Session(graph), bytes };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem("The description in the file is malformed.");
  }
}

/** Say whether a description has the entries that the page reads, with their types. */
function isComplete(info) {
  const isText = (value) => typeof value === "string", isList = Array.isArray;
  return [info?.name, info?.network, info?.likelihood?.name, info?.prior?.name, info?.data?.name].every(isText)
    && [info.inputs, info.class_names, info.image_shape, info.likelihood.outputs].every(isList)
    && [...info.image_shape, info.latent_dim, info.data.count].every(Number.isInteger)
    && isText(info.preparation?.photo) && info.class_names.every(isText);
}

function requireKnown(info, graph, part) {
  if (info.part !== part) {
    throw new Problem(`The file must be ${part}.onnx, and is ${String(info.part).slice(0, 20)}.onnx.`);
  }
  const inputs = [part === "encoder" ? "image" : "z", ...(info.inputs.includes("label") ? ["label"] : [])];
  const outputs = part === "encoder" ? ["z_mean", "z_log_var"] : ["image", ...info.likelihood.outputs];
  const isKnown = LIKELIHOODS.includes(info.likelihood.name) && PRIORS.includes(info.prior.name)
    && sameNames(graph.inputs, inputs) && sameNames(graph.outputs, outputs)
    && info.image_shape.length === 3 && [1, 3].includes(info.image_shape[2])
    && info.image_shape[0] * info.image_shape[1] <= MOST_PIXELS
    && info.latent_dim >= 1 && info.latent_dim <= MOST_DIMENSIONS;
  if (!isKnown) {
    throw new Problem("The file needs something that this page does not know. A newer vaecli writes a newer page.");
  }
}

function sameNames(actual, expected) {
  return actual.toSorted().join() === expected.toSorted().join();
}
