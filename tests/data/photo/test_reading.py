"""Pictures of any shape become images of one shape."""

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from PIL import Image

from vaecli.choices import FITS
from vaecli.data.photo.decode import Opened
from vaecli.data.photo.reading import Reading


def opened(image):
    return Opened(image, image.size, image.mode, ())


def halves(height, width):
    """Return a picture whose left half is black and whose right half is white."""
    pixels = np.zeros((height, width), np.uint8)
    pixels[:, width // 2 :] = 255
    return opened(Image.fromarray(pixels))


@hypothesis.settings(max_examples=60)
@hypothesis.given(
    width=st.integers(1, 300),
    height=st.integers(1, 300),
    shape=st.tuples(st.integers(1, 70), st.integers(1, 70), st.sampled_from([1, 3])),
    fit=st.sampled_from(FITS),
    mode=st.sampled_from(["L", "LA", "RGB", "RGBA"]),
)
def test_the_shape_is_as_asked(width, height, shape, fit, mode):
    """Whatever the picture: (H, W, C) uint8; a picture of one colour stays of that colour."""
    rows, columns, channels = shape
    image = Image.new("RGB", (width, height), (90, 90, 90)).convert(mode)
    pixels = Reading(height=rows, width=columns, channels=channels, fit=fit).apply(opened(image))
    assert pixels.shape == shape and pixels.dtype == np.uint8
    assert np.abs(pixels.astype(int) - 90).max() <= 1


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("channels", [1, 3])
def test_the_right_size_is_not_resampled(fit, channels):
    pixels = np.random.default_rng(1).integers(0, 256, (9, 7, channels), np.uint8)
    image = opened(Image.fromarray(pixels[..., 0] if channels == 1 else pixels))
    assert np.array_equal(Reading(height=9, width=7, channels=channels, fit=fit).apply(image), pixels)


def test_pad_keeps_the_whole_picture():
    """A wide picture fills the width; above and below is the median colour of its border."""
    image = Image.new("L", (40, 10), 200)
    image.paste(10, (18, 4, 22, 6))
    pixels = Reading(height=20, width=20, channels=1, fit="pad").apply(opened(image))[..., 0]
    assert (pixels[:7] == 200).all() and (pixels[13:] == 200).all() and pixels[8:12, 9:11].min() < 100


def test_crop_keeps_the_middle():
    """A wide picture loses its sides: both colours keep a half."""
    pixels = Reading(height=10, width=10, channels=1, fit="crop").apply(halves(10, 40))[..., 0]
    assert (pixels[:, :4] == 0).all() and (pixels[:, 6:] == 255).all()


def test_stretch_fills_the_image():
    """Both dimensions change: each half fills half of the image."""
    pixels = Reading(height=8, width=20, channels=1, fit="stretch").apply(halves(50, 400))[..., 0]
    assert (pixels[:, :9] == 0).all() and (pixels[:, 11:] == 255).all()


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_transparent_parts_become_white(mode):
    """Fully transparent black is white, half transparent black is grey."""
    image = Image.new(mode, (4, 4), (0, 0) if mode == "LA" else (0, 0, 0, 0))
    image.paste((0, 128) if mode == "LA" else (0, 0, 0, 128), (0, 0, 4, 2))
    pixels = Reading(height=4, width=4, channels=3).apply(opened(image))
    assert (pixels[2:] == 255).all() and (np.abs(pixels[:2].astype(int) - 127) <= 1).all()


def test_the_table_of_a_model_file():
    """The reading comes back from its table and the shape of the images."""
    reading = Reading(height=48, width=36, channels=1, fit="crop")
    assert Reading.from_metadata(reading.to_metadata(), (48, 36, 1)) == reading
