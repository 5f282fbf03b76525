"""`vaecli.latent.nearest`: the nearest of any number of latents, and the distance that tells classes apart."""

import numpy as np
import pytest

from vaecli.latent.nearest import Nearest, accuracy, better_scale, vote


@pytest.mark.parametrize("chunk", [1, 7, 1000])
@pytest.mark.parametrize("scale", [None, [1.0, 10.0, 0.1]])
def test_the_nearest_are_those_of_a_full_sort(chunk, scale):
    """However the latents are cut into chunks."""
    rng = np.random.default_rng(0)
    latents, z = rng.normal(size=(500, 3)).astype(np.float32), rng.normal(size=3)
    nearest = Nearest(z, 20, scale)
    for start in range(0, 500, chunk):
        nearest.add(latents[start : start + chunk])
    distances = np.linalg.norm((latents - z) / (1 if scale is None else np.array(scale)), axis=1)
    expected = np.argsort(distances, kind="stable")[:20]
    assert nearest.indices.tolist() == expected.tolist() and nearest.total == 500
    np.testing.assert_allclose(nearest.distances, distances[expected], rtol=1e-6)
    np.testing.assert_array_equal(nearest.latents, latents[expected])


def test_equal_distances_keep_their_order():
    """Also across chunks; the first are kept."""
    nearest = Nearest([0.0], 3)
    for _ in range(4):
        nearest.add(np.ones((2, 1)))
    assert nearest.indices.tolist() == [0, 1, 2]


def test_nan_and_excluded_ones_are_never_kept():
    """They count in the positions of the others."""
    nearest = Nearest([0.0], 5)
    nearest.add(np.array([[np.nan], [0.0], [2.0], [1.0]]), without=frozenset({1}))
    assert nearest.indices.tolist() == [3, 2] and nearest.total == 4


def test_votes():
    """Most neighbours win; of equal ones the class of the nearest."""
    assert vote(np.array([[1, 2, 2, 3, 4], [1, 2, 2, 1, 3], [5, 5, 5, 5, 5]])).tolist() == [2, 1, 5]


def test_the_better_distance():
    """Noise with a large deviation spoils plain distances; noise with a small one spoils scaled distances."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 200)
    classes, noise = labels + 0.1 * rng.normal(size=400), rng.normal(size=400)
    latents, deviation = np.stack([classes, 500 * noise], axis=1), np.array([0.1, 500])
    assert accuracy(latents, labels) < 0.8 and accuracy(latents / deviation, labels) > 0.95
    assert better_scale(latents, labels, deviation) is deviation
    assert better_scale(np.stack([classes, 0.01 * noise], axis=1), labels, np.array([0.1, 1e-6])) is None


def test_too_little_to_decide():
    """Without labels, or with few images of a class, distances are plain."""
    latents = np.random.default_rng(0).normal(size=(120, 2))
    assert better_scale(latents, None, np.ones(2)) is None
    assert better_scale(latents, np.where(np.arange(120) < 99, 0, -1), np.ones(2)) is None
