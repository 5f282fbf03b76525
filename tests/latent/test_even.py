"""Even paths: equal distances of what a decoder shows, points kept, closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vaecli.errors import OptionError
from vaecli.latent.even import distances, evenness, shares, way
from vaecli.latent.paths import through

points = arrays(np.float32, (3, 2), elements=st.floats(-3, 3, width=32))


def cube(z):
    """Decode to z**3: on a line it moves slowly near 0 and fast away from it."""
    return z**3


def saturated(z):
    """Decode to pictures (N, 2, 1, 1) that stand still far from the origin, as a sigmoid does."""
    return np.tanh(4 * z)[:, :, np.newaxis, np.newaxis]


def test_distances_are_those_of_neighbours_for_any_chunk():
    """Latents 0, 1, 3 in two dimensions, decoded to themselves: sqrt(2) and 2 sqrt(2)."""
    z = np.array([[0, 0], [1, 1], [3, 3]], np.float32)
    for chunk in (1, 2, 3, 100):
        np.testing.assert_allclose(distances(z, lambda z: z, chunk=chunk), [2**0.5, 8**0.5], rtol=1e-6)


def test_evenness_in_closed_form():
    """Largest over mean; 1 for a path without length."""
    assert evenness(np.array([1.0, 2.0, 3.0])) == 1.5
    assert evenness(np.zeros(4)) == 1.0


@pytest.mark.parametrize("steps", [2, 3, 5, 11, 40])
def test_a_cube_in_closed_form(steps):
    """From 0 to 2 with the decoder z**3, places are cube roots of equal steps: 2 (i / n) ** (1 / 3)."""
    z = way([[0.0], [2.0]], steps, "even", cube).z.ravel()
    expected = 2 * np.linspace(0, 1, steps) ** (1 / 3)
    assert (z[0], z[-1]) == (0, 2)
    np.testing.assert_allclose(z, expected, atol=0.03)
    assert evenness(np.diff(z**3)) <= 1.02


def test_a_linear_decoder_gives_the_straight_line():
    """Equal steps of latents are equal steps of pictures."""
    ends = [[0.0, 1.0], [3.0, -1.0]]
    z = way(ends, 9, "even", lambda z: z @ np.array([[1.0, 2.0], [0.5, 0.0]])).z
    np.testing.assert_allclose(z, through(ends, 9), atol=1e-6)


@pytest.mark.parametrize("path", ["linear", "spherical"])
def test_other_kinds_do_not_decode(path):
    """They are `through`, with a point at every `steps` - 1 rows."""
    stops = [[0.0, 1.0], [1.0, 0.0], [2.0, 2.0]]
    z, rows = way(stops, 4, path, pytest.fail)
    assert np.array_equal(z, through(stops, 4, path)) and rows == (0, 3, 6)


@given(stops=points, steps=st.integers(2, 8))
def test_points_stay_and_there_are_no_fewer(stops, steps):
    """Each point is a latent of the path, bit for bit, also equal points and with a decoder that saturates."""
    for decode in (cube, saturated):
        z, rows = way(stops, steps, "even", decode)
        assert len(z) >= 1 + 2 * (steps - 1) and z.shape[1] == 2 and z.dtype == np.float32
        assert np.array_equal(z[list(rows)], stops)
        assert rows[0] == 0 and rows[-1] == len(z) - 1 and rows[0] < rows[1] < rows[2]
        assert np.isfinite(z).all()


def test_steps_follow_the_length_of_legs():
    """A leg three times as long gets three times as many steps, so that the whole path is even."""
    z, rows = way([[0.0], [1.0], [4.0]], 11, "even", lambda z: z)
    assert rows == (0, 5, 20)
    assert evenness(np.diff(z.ravel())) <= 1.02


@given(places=st.lists(st.integers(0, 50), min_size=3, max_size=20), steps=st.integers(2, 13))
def test_legs_of_any_length_in_a_few_steps(places, steps):
    """Pictures are added until the longest step is at most 1.1 times the mean; 14 steps a leg are enough."""
    points = np.array(places, np.float32)[:, np.newaxis]
    z, rows = way(points, steps, "even", lambda z: z)
    legs = len(places) - 1
    assert evenness(np.abs(np.diff(z.ravel()))) <= 1.1
    assert legs * (steps - 1) < len(z) <= 1 + legs * max(14, steps - 1)
    assert np.array_equal(z[list(rows)], points)


def test_no_more_pictures_than_allowed():
    """A limit below the number that would be even holds, but never cuts what the steps need."""
    points = [[0.0], [1.0], [2.5]]
    assert len(way(points, 2, "even", lambda z: z).z) == 6
    assert len(way(points, 2, "even", lambda z: z, most=5).z) <= 5
    assert len(way(points, 2, "even", lambda z: z, most=1).z) == 3


def test_equal_points():
    """A path without length divides nothing by zero: all latents are the point."""
    z, rows = way([[1.0, 2.0]] * 3, 5, "even", cube)
    assert np.array_equal(z, np.full((9, 2), [1, 2], np.float32)) and rows == (0, 4, 8)


def test_a_decoder_that_stands_still():
    """All pictures are equal: the path is the straight line."""
    z = way([[0.0], [4.0]], 5, "even", np.zeros_like).z
    assert z.ravel().tolist() == [0, 1, 2, 3, 4]


@given(
    lengths=st.lists(st.floats(0, 100), min_size=1, max_size=19),
    steps=st.integers(2, 12),
)
def test_shares_bound_the_longest_step(lengths, steps):
    """All steps are shared, one a leg at least; the longest is at most n / (n - legs) times the mean."""
    count = len(lengths) * steps
    counts = shares(lengths, count)
    assert sum(counts) == count and min(counts) >= 1
    longest = max(length / share for length, share in zip(lengths, counts, strict=True))
    assert longest <= sum(lengths) / (count - len(lengths)) * (1 + 1e-9)


@pytest.mark.parametrize("steps", [1, 0, True, 2.5])
def test_too_few_steps(steps):
    """An error that names --steps."""
    with pytest.raises(OptionError, match="--steps"):
        way([[0.0], [1.0]], steps, "even", cube)
