"""Arrays that users pass to a model: each kind of mistake is an OptionError that says what to do."""

import numpy as np
import pytest

from vaecli.errors import OptionError
from vaecli.runtime.arrays import image_batch, latent_batch

SHAPE = (28, 26, 1)
RNG = np.random.default_rng(0)
UNIT = RNG.random((3, *SHAPE)).astype(np.float32)
BYTES = (255 * UNIT).astype(np.uint8)


@pytest.mark.parametrize(
    "images",
    [
        UNIT,
        UNIT.astype(np.float64),
        UNIT.astype(np.float16),
        UNIT.astype(">f4"),
        UNIT.tolist(),
        np.asfortranarray(UNIT),
        UNIT[::-1],
        UNIT[:0],
        UNIT - np.float32(5e-4),
        UNIT + np.float32(5e-4),
    ],
)
def test_floats_in_the_unit_range_are_taken_as_they_are(images):
    """Any float type, byte order and memory layout; contiguous float32 with equal values."""
    batch = image_batch(images, SHAPE)
    assert batch.dtype == np.float32 and batch.flags.c_contiguous
    np.testing.assert_allclose(batch, np.asarray(images, np.float64), atol=1e-7)


def test_bytes_are_divided_by_255():
    """Black is 0 and white is 1."""
    np.testing.assert_array_equal(image_batch(BYTES, SHAPE), BYTES.astype(np.float32) / 255)


@pytest.mark.parametrize(
    ("images", "says"),
    [
        (255 * UNIT, r"got 0\.\d+ to 25\d\S* Divide by 255"),
        (2 * UNIT - 1, r"got -0\.99\d+ to 0\.99\S* Scale them"),
        (np.where(UNIT > 0.9, np.nan, UNIT), "got NaN or infinity"),
        (np.where(UNIT > 0.9, np.inf, UNIT), "got NaN or infinity"),
        (np.full_like(UNIT, np.nan), "got NaN or infinity"),
        (BYTES.astype(np.int64), r"got int64\. Convert 0\.\.255 with \.astype\(np\.uint8\)"),
        (UNIT > 0.5, "got bool"),
        (UNIT.astype(np.complex64), "got complex64"),
        (UNIT.astype(str), "got <U"),
        (UNIT.astype(object), "got object"),
        (UNIT[0], r"got \(28, 26, 1\)\. Add the first axis: images\[None\]"),
        (UNIT[..., 0], r"got \(3, 28, 26\)\. Add the channels: images\[\.\.\., None\]"),
        (
            np.moveaxis(UNIT, -1, 1),
            r"got \(3, 1, 28, 26\)\. Put the channels last: np\.moveaxis\(images, 1, -1\)",
        ),
        (UNIT[:, :27], r"\(N, 28, 26, 1\), got \(3, 27, 26, 1\)"),
        ([[1.0], [1.0, 2.0]], "must be one array of numbers"),
        (None, "must have the shape"),
    ],
)
def test_other_images_are_refused(images, says):
    """Range, type, NaN, axis order, a missing axis: named, with the expression that repairs it."""
    with pytest.raises(OptionError, match=says):
        image_batch(images, SHAPE)


@pytest.mark.parametrize("z", [np.zeros((2, 3)), np.zeros((2, 3), np.int8), [[0, 1, 2]], np.zeros((0, 3))])
def test_latents(z):
    """Whole numbers and floats."""
    assert latent_batch(z, 3).dtype == np.float32


@pytest.mark.parametrize(
    ("z", "says"),
    [
        (np.full((2, 3), np.nan), "must be finite, got NaN or infinity"),
        (np.full((2, 3), 1e300), "must be finite"),
        (np.zeros(3), r"got \(3,\)\. Add the first axis: z\[None\]"),
        (np.zeros((2, 4)), r"\(N, 3\), got \(2, 4\)"),
        (np.zeros((2, 3), complex), "must be floats, got complex128"),
        (np.zeros((2, 3), bool), "must be floats, got bool"),
    ],
)
def test_other_latents_are_refused(z, says):
    """NaN, infinity, another shape or type."""
    with pytest.raises(OptionError, match=says):
        latent_batch(z, 3)
