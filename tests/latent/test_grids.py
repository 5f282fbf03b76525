"""Grids of latents cover their plane evenly."""

import numpy as np
import pytest

from vaecli.errors import OptionError
from vaecli.latent.grids import between, plane


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


def test_between_is_bilinear():
    """Corners 0, 2, 4, 10 in three steps: each value is the bilinear mean, row by row."""
    grid = between([[0.0], [2.0], [4.0], [10.0]], 3)
    assert grid.reshape(3, 3).tolist() == [[0, 1, 2], [2, 4, 6], [4, 7, 10]]


def test_between_on_the_sphere_keeps_the_norm():
    """A grid between unit vectors with `spherical` has unit vectors only, and its corners are exact."""
    corners = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0.6, 0.8]], np.float32)
    grid = between(corners, 5, "spherical")
    np.testing.assert_allclose(np.linalg.norm(grid, axis=1), 1, rtol=1e-6)
    assert np.array_equal(grid[[0, 4, 20, 24]], corners)


@pytest.mark.parametrize("corners", [[[0.0]] * 3, [[0.0]] * 5, [0.0] * 4])
def test_between_needs_four_corners(corners):
    """Another shape is an error that names it."""
    with pytest.raises(OptionError, match=r"\(4, D\)"):
        between(corners, 3)
