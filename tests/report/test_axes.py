"""Axes: scales cover the values, and ticks can be told apart."""

import hypothesis
import pytest
from hypothesis import strategies

from vaecli.report.axes import scale

VALUES = strategies.floats(-1e6, 1e6).map(lambda value: round(value, 3))


@hypothesis.given(VALUES, VALUES)
def test_a_scale_covers_its_range(first, second):
    """Both ends lie within, few ticks, all labels differ."""
    low, high = sorted((first, second))
    made = scale(low, high, 0.0, 100.0)
    assert made.low <= low + 1e-6 and made.high >= high - 1e-6
    assert 2 <= len(made.ticks) <= 9
    assert len({made.label(tick) for tick in made.ticks}) == len(made.ticks)
    assert made(made.low) == pytest.approx(0.0) and made(made.high) == pytest.approx(100.0)


def test_whole_ticks():
    """Epochs are whole numbers."""
    made = scale(1, 3, 0.0, 100.0, is_whole=True, fits=True)
    assert [made.label(tick) for tick in made.ticks] == ["1", "2", "3"]
    assert (made.low, made.high) == (1, 3)


def test_one_epoch():
    """A range of one point is widened."""
    made = scale(1, 1, 0.0, 100.0, is_whole=True, fits=True)
    assert 0 < made(1) < 100
