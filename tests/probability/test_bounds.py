"""The streaming log-mean-exp equals the direct one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaecli.probability.bounds import LogMeanExp


def streamed(weights, cuts):
    """Return the value after adding `weights` (K, N) in pieces cut at `cuts`."""
    accumulator = LogMeanExp(weights.shape[1])
    for piece in np.split(weights, cuts):
        accumulator.update(piece)
    return accumulator.value()


@given(
    seed=st.integers(0, 1000),
    offset=st.floats(-1e4, 1e4),
    cuts=st.lists(st.integers(0, 40), max_size=6).map(sorted),
)
def test_any_chunks_give_the_direct_value(seed, offset, cuts):
    """The value is log(mean(exp(w))) for any chunks of 40 weights, empty ones included."""
    base = np.random.default_rng(seed).normal(size=(40, 3)) * 5
    expected = np.log(np.exp(base).mean(axis=0)) + offset
    np.testing.assert_allclose(streamed(base + offset, cuts), expected, rtol=1e-9, atol=1e-9)


def test_weights_far_apart_neither_overflow_nor_vanish():
    """Weights of -1e5 and +1e5 for one image give 1e5 - log 2, in either order."""
    for weights in ([[-1e5], [1e5]], [[1e5], [-1e5]]):
        with np.errstate(over="raise", invalid="raise"):
            assert streamed(np.array(weights), [1])[0] == pytest.approx(1e5 - np.log(2))


def test_one_weight_is_itself():
    """With K = 1 the value is the weight to the bit, so the bound uses the ELBO's own sample."""
    assert streamed(np.array([[-262.8125, 3.1]]), []).tolist() == [-262.8125, 3.1]


def test_impossible_samples_count_as_zero():
    """A weight of -inf adds 0 to the sum but counts in K; the value is -inf if all weights are."""
    assert streamed(np.array([[-np.inf, -np.inf], [2.0, -np.inf]]), [1]) == pytest.approx(
        [2 - np.log(2), -np.inf]
    )
