"""Bytes for floats: ranges that lose little, and which weights share a pair."""

import itertools

import numpy as np
import pytest

from vaecli.export.int8 import ranges


def test_the_pairs_of_a_kernel():
    """Both orders of the reduction, and no others: a place and the next one of each order."""
    shape = (2, 1, 3)
    pairs = {(one, other) for one, beside in enumerate(ranges.kernel_neighbours(shape)) for other in beside}
    last = [0, 1, 2, 3, 4, 5]  # (row, channel): 00 01 02 10 11 12
    first = [0, 3, 1, 4, 2, 5]
    expected = {pair for order in (last, first) for pair in itertools.pairwise(order)}
    assert pairs == expected | {(other, one) for one, other in expected}


def test_the_finest_scale_that_keeps_the_pairs():
    """A pair is allowed 127 before rounding, and a lone weight, too; a column of zeros has a scale that divides."""
    weights = np.array([[3.0, 0, 0], [4.0, 0, 1], [-9.0, 0, 0]])
    scales = ranges.column_scales(weights, ranges.neighbours(3, np.array([0, 1, 2])))
    np.testing.assert_allclose(scales, [13 / 127, 1, 1 / 127])
    scales = ranges.column_scales(weights, ranges.neighbours(3))
    np.testing.assert_allclose(scales, [9 / 127, 1, 1 / 127])


def lost(values, weights, step):
    return np.mean(weights * np.square(values - ranges.levels(values, step) * step))


@pytest.mark.parametrize("weighted", [False, True])
def test_a_range_for_what_counts(weighted):
    """One far outlier does not take the range; large values that count for nothing do not either."""
    values = np.append(np.random.default_rng(0).exponential(1, 15_000), 40).astype(np.float32)[:, None]
    weights = np.where(values > 2, 1e-3, 1).astype(np.float32) if weighted else np.ones_like(values)
    (step,) = ranges.channel_scales(values, weights)
    assert step < 40 / 255 and lost(values, weights, step) < lost(values, weights, np.float32(40 / 255))
    (even,) = ranges.channel_scales(values, np.ones_like(values))
    assert step <= even


def test_dead_channels():
    """One gets the step of the others; where all are dead, the step divides."""
    values = np.abs(np.random.default_rng(0).normal(size=(500, 4))).astype(np.float32)
    values[:, 1] = -1
    steps = ranges.channel_scales(values, np.ones_like(values))
    assert steps[1] == pytest.approx(np.median(steps[[0, 2, 3]]))
    assert (ranges.channel_scales(-values, np.ones_like(values))[[0, 2, 3]] > 0).all()
