"""Scales from values to places in a chart, and the ticks on them."""

import dataclasses
import math
from collections.abc import Sequence

TICKS = 5  # on an axis, roughly


@dataclasses.dataclass(frozen=True)
class Scale:
    """A linear scale.

    Attributes:
        low: value at `start`.
        high: value at `end`.
        start: place in the chart.
        end: place in the chart.
        ticks: values that are marked.
    """

    low: float
    high: float
    start: float
    end: float
    ticks: Sequence[float]

    def __call__(self, value: float) -> float:
        """Return the place of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def label(self, tick: float) -> str:
        """Return a tick as text, with the digits that tell neighbours apart."""
        step = self.ticks[1] - self.ticks[0] if len(self.ticks) > 1 else max(abs(tick), 1.0)
        digits = max(0, -math.floor(math.log10(step) + 1e-9))
        return f"{tick:,.{digits}f}" if abs(tick) < 1e7 and digits < 7 else f"{tick:.2g}"


def scale(
    low: float,
    high: float,
    start: float,
    end: float,
    *,
    is_whole: bool = False,
    fits: bool = False,
    count: int = TICKS,
) -> Scale:
    """Return a scale that covers values from `low` to `high`.

    Args:
        low: least value.
        high: largest value; a range of one point is widened.
        start: place of the low end.
        end: place of the high end.
        is_whole: ticks are whole numbers.
        fits: the scale ends at `low` and `high`, not at the next tick.
        count: of the ticks, roughly.
    """
    if not high > low:
        room = abs(low) * 0.05 or 0.5
        low, high = low - room, high + room
    step = _nice((high - low) / count)
    step = max(1.0, math.ceil(step)) if is_whole else step
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = [step * index for index in range(first, last + 1)]
    if fits:
        margin = (high - low) * 1e-9
        return Scale(low, high, start, end, [tick for tick in ticks if low - margin <= tick <= high + margin])
    return Scale(ticks[0], ticks[-1], start, end, ticks)


def _nice(step: float) -> float:
    """Return 1, 2, 2.5 or 5 times a power of ten that is at least `step`."""
    power: float = 10.0 ** math.floor(math.log10(step))
    return next(
        (factor * power for factor in (1.0, 2.0, 2.5, 5.0) if factor * power >= step * 0.999), 10 * power
    )
