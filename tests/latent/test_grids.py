"""Grids of latents cover their plane evenly."""

import numpy as np
import pytest

from vaecli.latent.grids import plane


@pytest.mark.parametrize(("steps", "reach"), [(2, 1.0), (5, 2.5), (6, 0.5)])
def test_the_plane_is_a_square_from_the_top_left(steps, reach):
    """Rows go from the top down, the first coordinate grows to the right, and the steps are equal."""
    grid = plane(steps, reach=reach)
    assert grid.dtype == np.float32 and grid.shape == (steps * steps, 2)
    square = grid.reshape(steps, steps, 2)
    ticks = np.linspace(-reach, reach, steps)
    for i in range(steps):
        np.testing.assert_allclose(square[i, :, 0], ticks, atol=1e-6)
        np.testing.assert_allclose(square[:, i, 1], ticks[::-1], atol=1e-6)
