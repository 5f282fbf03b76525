"""Images that use a small range of pixel values are reported, and stretched on request."""

import numpy as np
import pytest

from vaecli.data.contrast import for_training, like_training, pixel_range, stretched
from vaecli.data.idx.format import encode_idx, open_idx
from vaecli.data.images import ImageSet

DIGITS = np.random.default_rng(0).integers(0, 17, (50, 8, 8, 1), np.uint8)  # as scikit-learn's: 0 to 16
DIGITS[0, 0, :2, 0] = 0, 16


def make(images):
    return ImageSet("digits", "train", images, None, (), "nowhere")


@pytest.mark.parametrize(("high", "warns"), [(1, True), (16, True), (127, True), (128, False), (255, False)])
def test_a_small_range_is_reported(high, warns):
    """The warning gives the range and the option; the pixels stay as they are."""
    images = DIGITS // 16 * np.uint8(high)
    warnings = []
    data = for_training(make(images), stretch=False, warn=warnings.append)
    np.testing.assert_array_equal(data.images, images)
    assert len(warnings) == warns
    assert all(f"are 0 to {high}, of 0 to 255" in text and "--stretch" in text for text in warnings)


@pytest.mark.parametrize("offset", [0, 100])
def test_stretched_images_use_the_full_range(offset):
    """The smallest pixel becomes 0, the largest 255, the others are linear between, rounded."""
    warnings = []
    data = for_training(make(DIGITS + np.uint8(offset)), stretch=True, warn=warnings.append)
    np.testing.assert_array_equal(data.images, np.rint(DIGITS * (255 / 16)))
    assert (data.stretch, warnings) == ((offset, offset + 16), [])


def test_the_full_range_and_a_constant_are_left_alone():
    """With nothing to stretch the set is the same object."""
    for images in (DIGITS // 16 * np.uint8(255), np.full((5, 2, 2, 1), 7, np.uint8)):
        data = make(images)
        assert for_training(data, stretch=True, warn=lambda _: None) is data


def test_images_in_a_file_are_stretched_as_they_are_read(tmp_path):
    """The same pixels and the same hash as in memory, however they are indexed."""
    (tmp_path / "file").write_bytes(encode_idx(DIGITS[..., 0]))
    streamed, in_memory = (stretched(make(images), 0, 16) for images in (open_idx(tmp_path / "file"), DIGITS))
    assert streamed.sha256 == in_memory.sha256
    np.testing.assert_array_equal(streamed.images[3], in_memory.images[3])
    np.testing.assert_array_equal(streamed.images[np.array([7, 2])], in_memory.images[[7, 2]])


def test_other_sets_are_stretched_like_the_training_images():
    """A test set of the same small range is; images of the full range are not."""
    data = make(DIGITS[1:] // 2)
    np.testing.assert_array_equal(like_training(data, 0, 16).images, np.rint(data.images * (255 / 16)))
    full = make(DIGITS * np.uint8(15))
    assert like_training(full, 0, 16) is full


def test_the_range_is_that_of_all_images(monkeypatch):
    """Also where the images are read in several chunks."""
    monkeypatch.setattr("vaecli.data.contrast.CHUNK", 3)
    images = np.full((10, 2, 2, 1), 9, np.uint8)
    images[4, 0, 0], images[9, 1, 1] = 2, 200
    assert pixel_range(images) == (2, 200)
