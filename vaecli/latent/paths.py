"""Paths between latents, end points exact."""

import itertools
from typing import TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from vaecli import checks
from vaecli.choices import LineKind
from vaecli.errors import OptionError

Latents: TypeAlias = npt.NDArray[np.float32]

# Below this sine of the angle the vectors are parallel or opposite, and the great circle is not defined.
_SMALLEST_SINE = 1e-6


def linear(a: npt.ArrayLike, b: npt.ArrayLike, steps: int) -> Latents:
    """Return the straight line from `a` (D,) to `b` (D,) in equal steps, (steps, D) float32.

    Raises:
        OptionError: fewer than 2 steps, or latents that are not finite or of another shape.
    """
    start, end, t = _prepare(a, b, steps)
    return _with_exact_ends((1.0 - t) * start + t * end, start, end)


def spherical(a: npt.ArrayLike, b: npt.ArrayLike, steps: int) -> Latents:
    """Return the path from `a` (D,) to `b` (D,) at constant angular speed, (steps, D) float32.

    If both ends have the same norm, all latents have it; a straight line comes nearer to the origin. The path is
    a straight line if one point is the origin, or if the two are (nearly) parallel or opposite.
    Source: Shoemake 1985; White 2016 (arXiv:1609.04468).

    Raises:
        OptionError: fewer than 2 steps, or latents that are not finite or of another shape.
    """
    start, end, t = _prepare(a, b, steps)
    norms = np.linalg.norm(start) * np.linalg.norm(end)
    cosine = float(np.clip(start @ end / norms, -1.0, 1.0)) if norms > 0 else 1.0
    angle = np.arccos(cosine)
    if np.sin(angle) < _SMALLEST_SINE:
        return linear(a, b, steps)
    path = (np.sin((1.0 - t) * angle) * start + np.sin(t * angle) * end) / np.sin(angle)
    return _with_exact_ends(path, start, end)


def through(points: npt.ArrayLike, steps: int, path: LineKind = "linear") -> Latents:
    """Return a path through all of `points` (P, D), `steps` latents a leg, (1 + (P - 1) * (steps - 1), D) float32.

    The point where two legs meet appears once: `points[i]` is row `i * (steps - 1)`.

    Raises:
        OptionError: fewer than 2 steps, an unknown `path`, or points that are not finite or of another shape.
    """
    _require_steps(steps)
    checks.choice(path, "--path", get_args(LineKind))
    stops = _finite(points, "(P, D)", ndim=2).astype(np.float32)
    leg = linear if path == "linear" else spherical
    legs = [leg(a, b, steps)[1:] for a, b in itertools.pairwise(stops)]
    return np.concatenate([stops[:1], *legs])


def _prepare(
    a: npt.ArrayLike, b: npt.ArrayLike, steps: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    _require_steps(steps)
    start, end = _finite(a, "(D,)", ndim=1), _finite(b, "(D,)", ndim=1)
    if start.shape != end.shape:
        raise OptionError(f"The ends of a path must have equal shapes, got {start.shape} and {end.shape}.")
    return start, end, np.linspace(0.0, 1.0, steps)[:, np.newaxis]


def _finite(latents: npt.ArrayLike, axes: str, *, ndim: int) -> npt.NDArray[np.float64]:
    try:
        array = np.asarray(latents, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise OptionError(f"Latents must be numbers of the shape {axes}: {error}.") from error
    if array.ndim != ndim:
        raise OptionError(f"Latents must have the shape {axes}, got {array.shape}.")
    if not np.isfinite(array).all():
        raise OptionError("Latents must be finite, got NaN or infinity.")
    return array


def _with_exact_ends(
    path: npt.NDArray[np.float64], start: npt.NDArray[np.float64], end: npt.NDArray[np.float64]
) -> Latents:
    path[0], path[-1] = start, end
    return path.astype(np.float32)


def _require_steps(steps: int) -> None:
    checks.integer(steps, "--steps", least=2)
