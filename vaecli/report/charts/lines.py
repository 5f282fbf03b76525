"""Curves over epochs."""

import dataclasses
import math
from collections.abc import Sequence

from vaecli.report.axes import scale
from vaecli.report.charts.frame import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    Axis,
    bottom_axis,
    chart,
    left_axis,
    legend,
)
from vaecli.report.markup import Markup, element, join

MOST_MARKED = 20  # points of a curve that are drawn as points too
MOST_POINTS = 400  # of a curve; more are thinned out
SHOWN_SHARE = 0.98  # of the values: the first epochs of a run are often far above all others


@dataclasses.dataclass(frozen=True)
class Curve:
    """A curve: its name and a value for each x; NaN leaves a gap."""

    name: str
    values: Sequence[float]


def line_chart(
    title: str,
    curves: Sequence[Curve],
    x: Sequence[float],
    *,
    x_name: str,
    y_name: str,
    description: str,
    mark: float | None = None,
) -> Markup:
    """Return curves over x, which increases.

    Args:
        title: of the chart.
        curves: at most three; the second is dashed, so that no colour is needed to tell it apart.
        x: (n,) whole numbers.
        x_name: name of x.
        y_name: name and unit of y.
        description: what it shows, in a sentence.
        mark: an x that a vertical line marks.
    """
    finite = sorted(value for curve in curves for value in curve.values if math.isfinite(value))
    if not finite:
        return chart(title, description)
    top = finite[max(0, math.ceil(SHOWN_SHARE * len(finite)) - 1)]
    horizontal = scale(x[0], x[-1], LEFT, RIGHT, is_whole=True, fits=True)
    vertical = scale(finite[0], top, BOTTOM, TOP + 6)
    parts = [left_axis(Axis(vertical, y_name)), bottom_axis(Axis(horizontal, x_name))]
    if mark is not None:
        parts.append(element("path", d=f"M{horizontal(mark):.1f} {TOP + 6}V{BOTTOM}", class_="mark"))
    step = -(-len(x) // MOST_POINTS)
    for number, curve in enumerate(curves):
        points = [
            (horizontal(at), max(vertical(value), TOP + 6.0))
            for at, value in zip(x[::step], curve.values[::step], strict=True)
            if math.isfinite(value)
        ]
        dashed = " dashed" if number == 1 else ""
        parts.append(element("path", d=_path(points), class_=f"curve s{number}{dashed}"))
        if len(points) <= MOST_MARKED:
            parts += [element("circle", cx=at, cy=y, r=2.2, class_=f"fill s{number}") for at, y in points]
    if len(curves) > 1:
        names, marks = [curve.name for curve in curves], [f"s{number}" for number in range(len(curves))]
        parts.append(legend(names, marks=marks, y=15, columns=len(curves), left=RIGHT - 92 * len(curves)))
    return chart(title, description, join(parts))


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
