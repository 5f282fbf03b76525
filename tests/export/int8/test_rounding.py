"""Rounding that cancels its errors: nearer than rounding alone, within every pair."""

import numpy as np
import pytest

from vaecli.export.int8 import ranges
from vaecli.export.int8.rounding import fitted

ROWS, SIZE, COLUMNS = 3000, 24, 5


def examples(seed):
    """Bytes that vary in few directions, as activations do; sums of a few heavy-tailed weights."""
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(ROWS, 4)) @ rng.normal(size=(4, SIZE)) + rng.normal(size=(ROWS, SIZE)) / 4
    inputs = np.clip(np.rint(30 * mixed), 0, 255).astype(np.float32)
    weights = rng.standard_t(3, (SIZE, COLUMNS)).astype(np.float32)
    pairs = ranges.neighbours(SIZE, np.arange(SIZE), rng.permutation(SIZE))
    return inputs, weights, pairs


def error(off, counts):
    return counts @ np.square(off) / counts.sum()


@pytest.mark.parametrize("seed", range(4))
def test_nearer_than_rounding_with_all_pairs_kept(seed):
    """Less error in each column than rounding by itself, a third in all; |w_k| + |w_other| <= 128 for each pair."""
    inputs, weights, pairs = examples(seed)
    wanted = inputs @ weights + np.float32(7)
    counts = np.random.default_rng(seed).exponential(size=ROWS).astype(np.float32)
    made = fitted(inputs, wanted, counts, weights, pairs)
    sizes = np.abs(made.weights.astype(int))
    assert sizes.max() <= 127
    assert max((sizes[k] + sizes[other]).max() for k, beside in enumerate(pairs) for other in beside) <= 128
    scale = ranges.column_scales(weights.astype(np.float64), pairs)
    plain = error(inputs @ (np.rint(weights / scale) * scale) + 7 - wanted, counts)
    ours = error(inputs @ (made.weights * made.scale) + made.bias - wanted, counts)
    assert (ours < plain).all()
    assert ours.sum() < plain.sum() / 3


def test_what_does_not_count_is_left_out():
    """Rows that count nearly nothing may say anything; the bias takes the mean of the others."""
    inputs, weights, pairs = examples(0)
    wanted = inputs @ weights + np.float32(7)
    counts = np.ones(ROWS, np.float32)
    counts[::2] = 1e-9
    wanted[::2] += 1000
    made = fitted(inputs, wanted, counts, weights, pairs)
    off = inputs @ (made.weights * made.scale) + made.bias - wanted
    np.testing.assert_allclose(off[1::2].mean(axis=0), 0, atol=0.05)


def test_a_bias_that_is_not_free():
    """It is kept to the last digit, and the weights make up for most of what it leaves."""
    inputs, weights, pairs = examples(0)
    wanted, counts = inputs @ weights + np.float32(7), np.ones(ROWS, np.float32)
    bias = np.linspace(-20, 30, COLUMNS, dtype=np.float32)
    made = fitted(inputs, wanted, counts, weights, pairs, bias=bias)
    np.testing.assert_array_equal(made.bias, bias)
    off = inputs @ (made.weights * made.scale) + bias - wanted
    assert (np.abs(off.mean(axis=0)) < 0.5 * np.abs(bias - 7)).all()
    rounded = np.rint(weights / made.scale) * made.scale
    assert (error(off, counts) < error(inputs @ rounded + bias - wanted, counts)).all()


def test_inputs_that_say_nothing_keep_their_weights():
    """Dead inputs: no division by zero, and the float weights rounded."""
    weights = np.linspace(-1, 1, 8, dtype=np.float32)[:, None]
    zeros = np.zeros((50, 8), np.float32)
    pairs = ranges.neighbours(8, np.arange(8))
    made = fitted(zeros, np.full((50, 1), 3, np.float32), np.ones(50, np.float32), weights, pairs)
    np.testing.assert_allclose(made.weights * made.scale, weights, atol=made.scale[0])
    assert made.bias[0] == pytest.approx(3)
