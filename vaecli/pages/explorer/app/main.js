import { Model } from "../model/model.js";
import { toCanvas, toLevels } from "../pictures/images.js";
import { About, problemText } from "./about.js";
import { fromFragment, toFragment } from "./address.js";
import { Bars } from "./bars.js";
import { Classes } from "./classes.js";
import { readContents } from "./contents.js";
import { byId, copyText, notify } from "./dom.js";
import { takeFiles } from "./files.js";
import { inNextFrame, Loop } from "./loop.js";
import { Own } from "./own.js";
import { Path } from "./path.js";
import { Plane } from "./plane.js";
import { Samples } from "./samples.js";
import { Sliders } from "./sliders.js";
import { Store } from "./store.js";
import { Tabs } from "./tabs.js";
import { offerThemes } from "./theme.js";
import { View } from "./view.js";

const SLOW = 16, PATIENCE = 200; // milliseconds of a decode: of a slow one, and of one that is not repeated
const TIMED = 12; // decodes: the browser compiles the first ones while it runs them
const MOST_FILE = 2 ** 27; // bytes of a model file
const blank = document.body.cloneNode(true); // the page before a model fills it

/** Fill the page with a model. */
function show(model, contents) {
  const store = new Store(fromFragment(location.hash, initialState(model), model)), loop = new Loop();
  const page = { model, store, loop, contents };
  byId("name").textContent = contents.name;
  byId("summary").textContent = summary(model);
  document.title = `${contents.name} – latent space`;
  const view = new View(page), plane = new Plane(page), path = new Path(page);
  const own = new Own({ ...page, path });
  new Bars(page);
  const tabs = new Tabs(store, [
    { name: "sliders", title: "Sliders", tool: new Sliders(page) },
    { name: "samples", title: "Samples", tool: new Samples(page) },
    { name: "path", title: "Path", tool: path },
    { name: "pictures", title: "Pictures", tool: own },
    { name: "classes", title: "Classes", tool: new Classes(page) },
  ]);
  const about = new About({ ...page, openFile: openModel });
  byId("copy-link").addEventListener("click", () => {
    copyText(location.href.split("#")[0] + toFragment(store.state), "Link");
  });
  keepAddress(store);
  offerThemes(() => plane.refresh());
  loop.later("check", 0, check(model, (parts, milliseconds) => {
    loop.pause = milliseconds > SLOW ? 2 * milliseconds : 0;
    about.show(parts, milliseconds);
    if (loop.pause) byId("summary").textContent += ` · a picture takes ${Math.round(milliseconds)} ms`;
    plane.refresh();
  }));
  current = { own, view, tabs, store };
}

let current = null;

/** Return the state of the page before the address or a person changes it. */
function initialState(model) {
  const { used } = model.space, others = [...model.space.mean.keys()].filter((i) => !used.includes(i));
  const [first, second = first] = [...used, ...others];
  return {
    z: Float32Array.from(model.space.mean), label: null, origin: null, plane: [first, second], tab: "sliders",
    sample: { seed: 0n, first: 0n, temperature: 1, prior: null, label: null },
    path: { stops: [], kind: "even", steps: 11 },
  };
}

/** Keep the address in step with the state, and the state with an address that the user changes. */
function keepAddress(store) {
  let timer = null;
  store.subscribe(() => {
    clearTimeout(timer);
    timer = setTimeout(() => history.replaceState(null, "", toFragment(store.state)), 300);
  });
  addEventListener("hashchange", () => location.reload());
}

function summary(model) {
  const { info, space } = model, [height, width, channels] = info.image_shape;
  const size = `${height} × ${width}${channels === 3 ? " RGB" : ""}`;
  return `${info.network} · ${size} · ${space.used.length} of ${info.latent_dim} dimensions used`;
}

/** Run the golden vectors, after the first picture, and take the time of a decode: the least of a few. */
function* check(model, done) {
  yield;
  const parts = model.check(), z = Float32Array.from(model.space.mean), times = [];
  for (let i = 0; i < TIMED && (times[0] ?? 0) < PATIENCE; i++) {
    yield;
    const start = performance.now();
    model.decode(z);
    times.push(performance.now() - start);
  }
  done(parts, Math.min(...times));
}

/** Open model files in place of the page's own: decoder.onnx, perhaps encoder.onnx. */
async function openModel(files) {
  try {
    const large = files.find((file) => file.size > MOST_FILE);
    if (large) return notify(`${large.name}: a model file must have at most ${MOST_FILE / 2 ** 20} MB.`);
    const contents = await Promise.all(files.slice(0, 2).map(async (file) => new Uint8Array(await file.arrayBuffer())));
    const place = files.findIndex((file) => !file.name.toLowerCase().includes("encoder"));
    const model = await Model.open(contents[Math.max(0, place)], files.length > 1 ? contents[1 - place] : null);
    model.decode(Float32Array.from(model.space.mean)); // a graph that cannot be computed is refused here
    history.replaceState(null, "", location.href.split("#")[0]);
    document.body.replaceWith(blank.cloneNode(true));
    show(model, { name: model.info.name, model: "MODEL", pictures: null });
    notify(`Opened ${files[0].name}.`);
  } catch (error) {
    notify(`${files[0].name}: ${problemText(error)}`);
  }
}

/** Show a picture as soon as the decoder is there, and the rest of the page when the encoder is, too. */
async function start() {
  performance.mark("script");
  try {
    const { decoder, encoder, ...contents } = await readContents(byId("contents").textContent);
    const model = await Model.open(decoder);
    performance.mark("decoder");
    await showPicture(model);
    performance.mark("first picture");
    if (encoder) await model.addEncoder(await encoder());
    show(model, contents);
    performance.mark("complete");
  } catch (error) {
    byId("summary").textContent = problemText(error);
  }
  takeFiles({ openPictures: (files) => current?.own.open(files), openModel });
}

/** Draw the picture that the address names, and wait until it has been painted. */
async function showPicture(model) {
  const { z, label } = fromFragment(location.hash, initialState(model), model);
  toCanvas(toLevels(model.decode(z, label)), model.imageShape, byId("picture"));
  await new Promise((resolve) => { inNextFrame(() => setTimeout(resolve)); });
}

start();
