"""`vaecli.pictures.rows`: rows of images with labels, headings and given pictures."""

import numpy as np
import pytest

from vaecli.errors import OptionError
from vaecli.pictures.rows import Row, labelled_rows
from vaecli.pictures.text import ACCENT


def rows(count, columns, shape=(10, 8, 1)):
    """Return rows whose images have the grey levels 0, 1, 2, ..."""
    levels = np.arange(count * columns, dtype=np.uint8).reshape(count, columns, 1, 1, 1)
    return [
        Row(np.broadcast_to(images, (columns, *shape)).copy(), f"z {n}") for n, images in enumerate(levels)
    ]


def place_of(page, level):
    """Return where the pixels of a grey level lie: first row and column, and their number."""
    is_level = (page == level).all(axis=-1)
    return *np.argwhere(is_level)[0].tolist(), int(is_level.sum())


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("scale", [1, 4])
def test_each_image_is_there_once_at_its_place(channels, scale):
    """Enlarged, in reading order, aligned in rows and columns."""
    page = labelled_rows(rows(3, 4, (10, 8, channels)), ["a", "b", "c", "d"], scale=scale)
    places = [place_of(page, level) for level in range(12)]
    assert all(count == 10 * 8 * scale**2 for _, _, count in places)
    tops, lefts = [np.array([place[axis] for place in places]).reshape(3, 4) for axis in (0, 1)]
    assert (tops == tops[:, :1]).all() and (np.diff(tops[:, 0]) > 10 * scale).all()
    assert (lefts == lefts[:1]).all() and (np.diff(lefts[0]) > 8 * scale).all()


def test_a_frame_marks_one_image():
    """It lies round the image and covers no other."""
    marked = rows(2, 3)
    marked[1] = Row(marked[1].images, "z 1", mark=2)
    page = labelled_rows(marked, list("abc"), scale=3)
    is_frame = (page == ACCENT).all(axis=-1)
    top, left, count = place_of(page, 5)
    assert count == 10 * 8 * 9 and is_frame[top - 1, left] and is_frame[top + 30, left + 23]
    assert all(place_of(page, level)[2] == 720 for level in range(6))


def test_given_pictures_stand_on_top():
    """Above all rows, the first with a frame."""
    image = np.full((10, 8, 1), 200, np.uint8)
    page = labelled_rows(
        rows(1, 1), ["a"], given=[(image, "boot.png"), (image + 1, "reconstruction")], scale=5
    )
    assert place_of(page, 200)[0] < place_of(page, 0)[0]
    assert place_of(page, 201)[1] > place_of(page, 200)[1]
    assert (page == ACCENT).all(axis=-1).any()


def test_a_scale_that_is_too_large():
    """The error names one that works."""
    with pytest.raises(OptionError, match=r"--scale must be at most \d+"):
        labelled_rows(rows(20, 12), [""] * 12, scale=512)
