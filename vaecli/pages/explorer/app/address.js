const KINDS = ["linear", "spherical", "even"], MOST_STOPS = 20, MOST_STEPS = 60;

/** Write the state as the fragment of an address. */
export function toFragment(state) {
  const { sample, path } = state;
  const entries = {
    z: latentText(state.z), plane: state.plane.join(), tab: state.tab, label: state.label,
    seed: sample.seed, first: sample.first, temperature: sample.temperature === 1 ? null : sample.temperature,
    prior: sample.prior, class: sample.label, path: path.kind, steps: path.steps,
    stops: path.stops.map((stop) => latentText(stop.z)).join(";") || null,
  };
  const given = Object.entries(entries).filter(([, value]) => value !== null && value !== undefined);
  return "#" + new URLSearchParams(given.map(([name, value]) => [name, String(value)]))
    .toString().replaceAll("%2C", ",").replaceAll("%3B", ";");
}

/** Read a fragment over the state that the page would have without it; what does not fit is left as it is. */
export function fromFragment(fragment, state, model) {
  const entries = new URLSearchParams(fragment.replace(/^#/, "")), text = (name) => entries.get(name) ?? "";
  const integer = (name, least, most, otherwise) => {
    const value = Number(text(name));
    return /^\d{1,9}$/.test(text(name)) && value >= least && value <= most ? value : otherwise;
  };
  const word = (name, otherwise) => (
    /^\d{1,20}$/.test(text(name)) && BigInt(text(name)) < 2n ** 64n ? BigInt(text(name)) : otherwise);
  const plane = text("plane").split(",").map(Number), classes = model.classNames.length;
  const isPlane = /^\d+,\d+$/.test(text("plane")) && plane[0] !== plane[1] && Math.max(...plane) < model.latentDim;
  const temperature = Number(text("temperature") || NaN);
  const stops = text("stops").split(";").map((part) => latentOf(part, model.latentDim)).filter(Boolean);
  return {
    ...state,
    z: latentOf(text("z"), model.latentDim) ?? state.z,
    plane: isPlane ? plane : state.plane,
    tab: /^[a-z]+$/.test(text("tab")) ? text("tab") : state.tab,
    label: model.isConditional ? integer("label", 0, classes - 1, state.label) : null,
    sample: {
      seed: word("seed", state.sample.seed), first: word("first", state.sample.first),
      temperature: temperature >= 0 && temperature <= 10 ? temperature : 1,
      prior: ["normal", "mixture"].includes(text("prior")) ? text("prior") : null,
      label: integer("class", 0, classes - 1, null),
    },
    path: {
      kind: KINDS.includes(text("path")) ? text("path") : state.path.kind,
      steps: integer("steps", 2, MOST_STEPS, state.path.steps),
      stops: stops.slice(0, MOST_STOPS).map((z, i) => ({ name: `stop ${i + 1}`, z, label: null })),
    },
  };
}

/** Write a latent with as many digits as float32 needs. */
export function latentText(z) {
  return Array.from(z, shortest).join();
}

function shortest(value) {
  for (let digits = 1; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return String(rounded);
  }
  return String(Number(value.toPrecision(9)));
}

function latentOf(text, size) {
  const numbers = text.split(",").map((part) => (part.trim() ? Number(part) : NaN));
  const fits = numbers.length === size && numbers.every((value) => Math.abs(value) <= 1e6);
  return fits ? Float32Array.from(numbers) : null;
}
