import { announce, button, make } from "./dom.js";

const SIDE = 280, PEN = 18;
const CELLS = 20, CELL = SIDE / CELLS; // of the cursor that the arrow keys move
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** A sheet of paper to draw on, with mouse, pen, finger or keys. */
export class Drawing {
  #cursor = [CELLS / 2, CELLS / 2]; // column and row of a cell
  #isDown = false; // whether the pen of the keyboard is on the paper

  /** @param {(canvas: HTMLCanvasElement) => void} use gets a copy of the drawing. */
  constructor(use) {
    this.canvas = make("canvas", {
      width: SIDE, height: SIDE, className: "paper", tabIndex: 0, role: "application",
      "aria-label": "Paper to draw on", "aria-describedby": "paper-help",
    });
    this.mark = make("span", { className: "cursor", "aria-hidden": "true" });
    this.element = make("details", {}, make("summary", {}, "Draw one"),
      make("p", { id: "paper-help", className: "small" },
        "With mouse, pen or finger; or with the arrow keys, where Space puts the pen down and lifts it."),
      make("div", { className: "sheet" }, this.canvas, this.mark),
      make("div", { className: "buttons" },
        button("Use the drawing", () => use(this.#copy())), button("Clear", () => this.#clear())));
    this.#listen();
    this.#clear();
    this.#showCursor();
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
    canvas.addEventListener("keydown", (event) => this.#onKey(event));
    canvas.addEventListener("blur", () => {
      this.#isDown = false;
      this.#showCursor();
    });
  }

  #onKey(event) {
    const step = ARROWS[event.key];
    if (!step && event.key !== " ") return;
    event.preventDefault();
    const from = this.#centre();
    if (step) {
      this.#cursor = this.#cursor.map((place, i) => Math.min(CELLS - 1, Math.max(0, place + step[i])));
    } else if (!event.repeat) {
      this.#isDown = !this.#isDown;
    }
    if (this.#isDown) {
      this.last = from;
      this.#line(this.#centre());
    }
    this.#showCursor();
    const [column, row] = this.#cursor;
    announce(`Column ${column + 1}, row ${row + 1} of ${CELLS}, pen ${this.#isDown ? "down" : "up"}`);
  }

  #centre() {
    return this.#cursor.map((place) => (place + 0.5) * CELL);
  }

  #showCursor() {
    const [left, top] = this.#centre().map((place) => `${(100 * place) / SIDE}%`);
    Object.assign(this.mark.style, { left, top });
    this.mark.classList.toggle("down", this.#isDown);
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
