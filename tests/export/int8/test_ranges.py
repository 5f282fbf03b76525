"""Scales and the pair limit: ranges that lose little, and which weights share a pair."""

import itertools

import numpy as np
import pytest

from vaecli.export.int8 import ranges


def test_pairs_of_a_kernel():
    """The neighbours are each weight and the next one, in both orders of the reduction, and no others."""
    neighbours = ranges.kernel_neighbours((2, 1, 3))
    pairs = {(index, adjacent) for index, row in enumerate(neighbours) for adjacent in row}
    channels_last = [0, 1, 2, 3, 4, 5]  # (row, channel): 00 01 02 10 11 12
    channels_first = [0, 3, 1, 4, 2, 5]
    expected = {pair for order in (channels_last, channels_first) for pair in itertools.pairwise(order)}
    assert pairs == expected | {(second, first) for first, second in expected}


def test_the_smallest_scale_within_the_limits():
    """A pair may reach 127 before rounding, and so may a single weight; a column of zeros gets scale 1."""
    weights = np.array([[3.0, 0, 0], [4.0, 0, 1], [-9.0, 0, 0]])
    scales = ranges.column_scales(weights, ranges.neighbours(3, np.array([0, 1, 2])))
    np.testing.assert_allclose(scales, [13 / 127, 1, 1 / 127])
    scales = ranges.column_scales(weights, ranges.neighbours(3))
    np.testing.assert_allclose(scales, [9 / 127, 1, 1 / 127])


def error(values, sensitivity, scale):
    return np.mean(sensitivity * np.square(values - ranges.quantise(values, scale) * scale))


@pytest.mark.parametrize("weighted", [False, True])
def test_outliers_do_not_set_the_range(weighted):
    """Neither one far outlier nor many large values of low sensitivity make the scale coarse."""
    values = np.append(np.random.default_rng(0).exponential(1, 15_000), 40).astype(np.float32)[:, None]
    sensitivity = np.where(values > 2, 1e-3, 1).astype(np.float32) if weighted else np.ones_like(values)
    (scale,) = ranges.channel_scales(values, sensitivity)
    full_range = np.float32(40 / 255)
    assert scale < full_range and error(values, sensitivity, scale) < error(values, sensitivity, full_range)
    (unweighted,) = ranges.channel_scales(values, np.ones_like(values))
    assert scale <= unweighted


def test_dead_channels():
    """A channel never above zero gets the median scale of the others; if all are dead, scales are positive."""
    values = np.abs(np.random.default_rng(0).normal(size=(500, 4))).astype(np.float32)
    values[:, 1] = -1
    scales = ranges.channel_scales(values, np.ones_like(values))
    assert scales[1] == pytest.approx(np.median(scales[[0, 2, 3]]))
    assert (ranges.channel_scales(-values, np.ones_like(values))[[0, 2, 3]] > 0).all()
