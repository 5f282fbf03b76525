"""A plane with points, coloured by class, and the number of each class at its centre."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vaecli.report.axes import scale
from vaecli.report.charts.frame import (
    COLOURS,
    LEFT,
    RIGHT,
    TOP,
    Axis,
    bottom_axis,
    chart,
    left_axis,
    legend,
)
from vaecli.report.markup import Markup, element, text

FOOT = 300  # of the plane, which is higher than other charts
MOST_CLASSES = 10  # with a colour of their own; all others share the last
OUTSIDE = 0.002  # share of the points on each side that may lie at the edge


def scatter(
    title: str,
    points: npt.NDArray[np.floating],
    labels: npt.NDArray[np.integer] | None,
    names: Sequence[str],
    *,
    axes: tuple[str, str],
    description: str,
) -> Markup:
    """Return points (N, 2) in a plane.

    Args:
        title: of the chart.
        points: finite coordinates.
        labels: (N,) number of each point's class; None for points without classes.
        names: of the classes.
        axes: names of x and y.
        description: what it shows, in a sentence.
    """
    low, high = np.quantile(points, [OUTSIDE, 1 - OUTSIDE], axis=0)
    horizontal = scale(float(low[0]), float(high[0]), LEFT, RIGHT)
    vertical = scale(float(low[1]), float(high[1]), FOOT, TOP + 6)
    kept = np.clip(points, [horizontal.low, vertical.low], [horizontal.high, vertical.high])
    places = np.array([(horizontal(x), vertical(y)) for x, y in kept.tolist()])
    parts = [left_axis(Axis(vertical, axes[1])), bottom_axis(Axis(horizontal, axes[0]), y=FOOT)]
    if labels is None:
        return chart(title, description, *parts, _dots(places, 0), height=FOOT + 44)
    shown = _shown_classes(labels)
    colour = np.full(max(int(labels.max()) + 1, len(names)), COLOURS - 1)
    colour[shown] = np.arange(len(shown))
    parts += [_dots(places[colour[labels] == number], number) for number in range(COLOURS)]
    marks = [f"s{number}" for number in range(len(shown))]
    listed = [f"{number} {names[label]}" for number, label in enumerate(shown)]
    for number, label in enumerate(shown):
        x, y = np.median(places[labels == label], axis=0)
        parts.append(element("text", text(str(number)), x=float(x), y=float(y) + 4, class_="halo"))
    if len(np.unique(labels)) > len(shown):
        marks, listed = [*marks, f"s{COLOURS - 1}"], [*listed, "all other classes"]
    parts.append(legend(listed, marks=marks, y=FOOT + 60, columns=2))
    return chart(title, description, *parts, height=FOOT + 60 + 16 * -(-len(listed) // 2))


def _shown_classes(labels: npt.NDArray[np.integer]) -> npt.NDArray[np.integer]:
    """Return the classes that get a colour: all, or the most frequent if there are too many."""
    numbers: npt.NDArray[np.integer]
    numbers, counts = np.unique(labels, return_counts=True)
    if len(numbers) <= MOST_CLASSES:
        return numbers
    most: npt.NDArray[np.integer] = np.sort(numbers[np.argsort(-counts, kind="stable")[: MOST_CLASSES - 1]])
    return most


def _dots(places: npt.NDArray[np.floating], colour: int) -> Markup:
    """Return points as one path of lines without length, which is short."""
    path = "".join(f"M{x:.0f} {y:.0f}h0" for x, y in places)
    return element("path", d=path or None, class_=f"dots s{colour}")
