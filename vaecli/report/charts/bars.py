"""A value for each of some things, and how often values occur."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vaecli.report.axes import Scale, scale
from vaecli.report.charts.frame import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    Axis,
    bottom_axis,
    chart,
    left_axis,
)
from vaecli.report.markup import Markup, element, join

MOST_LABELLED = 16  # bars that all have their label
BINS = 40


def bar_chart(
    title: str,
    names: Sequence[str],
    values: Sequence[float],
    *,
    x_name: str,
    y_name: str,
    description: str,
    mark: float | None = None,
) -> Markup:
    """Return a bar for each value, not negative, in the order given; `mark` is a value that a line marks."""
    vertical = scale(0.0, max([*values, mark or 0.0]), BOTTOM, TOP + 6)
    step = (RIGHT - LEFT) / max(1, len(values))
    every = -(-len(names) // MOST_LABELLED)
    places = list(range(0, len(names), every))
    labelled = Axis(
        Scale(0.0, float(len(values)), LEFT, RIGHT, [place + 0.5 for place in places]),
        x_name,
        [names[place] for place in places],
    )
    bars = [
        element(
            "rect",
            x=LEFT + place * step + step * 0.12,
            y=vertical(value),
            width=max(0.5, step * 0.76),
            height=BOTTOM - vertical(value),
            class_="fill s0",
        )
        for place, value in enumerate(values)
    ]
    parts = [left_axis(Axis(vertical, y_name)), *bars, bottom_axis(labelled)]
    if mark is not None:
        parts.append(element("path", d=f"M{LEFT} {vertical(mark):.1f}H{RIGHT}", class_="mark"))
    return chart(title, description, join(parts))


def histogram(
    title: str, values: npt.NDArray[np.floating], *, x_name: str, y_name: str, description: str
) -> Markup:
    """Return how often values (N,), all finite, occur; the outermost 0.5 % on either side are left out."""
    low, high = np.quantile(values, [0.005, 0.995])
    if not high > low:
        low, high = low - 0.5, high + 0.5
    counts, edges = np.histogram(values, bins=min(BINS, max(5, len(values) // 5)), range=(low, high))
    horizontal = scale(float(edges[0]), float(edges[-1]), LEFT, RIGHT, fits=True)
    vertical = scale(0.0, float(counts.max()), BOTTOM, TOP + 6)
    outline = f"M{LEFT} {BOTTOM}" + "".join(
        f"V{vertical(float(count)):.1f}H{horizontal(float(edge)):.1f}"
        for count, edge in zip(counts, edges[1:], strict=True)
    )
    middle = horizontal(float(np.clip(values.mean(), low, high)))
    return chart(
        title,
        description,
        left_axis(Axis(vertical, y_name)),
        element("path", d=f"{outline}V{BOTTOM}Z", class_="fill s0"),
        element("path", d=f"M{middle:.1f} {TOP + 6}V{BOTTOM}", class_="mark"),
        bottom_axis(Axis(horizontal, x_name)),
    )
