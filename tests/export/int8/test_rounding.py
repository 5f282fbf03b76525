"""Rounding that cancels errors: better than rounding each weight alone, within every pair limit."""

import numpy as np
import pytest

from vaecli.export.int8 import ranges
from vaecli.export.int8.rounding import fit_columns

ROWS, SIZE, COLUMNS = 3000, 24, 5


def examples(seed):
    """Make levels that vary in few directions, as activations do, heavy-tailed weights, and pairs."""
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(ROWS, 4)) @ rng.normal(size=(4, SIZE)) + rng.normal(size=(ROWS, SIZE)) / 4
    inputs = np.clip(np.rint(30 * mixed), 0, 255).astype(np.float32)
    weights = rng.standard_t(3, (SIZE, COLUMNS)).astype(np.float32)
    pairs = ranges.neighbours(SIZE, np.arange(SIZE), rng.permutation(SIZE))
    return inputs, weights, pairs


def error(differences, sensitivity):
    return sensitivity @ np.square(differences) / sensitivity.sum()


@pytest.mark.parametrize("seed", range(4))
def test_less_error_than_plain_rounding_within_the_pair_limit(seed):
    """Each column has less error than by plain rounding, the sum less than a third; every pair keeps the limit."""
    inputs, weights, pairs = examples(seed)
    targets = inputs @ weights + np.float32(7)
    sensitivity = np.random.default_rng(seed).exponential(size=ROWS).astype(np.float32)
    fitted = fit_columns(inputs, targets, sensitivity, weights, pairs)
    sizes = np.abs(fitted.weights.astype(int))
    assert sizes.max() <= 127
    assert max((sizes[k] + sizes[neighbour]).max() for k, row in enumerate(pairs) for neighbour in row) <= 128
    scale = ranges.column_scales(weights.astype(np.float64), pairs)
    plain = error(inputs @ (np.rint(weights / scale) * scale) + 7 - targets, sensitivity)
    ours = error(inputs @ (fitted.weights * fitted.scale) + fitted.bias - targets, sensitivity)
    assert (ours < plain).all()
    assert ours.sum() < plain.sum() / 3


def test_rows_of_low_sensitivity_do_not_matter():
    """Outliers in rows of almost no sensitivity do not move the bias."""
    inputs, weights, pairs = examples(0)
    targets = inputs @ weights + np.float32(7)
    sensitivity = np.ones(ROWS, np.float32)
    sensitivity[::2] = 1e-9
    targets[::2] += 1000
    fitted = fit_columns(inputs, targets, sensitivity, weights, pairs)
    differences = inputs @ (fitted.weights * fitted.scale) + fitted.bias - targets
    np.testing.assert_allclose(differences[1::2].mean(axis=0), 0, atol=0.05)


def test_a_fixed_bias():
    """A fixed bias is kept exactly, and the weights make up for most of what it leaves."""
    inputs, weights, pairs = examples(0)
    targets, sensitivity = inputs @ weights + np.float32(7), np.ones(ROWS, np.float32)
    bias = np.linspace(-20, 30, COLUMNS, dtype=np.float32)
    fitted = fit_columns(inputs, targets, sensitivity, weights, pairs, bias=bias)
    np.testing.assert_array_equal(fitted.bias, bias)
    differences = inputs @ (fitted.weights * fitted.scale) + bias - targets
    assert (np.abs(differences.mean(axis=0)) < 0.5 * np.abs(bias - 7)).all()
    rounded = np.rint(weights / fitted.scale) * fitted.scale
    assert (error(differences, sensitivity) < error(inputs @ rounded + bias - targets, sensitivity)).all()


def test_dead_inputs_keep_their_weights():
    """If all inputs are zero, nothing is divided by zero and the float32 weights are rounded as they are."""
    weights = np.linspace(-1, 1, 8, dtype=np.float32)[:, None]
    zeros = np.zeros((50, 8), np.float32)
    pairs = ranges.neighbours(8, np.arange(8))
    fitted = fit_columns(zeros, np.full((50, 1), 3, np.float32), np.ones(50, np.float32), weights, pairs)
    np.testing.assert_allclose(fitted.weights * fitted.scale, weights, atol=fitted.scale[0])
    assert fitted.bias[0] == pytest.approx(3)
