"""AUROC and F1 equal their definitions."""

import numpy as np
import pytest

from vaecli.metrics.detection import auroc, detection, ranks


def test_auroc_counts_pairs():
    """It is the share of pairs in which the other image has the higher score; ties count half."""
    rng = np.random.default_rng(0)
    scores, other = rng.integers(0, 20, 300), rng.random(300) < 0.3
    pairs = scores[other][:, None] - scores[~other]
    assert auroc(scores, other) == pytest.approx((pairs > 0).mean() + 0.5 * (pairs == 0).mean())
    assert auroc([1, 2, 3], [False, True, True]) == 1 and auroc([3, 2, 1], [False, True, True]) == 0
    assert np.isnan(auroc([1, 2], [True, True]))


def test_ranks_of_equal_values_are_shared():
    """Equal values have the mean of the ranks that they would have."""
    assert ranks(np.array([5.0, 1.0, 5.0, 7.0])).tolist() == [2.5, 1, 2.5, 4]


def test_detection():
    """Two of three others are marked, and one normal image: precision and recall 2/3."""
    figures = detection(
        [9, 8, 1, 7, 0, 0],
        [True, True, True, False, False, False],
        [True, True, False, True, False, False],
    )
    assert (figures.precision, figures.recall, figures.f1) == (2 / 3, 2 / 3, pytest.approx(2 / 3))
    nothing = detection([1, 2], [True, False], [False, False])
    assert nothing.f1 == 0 and nothing.recall == 0 and np.isnan(nothing.precision)
