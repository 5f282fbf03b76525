"""Learning rates and the order of images."""

import numpy as np
import pytest

from vaecli.training.schedule import beta_2, epoch_order, learning_rates


@pytest.mark.parametrize("total", [1, 3, 40, 1000, 100_000])
def test_cosine_rises_once_and_ends_near_zero(total):
    """The rate rises to its peak, never above, and falls to (nearly) zero at the last step."""
    rates = learning_rates(0, total, total=total, peak=0.1)
    top = int(rates.argmax())
    assert 0 < rates.max() <= np.float32(0.1)
    assert (np.diff(rates[: top + 1]) >= 0).all() and (np.diff(rates[top:]) <= 0).all()
    if total >= 1000:
        assert rates[-1] < 1e-5 and rates.max() > 0.0999
        assert (learning_rates(total, 5, total=total, peak=0.1) == 0).all()


def test_calls_do_not_change_the_rates():
    """The rates of a run do not depend on how its steps are cut into calls."""
    rates = learning_rates(0, 500, total=500, peak=1.0)
    parts = [learning_rates(first, 50, total=500, peak=1.0) for first in range(0, 500, 50)]
    assert np.array_equal(np.concatenate(parts), rates)


def test_constant():
    """A constant schedule is constant."""
    assert (learning_rates(3, 9, total=10, peak=1e-3, schedule="constant") == np.float32(1e-3)).all()


def test_memory():
    """Adam's memory is the classic one at a constant rate, and shorter under the cosine."""
    assert (beta_2("constant"), beta_2("cosine")) == (0.999, 0.99)


def test_order_is_a_permutation_of_seed_and_epoch():
    """Each epoch is a permutation, the same for the same (seed, epoch), another for any other."""
    orders = {(s, e): epoch_order(1000, seed=s, epoch=e) for s in (0, 1) for e in (0, 1)}
    for order in orders.values():
        assert np.array_equal(np.sort(order), np.arange(1000))
    assert np.array_equal(orders[0, 1], epoch_order(1000, seed=0, epoch=1))
    assert len({order.tobytes() for order in orders.values()}) == 4
    displacement = np.abs(orders[0, 0] - np.arange(1000)).mean()
    assert 300 < displacement < 366  # a third of the length for a random permutation
