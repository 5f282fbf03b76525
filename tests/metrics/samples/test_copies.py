"""Copies: the nearest training images and the ratio of medians."""

import numpy as np
import pytest

from vaecli.metrics.samples.copies import Nearest, nearest, ratio_of_medians


def test_nearest_rows(rng):
    """Positions and distances are those of a search one by one."""
    images, training = rng.normal(size=(40, 6)), rng.normal(size=(300, 6)) + 50
    apart = np.linalg.norm(images[:, None] - training[None], axis=-1)
    result = nearest(images, training)
    assert result.positions.tolist() == apart.argmin(1).tolist()
    assert result.distances == pytest.approx(apart.min(1))


def test_copies_are_exact_and_come_first(rng):
    """Copies of training images are at 0 although features are far from the origin, and are the closest pairs."""
    training = rng.normal(size=(500, 16)) + 1e4
    samples = rng.normal(size=(100, 16)) + 1e4
    samples[[7, 70]] = training[[30, 3]]
    result = nearest(samples, training)
    assert result.distances[[7, 70]].tolist() == [0, 0]
    assert result.closest(2).tolist() == [7, 70]
    assert result.positions[result.closest(2)].tolist() == [30, 3]


def test_new_samples_have_the_ratio_one(rng):
    """Samples of the training distribution are as far as test images, up to the standard error; copies are not."""
    training, test, samples = rng.normal(size=(3, 3000, 8))
    unseen = nearest(test, training)
    new = ratio_of_medians(nearest(samples, training), unseen)
    assert abs(new.value - 1) < 2.5 * new.error
    assert ratio_of_medians(nearest(training + 0.01, training), unseen).value < 0.1


def test_the_standard_error_of_the_median(rng):
    """The standard error is the spread of medians over draws."""
    draws = [Nearest(np.zeros(400, int), np.abs(rng.normal(size=400))) for _ in range(300)]
    spread = np.std([draw.median for draw in draws])
    assert np.mean([draw.median_error for draw in draws]) == pytest.approx(spread, rel=0.15)


def test_real_images_that_are_copies_give_no_ratio():
    """If the unseen images are copies themselves, the ratio is NaN, not infinite."""
    same = Nearest(np.zeros(5, int), np.zeros(5))
    assert np.isnan(ratio_of_medians(Nearest(np.zeros(5, int), np.ones(5)), same).value)
