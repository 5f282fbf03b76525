"""The learning rate of every step, Adam's memory, the order of the images and their batches, without state."""

import numpy as np

from vaecli.choices import Schedule

WARM_UP = 0.03  # of all steps, within the limits below
WARM_UP_STEPS = (100.0, 400.0)  # a shorter warm-up switches ReLU units off for good, a longer one wastes time


def learning_rates(
    first: int, count: int, *, total: int, peak: float, schedule: Schedule = "cosine"
) -> np.ndarray:
    """Return the learning rates of steps `first` to `first + count - 1`, (count,) float32.

    Args:
        first: number of the first step.
        count: number of steps.
        total: number of steps of the run; after them the cosine is zero.
        peak: the highest rate.
        schedule: `cosine`, a linear warm-up and then half a cosine to zero (Loshchilov & Hutter 2017), or
            `constant`.
    """
    steps = np.arange(first, first + count, dtype=np.float64)
    if schedule == "constant":
        return np.full(count, peak, np.float32)
    warm_up = min(np.clip(WARM_UP * total, *WARM_UP_STEPS), total / 2)
    progress = np.clip((steps - warm_up) / max(total - warm_up, 1.0), 0.0, 1.0)
    rates = np.where(steps < warm_up, (steps + 1) / warm_up, 0.5 * (1 + np.cos(np.pi * progress)))
    scaled: np.ndarray = (peak * np.minimum(rates, 1.0)).astype(np.float32)
    return scaled


def beta_2(schedule: Schedule) -> float:
    """Return Adam's beta_2: 0.99 (about 100 steps of memory) for `cosine`, 0.999 (1,000 steps) for `constant`.

    With a short memory Adam follows gradients whose size changes fast, as it does early, at a high rate.
    """
    return 0.999 if schedule == "constant" else 0.99


def epoch_order(count: int, *, seed: int, epoch: int) -> np.ndarray:
    """Return the order of `count` images in an epoch, (count,) int32; it follows from (seed, epoch) alone."""
    generator = np.random.Generator(np.random.Philox(key=np.array([seed, epoch], np.uint64)))
    keys = generator.bit_generator.random_raw(count)  # raw words: numpy promises no stream beyond them
    return np.argsort(keys, kind="stable").astype(np.int32)


def batches_of(positions: np.ndarray, size: int, first: int, count: int) -> np.ndarray:
    """Return up to `count` batches (S, size) of an epoch's positions, from batch number `first` on.

    A smaller last batch is returned alone, as (1, b); past the end of the epoch the shape is (1, 0).
    """
    full = len(positions) // size
    if first >= full:
        return positions[first * size :].reshape(1, -1)
    count = min(count, full - first)
    return positions[first * size : (first + count) * size].reshape(count, size)
