"""Arrays that callers pass are converted, or refused with an error that names the fault and its repair."""

import numpy as np
import pytest
from PIL import Image

from vaecli.errors import OptionError
from vaecli.runtime.arrays import image_batch, latent_batch, single_image

SHAPE = (28, 26, 1)
RNG = np.random.default_rng(0)
UNIT = RNG.random((3, *SHAPE)).astype(np.float32)
BYTES = (255 * UNIT).astype(np.uint8)


class Tensor:
    """An array of another library: it converts to numpy, or raises as such libraries do."""

    def __init__(self, array, error=None):
        self.array, self.error = array, error

    def __array__(self, dtype=None, copy=None):
        if self.error:
            raise self.error
        return self.array


@pytest.mark.parametrize(
    "images",
    [
        UNIT,
        UNIT.astype(np.float64),
        UNIT.astype(np.float16),
        UNIT.astype(np.longdouble),
        UNIT.astype(">f4"),
        UNIT.tolist(),
        list(UNIT),
        Tensor(UNIT),
        np.asfortranarray(UNIT),
        UNIT[::-1],
        UNIT[:0],
        np.broadcast_to(UNIT[:1], UNIT.shape),
        np.ma.masked_array(UNIT),
        -0.0 * UNIT,
        UNIT - np.float32(5e-4),
        UNIT + np.float32(5e-4),
    ],
)
def test_floats_in_the_unit_range_keep_their_values(images):
    """Any float type, byte order, layout or container gives contiguous float32 with equal values."""
    batch = image_batch(images, SHAPE)
    assert batch.dtype == np.float32 and batch.flags.c_contiguous
    np.testing.assert_allclose(batch, np.asarray(images, np.float64), atol=1e-7)


def test_bytes_are_divided_by_255():
    """uint8 images, also as a list of PIL images with their channel added, are scaled to [0, 1]."""
    expected = BYTES.astype(np.float32) / 255
    np.testing.assert_array_equal(image_batch(BYTES, SHAPE), expected)
    np.testing.assert_array_equal(image_batch(memoryview(BYTES), SHAPE), expected)
    pictures = [Image.fromarray(image[..., 0]) for image in BYTES]
    with pytest.raises(OptionError, match=r"got \(3, 28, 26\)\. Add the channels: images\[\.\.\., None\]"):
        image_batch(pictures, SHAPE)
    np.testing.assert_array_equal(image_batch(np.asarray(pictures)[..., None], SHAPE), expected)


REFUSED_IMAGES = [
    (255 * UNIT, r"got 0\.\d+ to 25\d\S* Divide by 255"),
    (255 * UNIT.astype(np.float64), r"got 0\.\d+ to 25\d\S* Divide by 255"),
    (2 * UNIT - 1, r"got -0\.99\d+ to 0\.99\S* Scale them"),
    (np.where(UNIT > 0.9, np.nan, UNIT), "got NaN or infinity"),
    (np.where(UNIT > 0.9, np.inf, UNIT), "got NaN or infinity"),
    (np.where(UNIT > 0.9, -np.inf, UNIT), "got NaN or infinity"),
    (np.full_like(UNIT, np.nan), "got NaN or infinity"),
    (BYTES.astype(np.int64), r"got int64\. Convert 0\.\.255 with \.astype\(np\.uint8\)"),
    (UNIT > 0.5, "got bool"),
    (UNIT.astype(np.complex64), "got complex64"),
    (UNIT.astype(str), "got <U"),
    (UNIT.astype(object), "got object"),
    (np.zeros(UNIT.shape, [("grey", "u1")]), r"got \[\('grey'"),
    (np.zeros(UNIT.shape, "M8[s]"), "got datetime64"),
    (np.ma.masked_array(UNIT, UNIT > 0.9), r"must not have masked values\. Fill them: images\.filled\(0\)"),
    (UNIT[0], r"got \(28, 26, 1\)\. Add the first axis: images\[None\]"),
    (UNIT[0, ..., 0], r"got \(28, 26\)\. Add the missing axes: images\[None, \.\.\., None\]"),
    (UNIT[..., 0], r"got \(3, 28, 26\)\. Add the channels: images\[\.\.\., None\]"),
    (
        np.moveaxis(UNIT, -1, 1),
        r"got \(3, 1, 28, 26\)\. Put the channels last: np\.moveaxis\(images, 1, -1\)",
    ),
    (UNIT[:, :27], r"\(N, 28, 26, 1\), got \(3, 27, 26, 1\)"),
    ([[1.0], [1.0, 2.0]], "must be one array of numbers"),
    (
        Tensor(UNIT, TypeError("use Tensor.cpu() first")),
        r"one array of numbers: use Tensor\.cpu\(\) first\.$",
    ),
    (Tensor(UNIT, RuntimeError("requires grad")), "one array of numbers: requires grad"),
    (None, r"\(N, 28, 26, 1\), got \(\)"),
    ("picture.png", r"\(N, 28, 26, 1\), got \(\)"),
    (0.5, r"\(N, 28, 26, 1\), got \(\)"),
    ({}, r"\(N, 28, 26, 1\), got \(\)"),
]


@pytest.mark.parametrize(("images", "says"), REFUSED_IMAGES)
def test_other_images_are_refused(images, says):
    """The error names the range, type, NaN, axis order or missing axis, and the expression that repairs it."""
    with pytest.raises(OptionError, match=says):
        image_batch(images, SHAPE)


def test_running_out_of_memory_is_no_option_error():
    """A MemoryError of a conversion says nothing about the array: it passes through."""
    with pytest.raises(MemoryError):
        image_batch(Tensor(UNIT, MemoryError()), SHAPE)


@pytest.mark.parametrize(
    ("image", "says"),
    [
        (
            UNIT[0, ..., 0],
            r"a must have the shape \(H, W, C\) = \(28, 26, 1\), got \(28, 26\)\. Add the .*a\[",
        ),
        (np.moveaxis(UNIT[0], -1, 0), r"got \(1, 28, 26\)\. Put the channels last: np\.moveaxis\(a, 0, -1\)"),
        (UNIT, r"\(28, 26, 1\), got \(3, 28, 26, 1\)"),
        (None, r"\(28, 26, 1\), got \(\)"),
        (255 * UNIT[0], r"a must be uint8, or floats in \[0, 1\]"),
        (BYTES[0].astype(int), "a must be uint8, or floats"),
    ],
)
def test_single_images(image, says):
    """One image becomes a batch of one; the errors name its argument and speak of one image."""
    np.testing.assert_array_equal(single_image(BYTES[0], SHAPE, name="a"), BYTES[:1].astype(np.float32) / 255)
    with pytest.raises(OptionError, match=says):
        single_image(image, SHAPE, name="a")


@pytest.mark.parametrize(
    "z",
    [
        np.zeros((2, 3)),
        np.zeros((2, 3), np.int8),
        np.full((2, 3), -1e6),
        [[0, 1, 2]],
        np.zeros((0, 3)),
        np.ones((2, 3), ">f8"),
        Tensor(np.ones((1, 3))),
    ],
)
def test_latents(z):
    """Integers and floats become contiguous float32 with equal values."""
    latents = latent_batch(z, 3)
    assert latents.dtype == np.float32 and latents.flags.c_contiguous
    np.testing.assert_array_equal(latents, np.asarray(z))


@pytest.mark.parametrize(
    ("z", "says"),
    [
        (np.full((2, 3), np.nan), r"must be within -1e\+06 and 1e\+06, got NaN or infinity"),
        (np.array([[0.0, 0.0, np.nan]]), "got NaN or infinity"),
        (np.array([[0.0, np.inf, 0.0]]), "got NaN or infinity"),
        (np.full((2, 3), 3e38, np.float32), r"got 3e\+38 to 3e\+38"),
        (np.full((2, 3), 1e300), r"got 1e\+300"),
        (np.full((2, 3), -(10**15)), r"got -1e\+15"),
        ([[10**30, 0, 0]], "must be numbers, got object"),
        (np.ma.masked_array(np.zeros((2, 3)), True), r"must not have masked values"),
        (np.zeros(3), r"got \(3,\)\. Add the first axis: z\[None\]"),
        (np.zeros((2, 4)), r"\(N, 3\), got \(2, 4\)"),
        (np.zeros((2, 3), complex), "must be numbers, got complex128"),
        (np.zeros((2, 3), bool), "must be numbers, got bool"),
        (np.zeros((2, 3), [("z", "f4")]), r"must be numbers, got \[\('z'"),
        ([["0", "1", "2"]], "must be numbers, got <U1"),
        (None, r"\(N, 3\), got \(\)"),
    ],
)
def test_other_latents_are_refused(z, says):
    """NaN, numbers so large that a decoder overflows, and other types and shapes are refused."""
    with pytest.raises(OptionError, match=says):
        latent_batch(z, 3)
