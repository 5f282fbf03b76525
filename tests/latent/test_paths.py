"""Paths: exact ends, equal steps, the norm kept on the sphere."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vaecli.errors import OptionError
from vaecli.latent.paths import linear, spherical, through

points = arrays(np.float32, (3, 4), elements=st.floats(-5, 5, width=32))


@given(ends=points, steps=st.integers(2, 20))
def test_ends_are_exact_and_all_is_finite(ends, steps):
    """Both paths start and end on the exact bits of their ends, whatever these are."""
    for path in (linear, spherical):
        z = path(ends[0], ends[1], steps)
        assert z.shape == (steps, 4)
        assert z.dtype == np.float32
        assert np.array_equal(z[0], ends[0])
        assert np.array_equal(z[-1], ends[1])
        assert np.all(np.isfinite(z))


def test_linear_steps_are_equal():
    """A line of five points from 0 to 4 is 0, 1, 2, 3, 4."""
    assert linear([0.0], [4.0], 5).ravel().tolist() == [0, 1, 2, 3, 4]


def test_spherical_keeps_norm_and_angular_speed():
    """Between unit vectors every point has norm one and neighbours the same angle."""
    z = spherical([1.0, 0.0, 0.0], [0.0, 0.6, 0.8], 10)
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), 1, rtol=1e-6)
    cosines = (z[1:] * z[:-1]).sum(axis=1)
    np.testing.assert_allclose(cosines, np.cos(np.pi / 2 / 9), rtol=1e-6)


@pytest.mark.parametrize("end", [[0.0, 0.0], [2.0, 2.0], [-1.0, -1.0], [1.0, 1.0]])
def test_spherical_falls_back_to_the_line(end):
    """No great circle leads to the origin, or to a parallel, opposite or equal vector: the path is a line."""
    assert np.array_equal(spherical([1.0, 1.0], end, 7), linear([1.0, 1.0], end, 7))


@given(stops=points, steps=st.integers(2, 9), path=st.sampled_from(["linear", "spherical"]))
def test_legs_share_their_points(stops, steps, path):
    """P points give 1 + (P - 1) (steps - 1) rows, with point i at row i (steps - 1)."""
    z = through(stops, steps, path)
    assert z.shape == (1 + 2 * (steps - 1), 4)
    assert np.array_equal(z[:: steps - 1], stops)
    leg = linear if path == "linear" else spherical
    assert np.array_equal(z[:steps], leg(stops[0], stops[1], steps))


@pytest.mark.parametrize("steps", [1, 0, -3, 2.0, True, "5", None])
def test_other_steps_are_refused(steps):
    """A path has a whole number of steps, at least its two ends; the error names --steps."""
    for make in (linear, spherical, lambda a, b, n: through([a, b], n)):
        with pytest.raises(OptionError, match=r"--steps must be (at least 2|a whole number), got") as caught:
            make([0.0], [1.0], steps)
        assert caught.value.option == "--steps"


@pytest.mark.parametrize("path", ["lerp", "", "Linear", None, 1])
def test_other_paths_are_refused(path):
    """An unknown path is an error that lists the choices, never another path."""
    with pytest.raises(OptionError, match="--path must be linear or spherical, got ") as caught:
        through([[0.0], [1.0]], 3, path)
    assert caught.value.option == "--path"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_latents_that_are_not_finite_are_refused(value):
    """A NaN or infinity in either end is an error."""
    for make in (linear, spherical, lambda a, b, n: through([a, b], n)):
        for ends in (([value, 0], [0, 1]), ([0, 1], [0, value])):
            with pytest.raises(OptionError, match="finite, got NaN or infinity"):
                make(*ends, 3)


@pytest.mark.parametrize("points", [[0.0, 1.0], 1.0, [[[0.0]]], [[0, 1], [2]], [["a"], ["b"]]])
def test_points_of_another_shape_are_refused(points):
    """Points of another shape than (P, D) are an error that names it."""
    with pytest.raises(OptionError, match=r"\(P, D\)"):
        through(points, 3)


def test_ends_of_two_sizes_are_refused():
    """Ends of different sizes are an error; nothing is broadcast."""
    with pytest.raises(OptionError, match=r"equal shapes, got \(1,\) and \(2,\)"):
        linear([0.0], [1.0, 2.0], 3)
