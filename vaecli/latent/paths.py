"""Paths between latents, end points exact."""

import itertools
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from vaecli.errors import OptionError

PathKind: TypeAlias = Literal["linear", "spherical"]
Latents: TypeAlias = npt.NDArray[np.float32]

# Below this sine of the angle the great circle is ill-defined: the vectors are parallel or opposite.
_SMALLEST_SINE = 1e-6


def linear(a: npt.ArrayLike, b: npt.ArrayLike, steps: int) -> Latents:
    """The straight line from `a` (D,) to `b` (D,) in equal steps, (steps, D) float32.

    Raises:
        OptionError: fewer than 2 steps.
    """
    start, end, t = _prepare(a, b, steps)
    return _with_exact_ends((1.0 - t) * start + t * end, start, end)


def spherical(a: npt.ArrayLike, b: npt.ArrayLike, steps: int) -> Latents:
    """The path from `a` (D,) to `b` (D,) at constant angular speed, (steps, D) float32.

    Between points of one norm it keeps that norm, where a line passes near the origin. It is a straight line
    when one point is the origin or the two are (nearly) parallel or opposite.
    Source: Shoemake 1985; White 2016 (arXiv:1609.04468).

    Raises:
        OptionError: fewer than 2 steps.
    """
    start, end, t = _prepare(a, b, steps)
    norms = np.linalg.norm(start) * np.linalg.norm(end)
    cosine = float(np.clip(start @ end / norms, -1.0, 1.0)) if norms > 0 else 1.0
    angle = np.arccos(cosine)
    if np.sin(angle) < _SMALLEST_SINE:
        return linear(a, b, steps)
    path = (np.sin((1.0 - t) * angle) * start + np.sin(t * angle) * end) / np.sin(angle)
    return _with_exact_ends(path, start, end)


def through(points: npt.ArrayLike, steps: int, path: PathKind = "linear") -> Latents:
    """Legs of `steps` points through all of `points` (P, D), (1 + (P - 1) * (steps - 1), D) float32.

    The point where two legs meet is there once: `points[i]` is row `i * (steps - 1)`.

    Raises:
        OptionError: fewer than 2 steps.
    """
    _require_steps(steps)
    stops = np.asarray(points, dtype=np.float32)
    leg = linear if path == "linear" else spherical
    legs = [leg(a, b, steps)[1:] for a, b in itertools.pairwise(stops)]
    return np.concatenate([stops[:1], *legs])


def _prepare(
    a: npt.ArrayLike, b: npt.ArrayLike, steps: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    _require_steps(steps)
    t = np.linspace(0.0, 1.0, steps)[:, np.newaxis]
    return np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64), t


def _with_exact_ends(
    path: npt.NDArray[np.float64], start: npt.NDArray[np.float64], end: npt.NDArray[np.float64]
) -> Latents:
    path[0], path[-1] = start, end
    return path.astype(np.float32)


def _require_steps(steps: int) -> None:
    if steps < 2:
        raise OptionError(f"A path needs at least 2 steps, its two ends, not {steps}.", option="--steps")
