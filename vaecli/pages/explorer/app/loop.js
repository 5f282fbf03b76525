const BUDGET = 8, RESTING_BUDGET = 30; // milliseconds of a frame for the background: while a person moves, and else
const RESTING = 400; // milliseconds after the last move

/**
 * The page's work, a little in each frame: what is urgent first, then jobs in the background.
 *
 * A job is a generator that yields after each step, of a few milliseconds. A job replaces one of the same name.
 */
export class Loop {
  #urgent = new Map();
  #jobs = new Map(); // name -> {steps, priority}
  #isWaiting = false;
  pause = 0; // milliseconds between two urgent runs, for slow models
  #last = -Infinity; // when urgent work was done
  #touched = -Infinity; // when a person moved something

  /** Run a function in the next frame, once. */
  soon(name, work) {
    this.#urgent.set(name, work);
    this.#wake();
  }

  /** Leave more of each frame to the browser for a while: a person moves something. */
  touch() {
    this.#touched = performance.now();
  }

  /** Run a job in the background; those of a lower number first. */
  later(name, priority, steps) {
    this.#jobs.set(name, { priority, steps });
    this.#wake();
  }

  /** Forget a job. */
  drop(name) {
    this.#jobs.delete(name);
  }

  #wake() {
    if (!this.#isWaiting) {
      this.#isWaiting = true;
      inNextFrame(() => { this.#isWaiting = false; this.#run(); });
    }
  }

  #run() {
    const start = performance.now();
    if (this.#urgent.size && start - this.#last >= this.pause) {
      const works = [...this.#urgent.values()];
      this.#urgent.clear();
      works.forEach((work) => work());
      this.#last = performance.now();
    }
    const budget = start - this.#touched < RESTING ? BUDGET : RESTING_BUDGET;
    while (this.#jobs.size && performance.now() - start < budget) {
      const [name, job] = [...this.#jobs].reduce((a, b) => (b[1].priority < a[1].priority ? b : a));
      if (job.steps.next().done && this.#jobs.get(name) === job) {
        this.#jobs.delete(name);
      }
    }
    if (this.#urgent.size || this.#jobs.size) {
      this.#wake();
    }
  }
}

/** Run a function in the next frame, or soon on a hidden page, which gets no frames. */
export function inNextFrame(work) {
  if (document.hidden) setTimeout(work, 50);
  else requestAnimationFrame(work);
}
