"""`vaecli.pictures.text`: text on pictures."""

import numpy as np
import pytest

from vaecli.pictures.text import FAINT, INK, block, captioned, font_size, line_height, shortened, text_width


def ink(picture):
    """Return how many pixels are darker than paper."""
    return int((picture < 200).any(axis=-1).sum())


@pytest.mark.parametrize("align", ["left", "centre", "right"])
def test_text_lies_where_it_is_aligned(align):
    """The ink is in the left, the middle or the right third."""
    picture = block([("boot", INK)], width=300, size=16, align=align)
    assert picture.shape == (line_height(16), 300, 3)
    thirds = [ink(picture[:, start : start + 100]) for start in (0, 100, 200)]
    assert np.argmax(thirds) == ["left", "centre", "right"].index(align) and sorted(thirds)[:2] == [0, 0]


def test_lines_follow_each_other():
    """Two lines take twice the height, each with its ink; an empty one has none."""
    picture = block([("z 4", INK), ("", INK), ("2.69 nats", FAINT)], width=120, size=14)
    lines = np.split(picture, 3)
    assert ink(lines[0]) > 0 and ink(lines[1]) == 0 and ink(lines[2]) > 0


@pytest.mark.parametrize("text", ["x" * 200, "folder/" * 30 + "boot.png", "ü" * 100, "W" * 3000])
def test_long_text_is_shortened_in_the_middle(text):
    """It fits, and keeps its beginning and its end."""
    short = shortened(text, 150, 14)
    assert text_width(short, 14) <= 150 and "..." in short
    first, last = short.split("...")
    assert text.startswith(first) and text.endswith(last)


def test_short_text_stays():
    """Nothing is cut that fits."""
    assert shortened("boot.png", 150, 14) == "boot.png"


@pytest.mark.parametrize("text", ["two\nlines", "\x1b[31m", "tab\t", "\udcff"])
def test_what_cannot_be_printed_is_a_question_mark(text):
    """A line stays a line."""
    assert "?" in shortened(text, 500, 14)
    block([(text, INK)], width=100, size=14)


def test_a_caption_stands_below():
    """The picture is unchanged above it."""
    image = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    picture = captioned(image, [("boot", INK), ("0.5", FAINT)], 14)
    np.testing.assert_array_equal(picture[:60], image)
    assert picture.shape[0] > 60 + 2 * 14 and ink(picture[60:]) > 0


def test_sizes_grow_with_pictures_within_bounds():
    """From 11 to 26 pixels."""
    assert [font_size(side) for side in (1, 112, 5000)] == [11, 16, 26]
