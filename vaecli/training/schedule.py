"""The learning rate of every step, Adam's memory, the order of the images in every epoch: functions, no state."""

import numpy as np

from vaecli.choices import Schedule

WARM_UP = 0.03  # of all steps, within these limits: shorter ones kill ReLU units, longer ones waste time
WARM_UP_STEPS = (100.0, 400.0)


def learning_rates(
    first: int, count: int, *, total: int, peak: float, schedule: Schedule = "cosine"
) -> np.ndarray:
    """Learning rates of steps `first` to `first + count - 1`, (count,) float32.

    Args:
        first: the number of the first step.
        count: how many.
        total: the steps of the whole run; from there on the cosine gives zero.
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
    """Adam's memory of squared gradients: 100 steps under the cosine, the classic 1,000 at a constant rate.

    With a short memory it follows gradients whose size changes fast, as it does where the rate is high early.
    """
    return 0.999 if schedule == "constant" else 0.99


def epoch_order(count: int, *, seed: int, epoch: int) -> np.ndarray:
    """The order of `count` images in an epoch, (count,) int32, from (seed, epoch) alone."""
    generator = np.random.Generator(np.random.Philox(key=np.array([seed, epoch], np.uint64)))
    keys = generator.bit_generator.random_raw(count)  # raw words: numpy promises no stream beyond them
    return np.argsort(keys, kind="stable").astype(np.int32)
