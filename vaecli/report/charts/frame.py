"""The parts that charts share: the element with its title for readers who do not see it, axes, legends.

Charts are drawn 340 units wide, the width of a small telephone, so that their text stays readable there. Colours
follow Okabe and Ito and Tol's muted scheme, which people who see few colours tell apart; they stand in charts.css,
for light and for dark.
"""

import dataclasses
import functools
import importlib.resources
from collections.abc import Sequence

from vaecli.report.axes import Scale
from vaecli.report.markup import Markup, element, join, text

WIDTH, HEIGHT = 340, 240
LEFT, RIGHT, TOP, BOTTOM = 48, 330, 34, 196
COLOURS = 10  # classes s0 to s9 of charts.css
ALONE = (
    '<?xml version="1.0" encoding="utf-8"?>\n<!-- A chart of vaecli. -->\n'  # start of the file of a chart
)
LETTER = 6.2  # width of a letter, roughly


@dataclasses.dataclass(frozen=True)
class Axis:
    """An axis: its scale, the name with the unit, and labels where ticks are not numbers."""

    scale: Scale
    name: str
    labels: Sequence[str] | None = None


def chart(title: str, description: str, *parts: Markup, height: int = HEIGHT) -> Markup:
    """Return a chart with its title and its description."""
    return element(
        "svg",
        element("title", text(f"{title}. {description}")),
        element("text", text(title), x=6, y=15, class_="name"),
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {height}",
        role="img",
        class_="chart",
    )


def bottom_axis(axis: Axis, *, y: int = BOTTOM) -> Markup:
    """Return the axis at the bottom, with ticks, numbers and its name."""
    labels = axis.labels or [axis.scale.label(tick) for tick in axis.scale.ticks]
    parts = [element("path", d=f"M{LEFT} {y}H{RIGHT}", class_="axis")]
    for tick, label in zip(axis.scale.ticks, labels, strict=True):
        x = axis.scale(tick)
        parts.append(element("path", d=f"M{x:.1f} {y}v4", class_="axis"))
        parts.append(element("text", text(label), x=x, y=y + 17, class_="tick middle"))
    parts.append(element("text", text(axis.name), x=(LEFT + RIGHT) / 2, y=y + 36, class_="label middle"))
    return join(parts)


def left_axis(axis: Axis, *, grid: bool = True) -> Markup:
    """Return the axis at the left, with numbers, a line across for each, and its name above."""
    parts = []
    for tick in axis.scale.ticks:
        y = axis.scale(tick)
        if grid:
            parts.append(element("path", d=f"M{LEFT} {y:.1f}H{RIGHT}", class_="grid"))
        parts.append(element("text", text(axis.scale.label(tick)), x=LEFT - 6, y=y + 4, class_="tick end"))
    parts.append(element("text", text(axis.name), x=6, y=TOP - 4, class_="label"))
    return join(parts)


def legend(names: Sequence[str], *, marks: Sequence[str], y: int, columns: int, left: int = 6) -> Markup:
    """Return a legend of coloured marks with names, in columns.

    Args:
        names: shortened where they are too long.
        marks: classes of the marks, which give their colour.
        y: baseline of the first line.
        columns: names in a line.
        left: place of the first column.
    """
    step = (RIGHT - left) / columns
    parts = []
    for place, (name, mark) in enumerate(zip(names, marks, strict=True)):
        x, line = left + (place % columns) * step, y + (place // columns) * 16
        parts.append(element("circle", cx=x + 5, cy=line - 4.0, r=4.5, class_=f"{mark} fill"))
        shown = shortened(name, int((step - 16) / LETTER))
        parts.append(element("text", text(shown), x=x + 14, y=line, class_="tick"))
    return join(parts)


def shortened(name: str, most: int) -> str:
    """Return a name cut to `most` characters."""
    return name if len(name) <= most else f"{name[: max(1, most - 1)]}\u2026"


@functools.cache
def chart_style() -> str:
    """Return the style of charts, which a page and a chart in a file of its own share."""
    return (importlib.resources.files("vaecli.report") / "charts.css").read_text(encoding="utf-8")


def standing_alone(svg: Markup) -> str:
    """Return a chart as a file of its own, with its style."""
    start, _, rest = svg.partition(">")
    return f"{ALONE}{start}><style>{chart_style()}</style>{rest}\n"
