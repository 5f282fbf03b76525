"""Charts: well-formed, named for readers who do not see them, and with the numbers that were given."""

import math
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from vaecli.report.charts.bars import bar_chart, histogram
from vaecli.report.charts.frame import standing_alone
from vaecli.report.charts.lines import Curve, line_chart
from vaecli.report.charts.points import scatter

SVG = "{http://www.w3.org/2000/svg}"
NAMED = {"x_name": "epoch", "y_name": "nats", "description": "Falls."}


def lines(*curves, x=(1, 2, 3)):
    """A chart of curves."""
    return line_chart(
        "Loss", [Curve(str(number), values) for number, values in enumerate(curves)], x, **NAMED
    )


@pytest.fixture
def charts():
    """One chart of each kind."""
    rng = np.random.default_rng(0)
    points = rng.normal(size=(500, 2))
    labels = rng.integers(0, 3, 500)
    axes = {"axes": ("z 0", "z 1"), "description": "500 images."}
    return {
        "lines": lines([3.0, 2.0, 1.0], [4.0, math.nan, 2.0]),
        "bars": bar_chart("KL", ["1", "0"], [2.0, 0.0], **NAMED),
        "histogram": histogram("elbo", rng.normal(size=500), **NAMED),
        "scatter": scatter("Latents", points, labels, ["a", "<b>", "c"], **axes),
        "plain scatter": scatter("Latents", points, None, [], **axes),
    }


def test_charts_are_well_formed(charts):
    """Each parses as XML, says what it shows, and names both axes with units."""
    for name, svg in charts.items():
        root = ET.fromstring(svg)
        assert root.tag == f"{SVG}svg" and root.get("role") == "img"
        assert "." in root.find(f"{SVG}title").text
        texts = [element.text for element in root.iter(f"{SVG}text")]
        expected = ("z 0", "z 1") if "scatter" in name else ("epoch", "nats")
        assert set(expected) <= set(texts), name
        assert "NaN" not in svg and "nan" not in svg and "script" not in svg


def test_a_chart_alone(charts):
    """A file of its own has the style, and parses with the declaration."""
    for svg in charts.values():
        root = ET.fromstring(standing_alone(svg).encode("utf-8"))
        assert "prefers-color-scheme" in root.find(f"{SVG}style").text


def test_bars_are_as_high_as_their_values():
    """Heights are in proportion."""
    root = ET.fromstring(bar_chart("KL", ["a", "b", "c"], [4.0, 2.0, 0.0], **NAMED))
    heights = [float(bar.get("height")) for bar in root.iter(f"{SVG}rect")]
    assert heights[0] == pytest.approx(2 * heights[1], abs=0.2) and heights[2] == 0


def test_every_class_has_its_name_in_the_legend(charts):
    """The numbers at the centres are those of the legend."""
    root = ET.fromstring(charts["scatter"])
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert {"0 a", "1 <b>", "2 c", "0", "1", "2"} <= set(texts)


def test_many_classes_share_a_colour():
    """Beyond ten classes the most frequent have a colour of their own."""
    labels = np.repeat(np.arange(30), np.arange(30) + 1)
    points = np.random.default_rng(0).normal(size=(len(labels), 2))
    names = [f"class {number}" for number in range(30)]
    root = ET.fromstring(scatter("Latents", points, labels, names, axes=("x", "y"), description="."))
    texts = {element.text for element in root.iter(f"{SVG}text")}
    assert "all other classes" in texts and "8 class 29" in texts


@pytest.mark.parametrize(
    "values",
    [[1.0], [math.nan], [math.inf, 1.0], [5.0, 5.0, 5.0], [1e12, 1e-12, 0.0], list(np.linspace(9, 1, 5000))],
    ids=["one", "NaN", "infinite", "equal", "wide", "many"],
)
def test_strange_curves(values):
    """Each is drawn, within the chart."""
    svg = lines(values, x=range(1, len(values) + 1))
    ET.fromstring(svg)
    assert "nan" not in svg and "inf" not in svg
    assert len(svg) < 20_000


@pytest.mark.parametrize("points", [np.zeros((5, 2)), np.ones((1, 2)), np.full((9, 2), 1e9)])
def test_points_in_one_place(points):
    """The plane has a size."""
    ET.fromstring(scatter("Latents", points, None, [], axes=("x", "y"), description="."))
