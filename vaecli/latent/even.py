"""Paths on which neighbouring decoded pictures have equal distances.

A decoder is not linear: on a straight line in equal steps some pictures barely differ and others jump. Here the
latents stay on the straight line, and their places follow the distance of the decoded pictures.
Source: the length of a curve in the pixel space of a decoder, Shao et al. 2018 (arXiv:1711.08014).
"""

import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from vaecli.choices import PathKind
from vaecli.latent.paths import Latents, through

Decode: TypeAlias = Callable[[Latents], npt.NDArray[Any]]  # (N, D) -> (N, ...)
Float64: TypeAlias = npt.NDArray[np.float64]

BOUND = 1.1  # evenness that a path must have, if a number of steps gives it
GOAL = 1.02  # evenness of a leg at which the search ends
_AIM = 1.08  # evenness by the lengths of the legs, below `BOUND` because steps on a leg differ a little
_ENOUGH = 14  # steps on a leg, in the mean: however long the legs, they divide to within 14 / 13
_TRIES = 6  # numbers of steps
_ROUNDS = 12  # of moving the places by the distances that they gave
_SHARES = 3  # of dividing the steps among the legs
_FINE_PER_STEP, _LEAST_FINE, _MOST_FINE = 4, 64, 1024  # points of a leg at which its length is measured first
_CHUNK = 64  # pictures decoded at a time


class Way(NamedTuple):
    """A path through points.

    Attributes:
        z: (N, D) float32.
        stops: index in `z` of each given point.
    """

    z: Latents
    stops: tuple[int, ...]


def way(
    points: npt.ArrayLike,
    steps: int,
    path: PathKind,
    decode: Decode,
    *,
    chunk: int = _CHUNK,
    most: int | None = None,
) -> Way:
    """Return a path of any kind through all of `points` (P, D).

    `linear` and `spherical` have `steps` latents on each leg, 1 + (P - 1) * (steps - 1) in all. `even` divides that
    number among the legs by the distance of the decoded pictures; each point remains a latent of the path. Where so
    few do not divide evenly it takes more: as few as make the longest step at most `BOUND` times the mean.

    Args:
        points: (P, D), P >= 2.
        steps: number of latents on a leg, the way between two points, both ends included; the mean with `even`.
        path: kind of path.
        decode: latents (N, D) to pictures (N, ...); called only for `even`.
        chunk: number of latents that `decode` gets at a time, at most.
        most: number of latents at most, as long as `steps` needs no more.

    Raises:
        OptionError: fewer than 2 steps, or points that are not finite or of another shape.
    """
    line = through(points, steps, "linear" if path == "even" else path)
    legs = (len(line) - 1) // (steps - 1)
    if path != "even":
        return Way(line, tuple(range(0, len(line), steps - 1)))
    fewest = legs * (steps - 1)
    last = max(fewest, _ENOUGH * legs)
    if most is not None:
        last = max(fewest, min(last, most - 1))
    return _even(line[:: steps - 1], range(fewest, last + 1), decode, chunk)


def distances(z: Latents, decode: Decode, *, chunk: int = _CHUNK) -> Float64:
    """Return the L2 distance between each decoded picture and the next, (N - 1,), of latents (N, D).

    At most `chunk` + 1 pictures are in memory.
    """
    parts, last = [], None
    for start in range(0, len(z), chunk):
        pictures = np.asarray(decode(z[start : start + chunk]), np.float32)
        pictures = pictures.reshape(len(pictures), -1)
        rows = pictures if last is None else np.concatenate([last, pictures])
        parts.append(np.sqrt(np.square(rows[1:] - rows[:-1]).sum(axis=1, dtype=np.float64)))
        last = pictures[-1:]
    return np.concatenate(parts)


def evenness(steps: npt.NDArray[Any]) -> float:
    """Return the largest of the distances `steps` divided by their mean: 1 if all are equal, also if all are 0."""
    mean = float(np.mean(steps))
    return float(np.max(steps)) / mean if mean > 0 else 1.0


def shares(lengths: Sequence[float], steps: int) -> list[int]:
    """Divide `steps` steps among legs, at least one each, so that the longest step is as short as possible.

    The steps on a leg are equally long. The longest is at most `steps` / (`steps` - number of legs) times the mean.
    If all lengths are 0, the legs get equal numbers of steps.
    """
    if len(lengths) == 1:
        return [steps]
    counts = [1] * len(lengths)
    for _ in range(steps - len(lengths)):
        leg = max(range(len(lengths)), key=lambda i: (lengths[i] / counts[i], -counts[i]))
        counts[leg] += 1
    return counts


def _even(points: Latents, totals: range, decode: Decode, chunk: int) -> Way:
    """Return the first path, by its number of steps, that is within `BOUND`, else the most even of those tried."""
    legs = list(itertools.pairwise(points))
    fine = int(np.clip(_FINE_PER_STEP * totals[0] // len(legs), _LEAST_FINE, _MOST_FINE)) + 1
    line = np.linspace(0.0, 1.0, fine)
    cumulative = [_cumulative(_on(leg, line), decode, chunk) for leg in legs]
    lengths = [float(length[-1]) for length in cumulative]
    even = [steps for steps in totals if _divided(lengths, steps) <= (BOUND if steps == totals[0] else _AIM)]
    best, best_evenness = Way(points, ()), np.inf
    for steps in even[:_TRIES] or totals[-1:]:
        path, measured = _with_steps(
            legs, steps, line=line, cumulative=cumulative, decode=decode, chunk=chunk
        )
        if measured < best_evenness:
            best, best_evenness = path, measured
        if measured <= BOUND:
            break
    return best


def _divided(lengths: Sequence[float], steps: int) -> float:
    """Return the longest over the mean step if `steps` are divided among legs of these lengths."""
    counts = shares(lengths, steps)
    steps_of_legs = [length / count for length, count in zip(lengths, counts, strict=True)]
    return evenness(np.repeat(steps_of_legs, counts))


def _with_steps(
    legs: list[tuple[Latents, Latents]],
    steps: int,
    *,
    line: Float64,
    cumulative: list[Float64],
    decode: Decode,
    chunk: int,
) -> tuple[Way, float]:
    """Return the most even of several paths of so many steps, and how even it is.

    The steps are divided by length, placed, measured and divided again.
    """
    lengths = [float(length[-1]) for length in cumulative]
    best, best_evenness, tried = Way(legs[0][0], ()), np.inf, []
    for _ in range(_SHARES):
        counts = shares(lengths, steps)
        if counts in tried:
            break
        tried.append(counts)
        parts = [
            _place(leg, count, line=line, length=length, decode=decode, chunk=chunk)
            for leg, count, length in zip(legs, counts, cumulative, strict=True)
        ]
        measured = evenness(np.concatenate([part_steps for _, part_steps in parts]))
        if measured < best_evenness:
            rows = np.concatenate([legs[0][0][np.newaxis], *(z[1:] for z, _ in parts)])
            best, best_evenness = Way(rows, tuple(np.cumsum([0, *counts]).tolist())), measured
        lengths = [float(part_steps.sum()) for _, part_steps in parts]
    return best, best_evenness


def _place(
    leg: tuple[Latents, Latents], count: int, *, line: Float64, length: Float64, decode: Decode, chunk: int
) -> tuple[Latents, Float64]:
    """Return the latents of `count` steps on a leg and their distances: (count + 1, D) and (count,).

    The latents are moved along the leg until the distances are nearly equal. `length` is the cumulative distance
    from the start of the leg, at the positions `line` in [0, 1].
    """
    goals = np.linspace(0.0, 1.0, count + 1)
    place = _where(goals, line, length)
    tries = []
    for _ in range(_ROUNDS):
        z = _on(leg, place)
        steps = distances(z, decode, chunk=chunk)
        tries.append((z, steps))
        if evenness(steps) <= GOAL:
            break
        place = _where(goals, place, np.concatenate([[0.0], np.cumsum(steps)]))
    return min(tries, key=lambda part: evenness(part[1]))


def _where(goals: Float64, place: Float64, length: Float64) -> Float64:
    """Return the positions in [0, 1] at which the fractions `goals` of the length of a leg are reached.

    `length` is the cumulative distance at the positions `place`; positions between are interpolated.

    If the whole length is 0 or not finite, the positions are the `goals`.
    """
    if not (np.isfinite(length[-1]) and length[-1] > 0):
        return goals
    moved: Float64 = np.interp(goals * length[-1], length, place)
    moved[0], moved[-1] = 0.0, 1.0
    return moved


def _on(leg: tuple[Latents, Latents], place: Float64) -> Latents:
    """Return the latents of a straight leg at positions in [0, 1]; the first and the last are its ends exactly."""
    start, end = leg
    z = ((1.0 - place[:, np.newaxis]) * start + place[:, np.newaxis] * end).astype(np.float32)
    z[0], z[-1] = start, end
    return z


def _cumulative(z: Latents, decode: Decode, chunk: int) -> Float64:
    return np.concatenate([[0.0], np.cumsum(distances(z, decode, chunk=chunk))])
