"""Precision, recall, density and coverage: check values, swapped arguments, ties, duplicates."""

import numpy as np
import pytest

from vaecli.errors import DataError
from vaecli.metrics.samples import distances
from vaecli.metrics.samples.halves import nearest_of
from vaecli.metrics.samples.neighbours import neighbours


def by_hand(x, y, k):
    """Return precision, recall, density and coverage with k neighbours, from full matrices of distances."""

    def apart(a, b):
        return np.linalg.norm(a[:, None] - b[None], axis=-1)

    def radii(a):
        return np.sort(apart(a, a) + np.diag([np.inf] * len(a)), axis=1)[:, k - 1]

    inside = apart(x, y) <= radii(x)[:, None]
    recall = (apart(x, y) <= radii(y)).any(1).mean()
    return inside.any(0).mean(), recall, inside.sum(0).mean() / k, inside.any(1).mean()


def means(values):
    return values.precision.mean(), values.recall.mean(), values.density.mean(), values.coverage.mean()


@pytest.mark.parametrize("k", [1, 3, 5])
def test_the_definitions(rng, monkeypatch, k):
    """The means are those of the definitions, also if a block holds a few rows only."""
    monkeypatch.setattr(distances, "BLOCK_BYTES", 8 * 45 * 7)
    x, y = rng.normal(size=(60, 3)), rng.normal(size=(45, 3)) * 1.2 + 0.3
    assert means(neighbours(x, y, k_precision=k, k_density=k)) == pytest.approx(by_hand(x, y, k))


def test_coverage_of_two_sets_of_one_distribution(rng):
    """With k = 5 and 10,000 images on both sides the mean coverage is 0.9688, whatever the distribution."""
    values = neighbours(*rng.normal(size=(2, 10_000, 8)))
    assert values.coverage.mean() == pytest.approx(0.9688, abs=0.01)
    assert values.density.mean() == pytest.approx(1, abs=0.03)


def test_swapped_arguments_are_noticed(rng):
    """Samples close to the middle of wide real images are precise, and recall little; swapped it is the reverse."""
    real, generated = 3 * rng.normal(size=(200, 16)), 0.1 * rng.normal(size=(200, 16))
    values = neighbours(real, generated)
    assert values.precision.mean() > 0.8
    assert values.recall.mean() < 0.3


def test_equal_sets_are_perfect(rng):
    """A sample on the edge of a ball is inside (`<=`): equal sets have precision, recall and coverage 1."""
    x = rng.normal(size=(50, 4)) + 1000
    values = neighbours(x, x, k_precision=1, k_density=1)
    assert means(values)[:2] == (1, 1)
    assert values.coverage.mean() == 1
    assert values.density.mean() >= 1


def test_duplicates_are_neighbours(rng):
    """Each of two equal rows is the other's nearest neighbour, at the distance 0."""
    x = np.repeat(rng.normal(size=(10, 3)), 2, axis=0)
    (first, second), (places, _) = nearest_of(x, 2)
    assert first == pytest.approx(0, abs=1e-12)
    assert (second > 0.01).all()
    assert places.tolist() == [place ^ 1 for place in range(20)]


def test_equal_samples_count_as_one_place(rng):
    """A model that gives one picture: that picture may be precise, but recalls and covers next to nothing."""
    real = rng.normal(size=(300, 8))
    values = neighbours(real, np.tile(real[:1], (200, 1)))
    assert values.precision.mean() == 1
    assert values.recall.sum() == 1
    assert values.coverage.mean() < 0.1


def test_few_images_and_other_features(rng):
    """No more images than neighbours, or another number of features, is refused."""
    real = rng.normal(size=(30, 4))
    with pytest.raises(DataError, match="at least 6 images of the samples, got 5"):
        neighbours(real, real[:5])
    with pytest.raises(DataError, match="must have 4 features an image, got 3"):
        neighbours(real, real[:, :3])
