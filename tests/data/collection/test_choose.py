"""The reading is what the user asks for; the rest is chosen from the pictures."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from vaecli.data.collection.load import load_collection
from vaecli.data.photo.reading import Reading, ReadingOptions


def reading_of(listing, **options):
    return load_collection(listing, "train", ReadingOptions(**options), allow_bad=True).reading


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        ([(30, 99), (35, 40), (50, 36)], 32),  # the median of 30, 35, 36, down to a multiple of 4
        ([(9, 9), (5, 100), (1, 1)], 28),
        ([(500, 400), (3000, 70), (20, 20)], 64),
        ([(40, 41), (48, 52)], 44),
    ],
)
def test_the_side(pictures, listing_of, pixels_of, sides, expected):
    for number, (height, width) in enumerate(sides):
        Image.fromarray(pixels_of(number, height, width)).save(pictures / f"{number}.png")
    assert reading_of(listing_of(pictures)) == Reading(height=expected, width=expected, channels=1)


@pytest.mark.parametrize(("last", "channels"), [((9, 9, 9), 1), ((9, 9, 10), 3)])
def test_the_colour(pictures, write, listing_of, last, channels):
    """Equal channels are grey; a single coloured pixel of the last picture makes RGB."""
    write(pictures, 5)
    grey = np.repeat(np.arange(1024, dtype=np.uint8).reshape(32, 32, 1), 3, axis=2)
    Image.fromarray(grey).save(pictures / "x.png")
    grey[-1, -1] = last
    Image.fromarray(grey).save(pictures / "y.png")
    assert reading_of(listing_of(pictures)).channels == channels


@pytest.mark.parametrize("mode", ["1", "L", "LA", "I;16", "F", "P"])
def test_grey_modes(pictures, listing_of, mode):
    for number in range(2):
        image = Image.new("L", (32, 32), 100 + number)
        converted = Image.fromarray(np.asarray(image, np.uint16)) if mode == "I;16" else image.convert(mode)
        converted.save(pictures / f"{number}.{'tiff' if mode == 'F' else 'png'}")
    assert reading_of(listing_of(pictures)).channels == 1


def test_what_the_user_asks_for(pictures, write, listing_of):
    write(pictures, 3, channels=3)
    listing = listing_of(pictures)
    assert reading_of(listing, size=(48, 36)) == Reading(height=48, width=36, channels=3)
    assert reading_of(listing, colour="grey") == Reading(height=32, width=32, channels=1)
    assert reading_of(listing, fit="crop") == Reading(height=32, width=32, channels=3, fit="crop")


def test_the_second_choice_opens_no_file(pictures, write, listing_of):
    """The cache's knowledge of unchanged files suffices, and the choice is the same, with broken pictures too."""
    write(pictures, 9, channels=1, height=40, width=40)
    for number in range(20):  # broken after a header that tells another size
        Image.new("RGB", (64, 64), (number, 0, 0)).save(pictures / f"cut{number}.bmp")
        content = (pictures / f"cut{number}.bmp").read_bytes()
        (pictures / f"cut{number}.bmp").write_bytes(content[:1000])
    listing = listing_of(pictures)
    first = reading_of(listing)

    def nothing(names):
        assert list(names) == []
        return iter(())

    assert reading_of(dataclasses.replace(listing, contents=nothing)) == first
