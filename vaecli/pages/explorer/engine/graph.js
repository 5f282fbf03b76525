import { OPERATORS } from "./operators.js";
import { Problem } from "./problem.js";
import { fields, packedIntegers, text } from "./protobuf.js";
import { ELEMENT_TYPES, fromBytes } from "./tensors.js";

const MOST_NODES = 1000, MOST_BYTES = 2 ** 27;

/**
 * A model file. Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 * @typedef {{
 *   nodes: {operator: string, inputs: string[], outputs: string[], attributes: object}[],
 *   constants: Map<string, import("./tensors.js").Tensor>,
 *   inputs: string[], outputs: string[],
 *   metadata: Map<string, string>, digestStart: number,
 * }} Graph
 */

/** Read a model file that vaecli made: its graph and its metadata. */
export function readGraph(bytes) {
  if (bytes.length > MOST_BYTES) {
    throw new Problem(`The file must have at most ${MOST_BYTES / 2 ** 20} MB.`);
  }
  const graph = {
    nodes: [], constants: new Map(), inputs: [], outputs: [], metadata: new Map(), digestStart: -1, opset: 0,
  };
  let hasGraph = false;
  for (const field of fields(bytes)) {
    if (field.number === 7) {
      hasGraph = true;
      readBody(bytes, field, graph);
    } else if (field.number === 14) {
      readEntry(bytes, field, graph);
    }
  }
  if (!hasGraph) {
    throw new Problem("This is not a complete ONNX file.");
  }
  return graph;
}

function readBody(bytes, { start, end }, graph) {
  for (const field of fields(bytes, start, end)) {
    if (field.number === 1) {
      graph.nodes.push(readNode(bytes, field));
    } else if (field.number === 5) {
      const { name, tensor } = readTensor(bytes, field);
      graph.constants.set(name, tensor);
    } else if (field.number === 11 || field.number === 12) {
      const name = [...fields(bytes, field.start, field.end)].find((part) => part.number === 1);
      graph[field.number === 11 ? "inputs" : "outputs"].push(name ? text(bytes, name.start, name.end) : "");
    }
  }
  if (graph.nodes.length > MOST_NODES) {
    throw new Problem(`The model must have at most ${MOST_NODES} operators, and has ${graph.nodes.length}.`);
  }
}

function readNode(bytes, { start, end }) {
  const node = { operator: "", inputs: [], outputs: [], attributes: {} };
  let domain = "";
  for (const field of fields(bytes, start, end)) {
    const content = () => text(bytes, field.start, field.end);
    if (field.number === 1) node.inputs.push(content());
    if (field.number === 2) node.outputs.push(content());
    if (field.number === 4) node.operator = content();
    if (field.number === 5) Object.assign(node.attributes, readAttribute(bytes, field));
    if (field.number === 7) domain = content();
  }
  if (domain || !Object.hasOwn(OPERATORS, node.operator)) {
    throw new Problem(`The model has an operator that vaecli does not write: ${node.operator.slice(0, 40)}.`);
  }
  return node;
}

function readAttribute(bytes, { start, end }) {
  let name = "", value = null;
  for (const field of fields(bytes, start, end)) {
    if (field.number === 1) name = text(bytes, field.start, field.end);
    if (field.number === 3) value = field.value;
    if (field.number === 4) value = text(bytes, field.start, field.end);
    if (field.number === 8) value = [...(value ?? []), ...repeated(bytes, field)];
  }
  return { [name]: value };
}

function readTensor(bytes, { start, end }) {
  let name = "", kind = 0, content = bytes.subarray(0, 0);
  const shape = [];
  for (const field of fields(bytes, start, end)) {
    if (field.number === 1) shape.push(...repeated(bytes, field));
    if (field.number === 2) kind = field.value;
    if (field.number === 8) name = text(bytes, field.start, field.end);
    if (field.number === 9) content = bytes.subarray(field.start, field.end);
  }
  if (!Object.hasOwn(ELEMENT_TYPES, kind)) {
    throw new Problem("A constant of the model has an element type that vaecli does not write.");
  }
  return { name, tensor: fromBytes(ELEMENT_TYPES[kind], shape, content) };
}

function readEntry(bytes, { start, end }, graph) {
  let key = "", value = "", valueStart = 0;
  for (const field of fields(bytes, start, end)) {
    if (field.number === 1) key = text(bytes, field.start, field.end);
    if (field.number === 2) {
      value = text(bytes, field.start, field.end);
      valueStart = field.start;
    }
  }
  graph.metadata.set(key, value);
  if (key === "vaecli.sha256") {
    graph.digestStart = valueStart;
  }
}

function repeated(bytes, field) {
  return field.wire === 2 ? packedIntegers(bytes, field.start, field.end) : [field.value];
}
