import { OPERATORS } from "./operators.js";
import { Problem } from "./problem.js";

const MOST_ELEMENTS = 2 ** 26, MOST_SECONDS = 20; // of all arrays of a run, and of the run

/** A graph that is ready to run: what depends on constants alone is computed once. */
export class Session {
  #nodes;
  #constants;
  #plans = new Map(); // names of outputs -> the nodes that they need

  /** @param {import("./graph.js").Graph} graph */
  constructor(graph) {
    this.#constants = new Map(graph.constants);
    this.#nodes = graph.nodes.filter((node) => {
      const isConstant = node.inputs.every((name) => this.#constants.has(name));
      if (isConstant) {
        this.#constants.set(node.outputs[0], compute(node, this.#constants));
      }
      return !isConstant;
    });
  }

  /**
   * Compute the named outputs.
   * @param {Record<string, import("./tensors.js").Tensor>} inputs (N, ...) float32.
   * @param {string[]} names of outputs.
   * @returns {Record<string, import("./tensors.js").Tensor>}
   */
  run(inputs, names) {
    const values = new Map([...this.#constants, ...Object.entries(inputs)]), start = performance.now();
    let elements = 0;
    for (const node of this.#plan(names)) {
      const value = compute(node, values);
      values.set(node.outputs[0], value);
      elements += value.data.length;
      if (elements > MOST_ELEMENTS || performance.now() - start > 1000 * MOST_SECONDS) {
        throw new Problem("The model is too large for a page.");
      }
    }
    return Object.fromEntries(names.map((name) => [name, values.get(name)]));
  }

  #plan(names) {
    const key = names.join();
    if (!this.#plans.has(key)) {
      const needed = new Set(names);
      const plan = this.#nodes.toReversed().filter((node) => {
        const isNeeded = needed.has(node.outputs[0]);
        if (isNeeded) {
          node.inputs.forEach((name) => needed.add(name));
        }
        return isNeeded;
      });
      this.#plans.set(key, plan.reverse());
    }
    return this.#plans.get(key);
  }
}

function compute(node, values) {
  const inputs = node.inputs.map((name) => values.get(name));
  try {
    return OPERATORS[node.operator](inputs, node.attributes);
  } catch (error) {
    if (error instanceof Problem) {
      throw error;
    }
    throw new Problem(`The operator ${node.operator} of the model cannot be computed: ${error.message}.`);
  }
}
