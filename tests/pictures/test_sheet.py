"""Sheets and strips: every image at its place, and white paper elsewhere."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaecli.errors import OptionError
from vaecli.pictures.sheet import bands, near_square, plan, sheet
from vaecli.pictures.strip import strip


@given(count=st.integers(1, 40), columns=st.none() | st.integers(1, 12), channels=st.sampled_from([1, 3]))
def test_every_image_is_in_reading_order(count, columns, channels):
    """Image i fills cell (i // columns, i % columns); all other pixels are white."""
    images = np.random.default_rng(0).integers(0, 255, (count, 5, 4, channels), dtype=np.uint8)
    page = sheet(images, columns=columns, scale=1, gap=2)
    assert page.shape[2] == channels
    across = columns or near_square(count)
    for i, image in enumerate(images):
        y, x = 2 + (i // across) * 7, 2 + (i % across) * 6
        assert np.array_equal(page[y : y + 5, x : x + 4], image)
        page[y : y + 5, x : x + 4] = 255
    assert page.shape[:2] == (2 + -(-count // across) * 7, 2 + across * 6)
    assert np.all(page == 255)


@given(count=st.integers(1, 10_000))
def test_sheets_are_nearly_square(count):
    """Rows and columns differ by at most one."""
    columns = near_square(count)
    assert columns - 1 <= -(-count // columns) <= columns


@pytest.mark.parametrize(("count", "side"), [(1, (112, 120)), (64, (896, 1000)), (10_000, (2800, 3000))])
def test_small_images_are_made_large_enough_to_see(count, side):
    """An image of 28 pixels is enlarged to 112; in a huge sheet it is not."""
    assert side[0] <= sheet(np.zeros((count, 28, 28, 1), np.uint8)).shape[1] <= side[1]


@pytest.mark.parametrize("count", [0, 10**16])
def test_sheets_with_nothing_or_too_much_are_refused(count):
    """No images, or more than a PNG has room for, is an error that names -n."""
    with pytest.raises(OptionError) as caught:
        plan(count, (28, 28, 1))
    assert caught.value.option == "-n"


def test_the_largest_sheet_has_the_largest_side_of_a_png():
    """One more column is refused."""
    most = (2**31 - 1 - 1) // 29
    assert plan(most, (28, 28, 1), columns=most).shape[1] <= 2**31 - 1
    with pytest.raises(OptionError, match="pixels a side"):
        plan(most + 1, (28, 28, 1), columns=most + 1)


@given(count=st.integers(1, 40), cuts=st.lists(st.integers(0, 40)), columns=st.none() | st.integers(1, 12))
def test_bands_of_chunks_are_the_sheet(count, cuts, columns):
    """For chunks of any length, empty ones too, the bands put together are the whole sheet."""
    images = np.random.default_rng(0).integers(0, 255, (count, 5, 4, 1), dtype=np.uint8)
    planned = plan(count, (5, 4, 1), columns=columns, scale=2)
    chunks = np.split(images, sorted(cuts))
    page = np.concatenate(list(bands(chunks, planned)))
    assert page.shape == planned.shape
    assert np.array_equal(page, sheet(images, columns=columns, scale=2))


@pytest.mark.parametrize("legs", [1, 3])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_strip_shows_each_leg_between_its_originals(legs, channels):
    """Each leg is a row: an original, its steps in order, the next original; shared points are in both rows."""
    steps = 4
    originals = (
        np.full((legs + 1, 6, 6, channels), 1, np.uint8)
        * np.arange(10, 11 + legs, dtype=np.uint8)[:, None, None, None]
    )
    path = np.broadcast_to(
        np.arange(100, 101 + legs * (steps - 1), dtype=np.uint8)[:, None, None, None],
        (1 + legs * (steps - 1), 6, 6, channels),
    )
    pixels = strip(originals, path, scale=1)
    rows = []
    for y in range(pixels.shape[0]):
        line = [int(v[0]) for v in pixels[y] if v[0] == v[1] == v[2] and v[0] != 255]
        if line and (not rows or rows[-1] != line):
            rows.append(line)
    expected = []
    for leg in range(legs):
        shown = [10 + leg, *range(100 + leg * (steps - 1), 101 + (leg + 1) * (steps - 1)), 11 + leg]
        expected.append([value for value in shown for _ in range(6)])
    assert rows == expected


def test_originals_are_framed():
    """The accent colour frames the originals and nothing else: two frames in a row."""
    pixels = strip(np.zeros((2, 8, 8, 1), np.uint8), np.zeros((5, 8, 8, 1), np.uint8), scale=1)
    coloured = (pixels[..., 0] != pixels[..., 2]).any(axis=0)
    assert np.count_nonzero(np.diff(coloured.astype(int)) == 1) == 2
