"""Terminal pictures: size and colours."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vaecli.pictures.cells import Cell, half_blocks


def test_an_image_that_fits_is_shown_pixel_by_pixel():
    """Two pixel rows make one line; grey becomes RGB."""
    image = np.arange(8, dtype=np.uint8).reshape(1, 4, 2, 1)
    assert half_blocks(image, width=80) == [
        [Cell((0, 0, 0), (2, 2, 2)), Cell((1, 1, 1), (3, 3, 3))],
        [Cell((4, 4, 4), (6, 6, 6)), Cell((5, 5, 5), (7, 7, 7))],
    ]


@given(
    count=st.integers(1, 12),
    width=st.integers(1, 200),
    columns=st.none() | st.integers(1, 12),
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
)
def test_lines_are_equally_long_and_fit(count, width, columns, size):
    """All lines are equally long, and fit into the terminal if each image can have one cell."""
    lines = half_blocks(np.zeros((count, *size, 3), np.uint8), width=width, columns=columns)
    assert len({len(line) for line in lines}) == 1
    if columns is None or 2 * min(columns, count) - 1 <= width:
        assert len(lines[0]) <= width


def test_five_clothes_share_a_line_of_80():
    """Images of 28 pixels are halved: five in a row, with a gap between them."""
    lines = half_blocks(np.zeros((5, 28, 28, 1), np.uint8), width=80)
    assert len(lines) in {7, 8}
    assert len(lines[0]) <= 80
    assert [line.count(None) for line in lines] == [4] * len(lines)


def test_shrinking_keeps_the_mean():
    """Area averaging: black and white stripes become grey."""
    stripes = np.zeros((1, 8, 40, 1), np.uint8)
    stripes[:, :, ::2] = 254
    (upper, lower), *_ = half_blocks(stripes, width=20)[0]
    assert upper == lower == (127, 127, 127)


def test_missing_images_are_gaps():
    """Three images in two columns leave one empty place, made of gaps."""
    lines = half_blocks(np.ones((3, 2, 2, 1), np.uint8), width=80, columns=2)
    assert [line.count(None) for line in lines] == [1, 5, 3]
