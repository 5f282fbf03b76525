"""Summaries of posterior means in closed form."""

import numpy as np
import pytest

from vaecli.latent.summary import summarise


def test_moments():
    """Four corners of a rectangle of 2 by 6: mean in the middle, variances 1 and 9, no covariance; KL averaged."""
    corners = np.array([[0, 0], [2, 0], [0, 6], [2, 6]] * 25, np.float32)
    facts = summarise(corners, np.array([[1, 2], [3, 2], [5, 2], [7, 2]] * 25, np.float32))
    assert facts["z_mean"].tolist() == [1, 3]
    assert facts["z_covariance"].tolist() == [[1, 0], [0, 9]]
    assert facts["kl"].tolist() == [4, 2] and facts["kl"].dtype == np.float64
    assert facts.keys() == {"kl", "z_mean", "z_covariance", "examples"}


def test_covariance_equals_numpys():
    """The covariance is numpy's, divided by N."""
    z_mean = np.random.default_rng(0).normal(size=(150, 7))
    expected = np.cov(z_mean, rowvar=False, bias=True)
    np.testing.assert_allclose(summarise(z_mean, z_mean)["z_covariance"], expected, rtol=1e-12)


def test_classes():
    """Each class has its count and the mean of its images; one without images has zeros."""
    z_mean = np.array([[1.0], [3.0], [10.0]])
    facts = summarise(z_mean, z_mean, np.array([2, 2, 0]), 4)
    assert facts["class_counts"].tolist() == [1, 0, 2, 0] and facts["class_counts"].dtype == np.int64
    assert facts["class_means"].tolist() == [[10], [0], [2], [0]]
    assert facts["example_labels"].tolist() == [2, 2, 0] and facts["example_labels"].dtype == np.int64


def test_labels_beyond_the_classes():
    """Images whose label names no class count in no class."""
    z_mean = np.array([[1.0], [3.0], [10.0]])
    facts = summarise(z_mean, z_mean, np.array([-1, 0, 7]), 2)
    assert facts["class_counts"].tolist() == [1, 0] and facts["class_means"].tolist() == [[3], [0]]


def test_examples_are_evenly_chosen():
    """256 of 1,021 images: the first, the last, and every fourth between; all of fewer."""
    z_mean = np.arange(1021.0)[:, None]
    facts = summarise(z_mean, z_mean, np.arange(1021) % 10, 10)
    assert facts["examples"].dtype == np.float32
    assert facts["examples"][:, 0].tolist() == list(range(0, 1021, 4))
    assert facts["example_labels"].tolist() == [position % 10 for position in range(0, 1021, 4)]
    assert len(summarise(z_mean[:5], z_mean[:5])["examples"]) == 5


def test_examples_can_be_left_out():
    """Without examples nothing of single images is in the summary."""
    z_mean = np.ones((3, 2))
    facts = summarise(z_mean, z_mean, np.zeros(3, np.int64), 1, examples=False)
    assert facts.keys() == {"kl", "z_mean", "class_counts", "class_means"}


def test_many_dimensions_have_no_covariance():
    """Beyond 256 dimensions the covariance is left out."""
    assert "z_covariance" in summarise(np.ones((100, 256)), np.ones((100, 256)))
    assert "z_covariance" not in summarise(np.ones((100, 257)), np.ones((100, 257)))


@pytest.mark.parametrize("count", [5, 99])
def test_few_images_have_no_covariance(count):
    """Fewer than 100 images carry the means, not the spread around them."""
    z_mean = np.random.default_rng(0).normal(size=(count, 2))
    assert summarise(z_mean, z_mean).keys() == {"kl", "z_mean", "examples"}


@pytest.mark.parametrize("is_scaled_better", [True, False])
def test_the_distance_that_tells_classes_apart(is_scaled_better):
    """A posterior deviation is kept only if distances in its units are better than plain ones."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 200)
    variance = np.array([1e-4, 0.5]) if is_scaled_better else np.array([0.5, 1e-4])
    noise = 500 * rng.normal(size=400) if is_scaled_better else 0.05 * rng.normal(size=400)
    z_mean = np.stack([labels + 0.1 * rng.normal(size=400), noise], axis=1)
    kl = (variance + z_mean**2 - 1 - np.log(variance)) / 2
    facts = summarise(z_mean, kl, labels, 2)
    assert ("distance_scale" in facts) == is_scaled_better
    if is_scaled_better:
        np.testing.assert_allclose(facts["distance_scale"], np.sqrt(variance), rtol=0.01)
