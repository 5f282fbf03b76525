"""Intervals against worked examples and by simulation."""

import numpy as np
import pytest

from vaecli.metrics.comparing.intervals import paired, welch


def test_a_paired_example():
    """Differences 1, 2, 3, 4: mean 2.5, error sqrt(5 / 3) / 2, three degrees of freedom."""
    result = paired([11, 22, 33, 44], [10, 20, 30, 40])
    error = np.sqrt(5 / 3) / 2
    assert (result.value, result.error, result.dof, result.method) == (2.5, pytest.approx(error), 3, "paired")
    assert (result.low, result.high) == pytest.approx((2.5 - 3.1824463 * error, 2.5 + 3.1824463 * error))
    assert result.differs and result.p == pytest.approx(0.0304662, abs=1e-6)


def test_examples_of_welch():
    """Means 5 and 2, squared error 13 / 3 + 1 / 3, 392 / 170 degrees; two for other counts."""
    result = welch([2.0, 4.0, 9.0], [1.0, 2.0, 3.0])
    assert (result.value, result.error) == (3, pytest.approx(np.sqrt(14 / 3)))
    assert (result.dof, result.method) == (pytest.approx(392 / 170), "welch")
    assert not result.differs and result.low < 0 < result.high
    assert welch([2.0, 4.0, 9.0], [1.0, 2.0, 3.0, 2.0]).dof == 2


def test_pairs_remove_what_they_share():
    """A small shift of images that vary much is seen by pairs alone."""
    rng = np.random.default_rng(0)
    images = rng.normal(scale=80, size=1000)
    values, baseline = images + 0.5 + rng.normal(size=1000), images + rng.normal(size=1000)
    assert paired(values, baseline).differs
    assert not welch(values, baseline).differs


@pytest.mark.parametrize("method", [paired, welch])
def test_equal_values_do_not_differ(method):
    """The interval is [0, 0]."""
    result = method([1.0, 1.0, 1.0], [1.0, 1.0, 1.0])
    assert (result.value, result.low, result.high, result.p) == (0, 0, 0, 1)
    assert not result.differs
    assert method([2.0, 2.0, 2.0], [1.0, 1.0, 1.0]).differs


def test_a_higher_level_is_a_wider_interval():
    """For several comparisons at once."""
    narrow, wide = (paired([1.0, 2.0, 4.0], [0.0, 0.5, 1.0], level=level) for level in (0.95, 0.99))
    assert wide.low < narrow.low < narrow.high < wide.high


@pytest.mark.parametrize("counts", [(3, 3), (5, 5), (3, 8)])
def test_intervals_cover_zero_where_nothing_differs(counts):
    """In 95 % of 1,000 cases, within three standard errors; Welch's of few values cover more."""
    rng = np.random.default_rng(sum(counts))
    draws = [[rng.normal(size=count) for count in counts] for _ in range(1000)]
    assert np.mean([welch(a, b).differs for a, b in draws]) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 1000)
    if counts[0] == counts[1]:
        rate = np.mean([paired(a, b).differs for a, b in draws])
        assert rate == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 1000))
