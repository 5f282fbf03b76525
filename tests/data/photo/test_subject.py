"""The subject of a picture is what differs from the background, but for specks."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from vaecli.data.photo.scene import make_scene, subject_mask
from vaecli.data.photo.subject import bounds, without_specks


def box_of(image):
    scene = make_scene(np.asarray(image, np.uint8).reshape(image.height, image.width, -1))
    return bounds(without_specks(subject_mask(scene)))


def test_bounds():
    """The smallest box around the true values; None around nothing."""
    mask = np.zeros((9, 8), bool)
    assert bounds(mask) is None
    mask[2, 3] = mask[5, 6] = True
    assert bounds(mask) == (slice(2, 6), slice(3, 7))


def test_specks_are_removed_and_parts_stay():
    """A part of 1 % of the largest goes, one of 3 % stays, wherever they are."""
    mask = np.zeros((400, 500), bool)
    mask[100:200, 100:200] = True
    mask[300:310, 400:410] = True  # 1 %
    mask[10:28, 450:468] = True  # 3 %
    cleaned = without_specks(mask)
    assert cleaned[150, 150] and cleaned[20, 460] and not cleaned[305, 405]
    assert not without_specks(np.zeros((5, 5), bool)).any()


@pytest.mark.parametrize("line", [((10, 10), (790, 590)), ((400, 10), (400, 590)), ((10, 300), (790, 300))])
def test_a_thin_line_is_one_part(line):
    """A diagonal of one pixel is not taken for specks."""
    image = Image.new("L", (800, 600), 250)
    ImageDraw.Draw(image).line(line, fill=0)
    rows, columns = box_of(image)
    top, bottom, left, right = rows.start, rows.stop, columns.start, columns.stop
    (x0, y0), (x1, y1) = line
    for edge, expected in zip((top, bottom, left, right), (y0, y1 + 1, x0, x1 + 1), strict=True):
        assert abs(edge - expected) <= 7  # of a cell: a 128th of a side


def test_nothing_but_background_has_no_box():
    """A blank sheet."""
    image = Image.new("L", (300, 200), 255)
    assert box_of(image) is None
