"""`vaecli.pictures.captions`: sheets of pictures with text below each."""

import numpy as np
import pytest

from vaecli.errors import OptionError
from vaecli.pictures.captions import Captioned, captioned_sheet
from vaecli.pictures.text import ACCENT


def cells(count, lines=("a",), shape=(10, 8, 1)):
    """Return pictures with the grey levels 0, 1, 2, ..."""
    return [Captioned(np.full(shape, level, np.uint8), lines) for level in range(count)]


@pytest.mark.parametrize("channels", [1, 3])
def test_each_picture_is_there_in_reading_order(channels):
    """In rows of the given length; the last may have fewer."""
    page = captioned_sheet(cells(7, shape=(10, 8, channels)), columns=3, scale=4)
    tops, lefts = [], []
    for level in range(7):
        places = np.argwhere((page == level).all(axis=-1))
        assert len(places) == 10 * 8 * 16
        tops.append(places[0][0])
        lefts.append(places[0][1])
    assert tops == sorted(tops) and len(set(tops)) == 3 and len(set(lefts)) == 3


def test_text_stands_below():
    """More lines take more room."""
    plain, taller = (captioned_sheet(cells(2, lines), columns=2, scale=8) for lines in (("a",), ("a", "b")))
    assert taller.shape[0] > plain.shape[0] and taller.shape[1] == plain.shape[1]
    assert not np.array_equal(plain, captioned_sheet(cells(2, ("b",)), columns=2, scale=8))


def test_a_frame():
    """It covers no picture."""
    framed = [Captioned(cell.image, cell.lines, has_frame=cell.image[0, 0, 0] == 1) for cell in cells(3)]
    page = captioned_sheet(framed, columns=3, scale=4)
    assert (page == ACCENT).all(axis=-1).any()
    assert all((page == level).all(axis=-1).sum() == 1280 for level in range(3))


def test_a_scale_that_is_too_large():
    """The error names one that works."""
    with pytest.raises(OptionError, match=r"--scale must be at most \d+"):
        captioned_sheet(cells(50), columns=10, scale=512)
