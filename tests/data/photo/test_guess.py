"""The polarity and kind of training images follow from the data."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from vaecli.data.named.bundled import load_mini
from vaecli.data.photo.guess import guess_photo, guess_polarity
from vaecli.data.photo.prepare import Preparation
from vaecli.data.photo.reading import Reading


def photographs(count=60, side=24):
    """Smooth grey pictures without a border, bright ones and dark ones, as of a landscape by day and by night."""
    rng = np.random.default_rng(0)
    coarse = rng.uniform(0, 255, (count, 4, 4)).astype(np.float32)
    pictures = [Image.fromarray(values).resize((side, side), Image.Resampling.BICUBIC) for values in coarse]
    return np.stack([np.asarray(picture).clip(0, 255) for picture in pictures]).astype(np.uint8)[..., None]


def digits(count=40, tmp_path=None):
    """Rings, lines and angles made by MNIST's recipe."""
    preparation = Preparation(shape=(28, 28, 1), polarity="light-on-dark", photo="digits")
    rng = np.random.default_rng(1)
    images = []
    for _ in range(count):
        image = Image.new("L", (200, 200), 255)
        points = [tuple(point) for point in rng.integers(30, 170, (4, 2)).tolist()]
        ImageDraw.Draw(image).line(points, fill=0, width=20, joint="curve")
        image.save(tmp_path / "digit.png")
        images.append(preparation.load(tmp_path / "digit.png").image)
    return np.stack(images)


def test_polarity():
    """Fashion-MNIST is light on dark, its negative dark on light, colour any."""
    images = load_mini("test").images
    assert guess_polarity(images) == "light-on-dark"
    assert guess_polarity(255 - images) == "dark-on-light"
    assert guess_polarity(np.repeat(images[:2], 3, axis=3)) == "any"


def test_photographs_have_no_polarity(tmp_path):
    """Grey pictures without a plain border are `any`, so a bright and a dark one are both left as they are."""
    images = photographs()
    preparation = Preparation.of_images(images)
    reading = Reading(height=24, width=24, channels=1, fit="pad")
    assert preparation == Preparation(shape=(24, 24, 1), polarity="any", photo="resize", reading=reading)
    for values in (images[0] // 3, 255 - images[0] // 3):
        Image.fromarray(np.kron(values[..., 0], np.ones((10, 10), np.uint8))).save(tmp_path / "x.png")
        picture = preparation.load(tmp_path / "x.png")
        assert not any("negated" in step or "made" in step for step in picture.steps)
        assert abs(picture.image.astype(int) - values).mean() < 3


def test_a_mixture_of_light_and_dark_backgrounds_has_no_polarity():
    """Half of the images negated: neither polarity is that of the data."""
    images = load_mini("test").images[:200].copy()
    images[::2] = 255 - images[::2]
    assert guess_polarity(images) == "any"


def test_digits_are_told_from_clothes(tmp_path):
    """Small images centred by mass are digits, in either polarity; clothes that fill the frame are not."""
    images = digits(tmp_path=tmp_path)
    assert guess_photo(images, "light-on-dark") == "digits"
    assert guess_photo(255 - images, "dark-on-light") == "digits"
    assert guess_photo(images, "any") == "fashion"
    assert guess_photo(load_mini("test").images, "light-on-dark") == "fashion"


@pytest.mark.parametrize("shift", [3, -4])
def test_small_images_off_the_middle_are_no_digits(tmp_path, shift):
    """Centring by mass is part of the recipe."""
    assert guess_photo(np.roll(digits(tmp_path=tmp_path), shift, axis=2), "light-on-dark") == "fashion"


def test_large_images_are_looked_at_in_chunks(monkeypatch):
    """The result is the same with one image at a time."""
    images = load_mini("test").images[:50]
    monkeypatch.setattr("vaecli.data.images.CHUNK", 1)
    assert (guess_polarity(images), guess_photo(images, "light-on-dark")) == ("light-on-dark", "fashion")
