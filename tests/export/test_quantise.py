"""Bytes for floats: no pair of weights can saturate, and ranges lose little."""

import numpy as np
import pytest

from vaecli.export import quantise


@pytest.mark.parametrize("seed", range(5))
def test_pairs_are_kept(seed):
    """|w_k| + |w_k+1| <= 128 in both orders of the reduction, and the scale is no coarser than that needs."""
    rng = np.random.default_rng(seed)
    kernel = rng.standard_t(2, (2, 2, 8, 16)).astype(np.float32)
    weights, scale = quantise.quantised_kernel(kernel)
    pairs = np.maximum(*(quantise.largest_pairs(rows) for rows in quantise.reductions(weights)))
    assert (pairs <= 128).all()
    assert (np.maximum(pairs, np.abs(weights.astype(int)).max(axis=(0, 1, 2))) >= 126).all()
    assert (np.abs(weights * scale - kernel) <= scale / 2 * 1.001).all()


def test_a_channel_of_zeros():
    """It has a scale that divides."""
    weights, scale = quantise.quantised_kernel(np.zeros((1, 1, 4, 2), np.float32))
    assert not weights.any() and (scale == 1).all()


def test_one_outlier_does_not_take_the_range():
    """The step of a range with one far outlier is finer than maximum / 255, and loses less."""
    values = np.append(np.random.default_rng(0).exponential(1, 100_000), 40).astype(np.float32)
    step = quantise.activation_scale(values)

    def loss(step):
        return np.square(values - np.clip(np.rint(values / step), 0, 255) * step).mean()

    assert step < 40 / 255 and loss(step) < loss(40 / 255)
    assert quantise.activation_scale(np.zeros(9, np.float32)) > 0
