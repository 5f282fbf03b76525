"""The reading of training pictures, repeated in whole numbers as a program in another language would."""

import functools
import pathlib

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from PIL import Image

from vaecli.choices import FITS
from vaecli.data.photo.decode import Opened
from vaecli.data.photo.reading import Reading

VECTORS = np.load(pathlib.Path(__file__).parent / "vectors.npz")
CASES = sorted(name.split("/")[0] for name in VECTORS.files if name.endswith("/fit"))


def divide(numerator, denominator):
    """Divide whole numbers and round, halves up."""
    return (2 * numerator + denominator) // (2 * denominator)


def read_exactly(pixels, alpha, shape, fit):
    """Read a picture (H, W, 1 or 3) with alpha (H, W) or None, by the definition of `reading`."""
    height, width, channels = shape
    values = pixels.astype(np.int64)
    if alpha is not None:
        opacity = alpha.astype(np.int64)[..., None]
        blend = 128 * (values * opacity + 255 * (255 - opacity)) + 16384
        values = ((blend // 256 + blend) // 256) // 128
    if values.shape[2] > channels:
        weighted = (values * [19595, 38470, 7471]).sum(axis=2, keepdims=True)
        values = (weighted + 32768) // 65536
    values = np.repeat(values, channels // values.shape[2], axis=2)
    rows, columns = values.shape[:2]
    if fit == "crop":
        kept = min(columns, max(1, divide(rows * width, height)))
        high = min(rows, max(1, divide(columns * height, width)))
        left, top = (columns - kept) // 2, (rows - high) // 2
        values = values[top : top + high, left : left + kept]
        rows, columns = high, kept
    inner = height, width
    if fit == "pad" and height * columns <= width * rows:
        inner = height, max(1, divide(columns * height, rows))
    elif fit == "pad":
        inner = max(1, divide(rows * width, columns)), width
    if (rows, columns) != inner:
        values = resize(values, inner)
    return values if fit != "pad" else placed(values, height, width)


def resize(values, size):
    """Reduce and resize (H, W, C) to `size`, rows and columns."""
    lengths = values.shape[:2]
    factors = [max(1, old // (3 * new)) for old, new in zip(lengths, size, strict=True)]
    values = reduce(values, factors)
    for axis in (1, 0):  # along the rows first
        weights = coefficients(lengths[axis], size[axis], factors[axis], values.shape[axis])
        sums = np.tensordot(weights, values, axes=(1, axis))
        values = np.moveaxis(((sums + 2**21) // 2**22).clip(0, 255), 0, axis)
    return values


def reduce(values, factors):
    """Replace each block by its mean."""
    counts = np.ones(values.shape[:2], np.int64)
    for axis, factor in enumerate(factors):
        starts = np.arange(0, values.shape[axis], factor)
        values, counts = (np.add.reduceat(array, starts, axis=axis) for array in (values, counts))
    counts = counts[..., None]
    return ((values + counts // 2) * (2**24 // counts)) // 2**24


@functools.cache
def coefficients(old, new, factor, reduced):
    """Return the weights of bicubic resizing, (new, reduced), in units of 2**-22."""
    rows = np.zeros((new, reduced), np.int64)
    old, factor = float(np.float32(old / factor)).as_integer_ratio()
    side = 2 * max(old, factor * new)
    for i in range(new):
        places = [abs((2 * j + 1) * factor * new - (2 * i + 1) * old) for j in range(reduced)]
        weights = [cubic(place, side) for place in places]
        total = sum(weights)
        for j, weight in enumerate(weights):
            size = (2 * abs(weight) * 2**22 + total) // (2 * total)
            rows[i, j] = size if weight > 0 else -size
    return rows


def cubic(t, side):
    """Return 2 side**3 times the weight at the distance t / side."""
    if t < side:
        return 3 * t**3 - 5 * t**2 * side + 2 * side**3
    if t < 2 * side:
        return -(t**3) + 5 * t**2 * side - 8 * t * side**2 + 4 * side**3
    return 0


def placed(values, height, width):
    """Place (h, w, C) in the middle of a ground of the colour of its border."""
    rows, columns = values.shape[:2]
    if (rows, columns) == (height, width):
        return values
    border = np.sort(np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]]), axis=0)
    middle = len(border) // 2
    ground = (border[middle - 1] + border[middle]) // 2
    canvas = np.broadcast_to(ground, (height, width, values.shape[2])).copy()
    top, left = (height - rows) // 2, (width - columns) // 2
    canvas[top : top + rows, left : left + columns] = values
    return canvas


@hypothesis.settings(max_examples=150, deadline=None)
@hypothesis.given(
    size=st.tuples(st.integers(1, 250), st.integers(1, 250)),
    shape=st.tuples(st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 3])),
    fit=st.sampled_from(FITS),
    mode=st.sampled_from(["L", "LA", "RGB", "RGBA"]),
    seed=st.integers(0, 9),
)
@hypothesis.example(size=(29, 56), shape=(28, 28, 1), fit="pad", mode="L", seed=0)  # halves of pixels
@hypothesis.example(size=(223, 23), shape=(4, 1, 3), fit="pad", mode="RGB", seed=0)  # the length as a float32
@hypothesis.example(size=(250, 167), shape=(28, 20, 3), fit="stretch", mode="RGB", seed=0)
def test_the_reading_is_repeated_to_the_bit(size, shape, fit, mode, seed):
    """Pictures of any size, colour, alpha and fit, enlarged, made smaller a little and by a lot."""
    bands = np.random.default_rng(seed).integers(0, 256, (*size, len(mode)), np.uint8)
    image = Image.fromarray(bands[..., 0] if mode == "L" else bands)
    pixels, alpha = (bands[..., :-1], bands[..., -1]) if mode.endswith("A") else (bands, None)
    reading = Reading(height=shape[0], width=shape[1], channels=shape[2], fit=fit)
    result = reading.apply(Opened(image, image.size, mode, ()))
    np.testing.assert_array_equal(result, read_exactly(pixels, alpha, shape, fit))


def test_a_large_picture_is_repeated_to_the_bit():
    """Photos of thousands of pixels a side, which are reduced by different factors."""
    bands = np.random.default_rng(1).integers(0, 256, (1501, 2203, 3), np.uint8)
    image = Image.fromarray(bands)
    for fit in FITS:
        result = Reading(height=64, width=48, channels=3, fit=fit).apply(Opened(image, image.size, "RGB", ()))
        np.testing.assert_array_equal(result, read_exactly(bands, None, (64, 48, 3), fit))


@pytest.mark.parametrize("case", CASES)
def test_vectors(case):
    """Each picture gives the committed image, to the bit, by the definition and by the library."""
    pixels, alpha = (VECTORS[f"{case.split('-')[0]}/{part}"] for part in ("pixels", "alpha"))
    image, fit = VECTORS[f"{case}/image"], FITS[VECTORS[f"{case}/fit"][0]]
    exact = read_exactly(pixels, alpha if alpha.size else None, image.shape, fit)
    np.testing.assert_array_equal(exact, image)
    bands = np.concatenate([pixels, alpha[..., None]], axis=2) if alpha.size else pixels
    opened = Image.fromarray(bands[..., 0] if bands.shape[2] == 1 else bands)
    reading = Reading(height=image.shape[0], width=image.shape[1], channels=image.shape[2], fit=fit)
    np.testing.assert_array_equal(reading.apply(Opened(opened, opened.size, opened.mode, ())), image)


def test_vectors_cover_the_settings():
    """Each fit, grey and colour, with alpha and without, enlarged and made smaller."""
    assert {int(VECTORS[f"{case}/fit"][0]) for case in CASES} == set(range(len(FITS)))
    assert {VECTORS[f"{case}/image"].shape[2] for case in CASES} == {1, 3}
    assert {VECTORS[f"{case.split('-')[0]}/alpha"].size > 0 for case in CASES} == {True, False}
    heights = {case: VECTORS[f"{case.split('-')[0]}/pixels"].shape[0] for case in CASES}
    larger = {VECTORS[f"{case}/image"].shape[0] > heights[case] for case in CASES}
    assert larger == {True, False}
