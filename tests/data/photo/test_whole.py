"""The preparation in whole numbers: its arithmetic, and vectors that other languages repeat to the bit."""

import pathlib
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from vaecli.choices import POLARITIES
from vaecli.data.photo import whole
from vaecli.data.photo.frame import prepare_array
from vaecli.data.photo.photo_options import PhotoOptions
from vaecli.data.photo.prepare import Preparation

VECTORS = np.load(pathlib.Path(__file__).parent / "vectors.npz")
CASES = sorted(name.split("/")[0] for name in VECTORS.files if name.endswith("/settings"))


@pytest.mark.parametrize("case", CASES)
def test_vectors(case):
    """Each picture gives the committed image, to the bit."""
    pixels, alpha = (VECTORS[f"{case.split('-')[0]}/{part}"] for part in ("pixels", "alpha"))
    settings, image = VECTORS[f"{case}/settings"], VECTORS[f"{case}/image"]
    digits, polarity, trim = bool(settings[0]), POLARITIES[settings[1]], bool(settings[2])
    result = prepare_array(
        pixels, alpha if alpha.size else None, image.shape, polarity, digits=digits, trim=trim
    )
    np.testing.assert_array_equal(result, image)


def test_vectors_cover_the_settings():
    """Both kinds, all polarities, trimmed or not, grey and colour, with alpha and without."""
    settings = {tuple(VECTORS[f"{case}/settings"].tolist()) for case in CASES}
    assert {kind for kind, _, _ in settings} == {0, 1}
    assert {code for _, code, _ in settings} == {0, 1, 2}
    assert {trim for _, _, trim in settings} == {0, 1}
    assert {VECTORS[f"{case}/image"].shape for case in CASES} == {(28, 28, 1), (20, 32, 3)}
    assert {VECTORS[f"{case.split('-')[0]}/alpha"].size > 0 for case in CASES} == {True, False}


def test_vectors_of_pictures_that_have_the_size(tmp_path):
    """The library gives the committed image for `--prepare none` and for `auto`: only colours change."""
    cases = [case for case in CASES if has_size(case)]
    assert {VECTORS[f"{case}/image"].shape for case in cases} == {(28, 28, 1), (20, 32, 3)}
    for case in cases:
        pixels, alpha = (VECTORS[f"{case.split('-')[0]}/{part}"] for part in ("pixels", "alpha"))
        bands = np.concatenate([pixels, alpha[..., None]], axis=2) if alpha.size else pixels
        Image.fromarray(bands).save(tmp_path / "a.png")
        image, settings = VECTORS[f"{case}/image"], VECTORS[f"{case}/settings"]
        preparation = Preparation(shape=image.shape, polarity=POLARITIES[settings[1]])
        for options in (PhotoOptions(), PhotoOptions(prepare="none")):
            np.testing.assert_array_equal(preparation.load(tmp_path / "a.png", options).image, image)


def has_size(case):
    """Say whether the picture of a case has the model's size."""
    return VECTORS[f"{case.split('-')[0]}/pixels"].shape[:2] == VECTORS[f"{case}/image"].shape[:2]


@pytest.mark.parametrize(
    ("old", "new"), [((7, 5), (3, 4)), ((5, 6), (11, 6)), ((40, 3), (1, 1)), ((300, 900), (28, 20))]
)
def test_resizing_is_the_exact_mean_over_the_area(old, new):
    """Each new pixel is the mean over its area in exact fractions, halves rounded up."""
    pixels = np.random.default_rng(0).integers(0, 256, (*old, 1))
    resized = whole.resize(pixels, *new)
    for row, column in [(0, 0), (new[0] - 1, new[1] - 1), (new[0] // 2, new[1] // 3)]:
        total = Fraction(0)
        for y, height in overlaps(row, old[0], new[0]):
            for x, width in overlaps(column, old[1], new[1]):
                total += int(pixels[y, x, 0]) * height * width
        mean = total / (Fraction(old[0], new[0]) * Fraction(old[1], new[1]))
        assert resized[row, column, 0] == (2 * mean + 1) // 2


def overlaps(index, old, new):
    """Return the old pixels under a new one, each with the length that they share."""
    start, stop = Fraction(index * old, new), Fraction((index + 1) * old, new)
    shared = ((j, min(stop, j + 1) - max(start, j)) for j in range(old))
    return [(j, length) for j, length in shared if length > 0]


def test_rounding_greys_and_medians():
    """Halves are rounded up; grey is that of Pillow; the median is the upper of two."""
    assert [whole.divided(value, 2) for value in (0, 1, 2, 3)] == [0, 1, 1, 2]
    assert whole.divide(np.array([5, 7]), 10).tolist() == [1, 1]
    assert whole.grey(np.array([[255, 255, 255], [1, 2, 3], [200, 0, 0]]))[:, 0].tolist() == [255, 2, 60]
    assert whole.median(np.array([[4], [1], [3], [2]])).tolist() == [3]


def test_sharpening_leaves_a_plain_picture_alone():
    """One colour stays; a step in brightness becomes steeper."""
    plain = np.full((4, 5, 1), 90)
    assert (whole.sharpen(plain) == plain).all()
    step = np.where(np.arange(6) < 3, 100, 150)[None, :, None].repeat(3, axis=0)
    assert whole.sharpen(step)[1, :, 0].tolist() == [100, 100, 95, 155, 150, 150]
