"""Regular grids of latents."""

import numpy as np
import numpy.typing as npt

REACH = 2.5  # standard deviations of N(0, 1)


def plane(steps: int, *, reach: float = REACH) -> npt.NDArray[np.float32]:
    """Return a grid over the square from -`reach` to `reach` in two dimensions, row by row from the top left.

    Returns:
        (steps * steps, 2) float32: the first coordinate grows to the right, the second upwards.
    """
    ticks = np.linspace(-reach, reach, steps, dtype=np.float32)
    return np.stack(np.meshgrid(ticks, ticks[::-1]), axis=-1).reshape(-1, 2)
