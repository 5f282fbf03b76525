"""`vaecli.pictures.plane`: decoded pictures of a plane, and points on the same axes."""

import numpy as np
import pytest

from vaecli.errors import OptionError
from vaecli.pictures.plane import Axes, Points, class_colours, plane

TICKS = np.array([-2.0, -0.5, 0.5, 2.0])
AXES = Axes(("z 0", "z 1"), TICKS, TICKS)


def images(side=4, shape=(6, 7, 1)):
    """Return black images."""
    return np.zeros((side * side, *shape), np.uint8)


def points(places, labels=None, class_names=("shirt", "boot"), own=None):
    """Return points with a title."""
    labels = None if labels is None else np.array(labels)
    return Points(np.array(places, float).reshape(-1, 2), labels, class_names, "Latents", own)


def centre_of(page, colour):
    """Return the mean place of the pixels of a colour, (y, x), and their number."""
    where = np.argwhere((page == colour).all(axis=-1))
    return where.mean(axis=0), len(where)


def panel_of(page, level):
    """Return top, left, height and width of the panel that is mostly of a grey level."""
    is_level = (page == level).all(axis=-1)
    columns, rows = (np.flatnonzero(is_level.sum(axis=axis) > 70) for axis in (0, 1))
    return rows[0], columns[0], rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1


def test_decoded_pictures_alone():
    """Without a gap, in their order."""
    pictures = images(shape=(6, 7, 3))
    pictures[3] = (10, 200, 30)
    page = plane(pictures, AXES, "Decoded", scale=5)
    (y, x), count = centre_of(page, (10, 200, 30))
    top, left, height, width = panel_of(page, 0)
    assert (height, width) == (4 * 6 * 5, 4 * 7 * 5) and count == 6 * 7 * 25
    assert y < top + height / 4 and x > left + 3 * width / 4


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ((0, 0), (0.5, 0.5)),
        ((-2, 2), (0.125, 0.125)),
        ((2, 2), (0.875, 0.125)),
        ((0.5, -0.5), (0.625, 0.625)),
    ],
)
def test_a_point_lies_on_the_picture_of_its_latent(place, expected):
    """The horizontal coordinate grows to the right, the vertical one upwards."""
    page = plane(images(), AXES, "Decoded", points([place], [1]), scale=6)
    top, left, height, width = panel_of(page, 204)  # the black of the decoded pictures, faded
    assert (height, width) == panel_of(page, 0)[2:] == (4 * 6 * 6, 4 * 7 * 6)
    (y, x), _ = centre_of(page[top : top + height, left : left + width], class_colours(2)[1])
    assert ((x + 0.5) / width, (y + 0.5) / height) == pytest.approx(expected, abs=0.02)


def test_points_outside_stay_on_the_edge():
    """However far away they are."""
    far = plane(images(), AXES, "Decoded", points([(1e6, -1e6), (-1e6, 1e6)], [0, 0]), scale=6)
    assert centre_of(far, class_colours(2)[0])[1] > 20


def test_points_without_labels_have_no_legend():
    """The page is narrower."""
    without = plane(images(), AXES, "Decoded", points([(0, 0)]), scale=4)
    assert without.shape[1] < plane(images(), AXES, "Decoded", points([(0, 0)], [0]), scale=4).shape[1]


def test_an_own_point_is_a_ring():
    """It is drawn besides the others."""
    plain = plane(images(), AXES, "Decoded", points([(0, 0)]), scale=6)
    ring = plane(images(), AXES, "Decoded", points([(0, 0)], own=np.array([1.0, 1.0])), scale=6)
    assert plain.shape == ring.shape and not np.array_equal(plain, ring)


@pytest.mark.parametrize("count", [1, 2, 10, 11, 300])
def test_classes_have_different_colours(count):
    """As many as there are classes; a legend of hundreds ends with a number."""
    assert len(set(class_colours(count))) == count
    names = [f"class {number}" for number in range(count)]
    page = plane(images(), AXES, "Decoded", points([(0, 0)], [count - 1], names), scale=6)
    assert page.dtype == np.uint8


def test_colour_pictures():
    """They keep their colours."""
    pictures = images(shape=(6, 7, 3))
    pictures[:] = (10, 200, 30)
    assert centre_of(plane(pictures, AXES, "Decoded", scale=4), (10, 200, 30))[1] == 16 * 42 * 16


def test_a_scale_that_is_too_large():
    """The error names one that works."""
    with pytest.raises(OptionError, match=r"--scale must be at most \d+"):
        plane(images(), AXES, "Decoded", scale=500)
