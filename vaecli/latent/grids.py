"""Regular grids of latents, and grids between four corners."""

import numpy as np
import numpy.typing as npt

from vaecli import checks
from vaecli.choices import LineKind
from vaecli.errors import OptionError
from vaecli.latent.paths import through

REACH = 2.5  # standard deviations of N(0, 1)


def plane(steps: int, *, reach: float = REACH) -> npt.NDArray[np.float32]:
    """Return a grid over the square from -`reach` to `reach` in two dimensions, row by row from the top left.

    Returns:
        (steps * steps, 2) float32: the first coordinate grows to the right, the second upwards.
    """
    ticks = np.linspace(-reach, reach, steps, dtype=np.float32)
    return np.stack(np.meshgrid(ticks, ticks[::-1]), axis=-1).reshape(-1, 2)


def between(corners: npt.ArrayLike, steps: int, path: LineKind = "linear") -> npt.NDArray[np.float32]:
    """Return a grid between four latents, row by row from the top left, corners exact.

    The left and the right side are paths, and each row is a path between them: with `linear` the grid is bilinear.

    Args:
        corners: (4, D): top left, top right, bottom left, bottom right.
        steps: number of latents in a row and in a column.
        path: kind of all paths.

    Returns:
        (steps * steps, D) float32.

    Raises:
        OptionError: another number of corners, fewer than 2 steps, or corners that are not finite.
    """
    checks.integer(steps, "--steps", least=2)
    points = np.asarray(corners)
    if points.ndim != 2 or len(points) != 4:
        raise OptionError(f"Corners must have the shape (4, D), got {points.shape}.")
    left, right = through(points[[0, 2]], steps, path), through(points[[1, 3]], steps, path)
    return np.concatenate([through(ends, steps, path) for ends in np.stack([left, right], axis=1)])
