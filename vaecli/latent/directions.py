"""Directions in the latent space: from the mean of some images to the mean of others."""

import re

import numpy as np
import numpy.typing as npt

from vaecli.checks import shown
from vaecli.errors import OptionError

MOST_AMOUNTS = 1000
LARGEST_AMOUNT = 1000.0
REACH = 1.75  # with KEPT, chosen on validation images; examples/benchmarks/edit.py measures their effect
KEPT = 0.5  # of what sets a latent apart from the start

Float64 = npt.NDArray[np.float64]


def parse_amounts(text: str, *, option: str = "--amount") -> Float64:
    """Return the amounts of `start:stop:count`, evenly spaced with both ends, or of a single number.

    Raises:
        OptionError: another text, or numbers out of range.
    """
    parts = text.split(":")
    form = f"{option} must be a number, or START:STOP:COUNT such as 0:1:9, got {shown(text)}."
    if len(parts) not in {1, 3}:
        raise OptionError(form, option=option)
    try:
        ends = [float(part) for part in parts[:2]]
    except ValueError as error:
        raise OptionError(form, option=option) from error
    if not all(np.isfinite(ends)) or max(map(abs, ends)) > LARGEST_AMOUNT:
        raise OptionError(
            f"{option} must be from -{LARGEST_AMOUNT:g} to {LARGEST_AMOUNT:g}, got {shown(text)}.",
            option=option,
        )
    if len(parts) == 1:
        return np.array(ends)
    if not re.fullmatch(r"\s*[0-9]{1,9}\s*", parts[2]):
        raise OptionError(form, option=option)
    count = int(parts[2])
    if not 1 <= count <= MOST_AMOUNTS or (count == 1 and ends[0] != ends[1]):
        least = 2 if ends[0] != ends[1] else 1
        raise OptionError(
            f"{option} must have a count from {least} to {MOST_AMOUNTS:,}, got {shown(text)}.", option=option
        )
    return np.linspace(ends[0], ends[1], count)


def nearest_class(
    z_mean: npt.ArrayLike, means: Float64, counts: npt.NDArray[np.int64], but: int | None
) -> int:
    """Return the class whose mean (K, D) is nearest to a latent (D,), without the class `but` and empty ones."""
    distances = np.linalg.norm(np.asarray(z_mean, np.float64) - means, axis=1)
    distances[counts == 0] = np.inf
    if but is not None:
        distances[but] = np.inf
    return int(np.argmin(distances))


def moved(
    z_mean: npt.ArrayLike,
    start: npt.ArrayLike,
    goal: npt.ArrayLike,
    amounts: npt.ArrayLike,
    *,
    keeps_all: bool = False,
) -> npt.NDArray[np.float32]:
    """Move a latent (D,) by each amount (N,) along the direction from `start` (D,) to `goal` (D,): (N, D) float32.

    With `keeps_all`, amount 1 adds goal - start: all that sets the latent apart from the start is kept. Such a
    picture is often not seen as one of the goal's class, because what sets it apart fits that class less well. By
    default it is: amount 1 leads to start + REACH (goal - start) + KEPT (z_mean - start).
    """
    origin, first = np.asarray(z_mean, np.float64), np.asarray(start, np.float64)
    reach, kept = (1.0, 1.0) if keeps_all else (REACH, KEPT)
    step = reach * (np.asarray(goal, np.float64) - first) + (kept - 1.0) * (origin - first)
    steps = np.asarray(amounts, np.float64)[:, np.newaxis] * step
    latents: npt.NDArray[np.float32] = (origin + steps).astype(np.float32)
    return latents
