import { button, make } from "./dom.js";

const SIDE = 280, PEN = 18;

/** A sheet of paper to draw on, with mouse, pen or finger. */
export class Drawing {
  /** @param {(canvas: HTMLCanvasElement) => void} use gets a copy of the drawing. */
  constructor(use) {
    this.canvas = make("canvas", {
      width: SIDE, height: SIDE, className: "paper", role: "img",
      "aria-label": "Paper to draw on with mouse, pen or finger",
    });
    this.element = make("details", {}, make("summary", {}, "Draw one"), this.canvas,
      make("div", { className: "buttons" },
        button("Use the drawing", () => use(this.#copy())), button("Clear", () => this.#clear())));
    this.#listen();
    this.#clear();
  }

  #listen() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.last = this.#at(event);
      this.#line(this.last);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) this.#line(this.#at(event));
    });
  }

  #at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * (SIDE / box.width), (event.clientY - box.top) * (SIDE / box.height)];
  }

  #line(to) {
    const context = this.canvas.getContext("2d");
    [context.lineWidth, context.lineCap, context.strokeStyle] = [PEN, "round", "#000"];
    context.beginPath();
    context.moveTo(...this.last);
    context.lineTo(...to);
    context.stroke();
    this.last = to;
  }

  #clear() {
    const context = this.canvas.getContext("2d");
    context.fillStyle = "#fff";
    context.fillRect(0, 0, SIDE, SIDE);
  }

  #copy() {
    const copy = make("canvas", { width: SIDE, height: SIDE });
    copy.getContext("2d").drawImage(this.canvas, 0, 0);
    return copy;
  }
}
