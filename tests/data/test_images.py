"""A set of images: its hash, its shapes, its parts, in memory that does not grow with the images."""

import tracemalloc

import numpy as np
import pytest

from vaecli.data.contrast import pixel_range, stretched
from vaecli.data.idx.format import idx_header, open_idx
from vaecli.data.images import ImageSet, spread
from vaecli.data.photo.prepare import Preparation
from vaecli.data.split import validation_mask
from vaecli.errors import DataError

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4, 1)
LABELS = np.array([1, 0])


def make(images=IMAGES, labels=LABELS):
    return ImageSet("x", "train", images, labels, ("a", "b"), "nowhere")


def test_hash_depends_on_content_alone():
    """Another memory layout hashes equal; another pixel, label or shape, or no labels, does not."""
    same = make(np.asfortranarray(IMAGES), LABELS.astype(">i8").astype(np.int64))
    assert make().sha256 == same.sha256
    changed = IMAGES.copy()
    changed[1, 2, 3, 0] ^= 1
    different = [
        make(changed),
        make(labels=LABELS[::-1]),
        make(labels=None),
        make(IMAGES.reshape(2, 4, 3, 1)),
    ]
    assert len({make().sha256, *(data.sha256 for data in different)}) == 5


@pytest.mark.parametrize("shape", [(2, 3, 4), (0, 3, 4, 1), (2, 3, 4, 2), (2, 0, 4, 1)])
def test_shapes_that_are_no_images_are_refused(shape):
    """Not four axes, an empty axis or two channels is an error."""
    with pytest.raises(DataError, match="N, H, W, C"):
        make(np.zeros(shape, np.uint8), None)


def test_labels_must_be_as_many_as_images():
    """One label too many is an error that gives both numbers."""
    with pytest.raises(DataError, match=r"each of 2 images.*\(3,\)"):
        make(labels=np.zeros(3, np.int64))


@pytest.mark.parametrize("count", [1, 10, 999, 1000, 1001, 2500])
def test_images_spread_over_a_set(count):
    """At most a thousand images, in equal steps from the first."""
    images = np.arange(count, dtype=np.uint16).view(np.uint8).reshape(count, 1, 2, 1)
    parts = list(spread(images))
    numbers = np.concatenate(parts).reshape(-1, 2).copy().view(np.uint16)[:, 0]
    assert len(numbers) <= 1000 and numbers[0] == 0
    assert len(set(np.diff(numbers))) <= 1


@pytest.fixture
def large(tmp_path):
    """120 images of 1,000 x 1,000 in a sparse file."""
    path = tmp_path / "train-images-idx3-ubyte"
    with path.open("wb") as file:
        file.write(idx_header((120, 1000, 1000)))
        for number in range(120):
            file.seek(16 + number * 10**6 + 500_500)
            file.write(bytes([number]) * 9)
        file.truncate(16 + 120 * 10**6)
    return ImageSet("large", "train", open_idx(path), None, (), "there")


@pytest.mark.parametrize(
    "work",
    [
        lambda data: data.sha256,
        lambda data: validation_mask(data.images, fraction=0.1, seed=0),
        lambda data: Preparation.of_images(data.images),
        lambda data: pixel_range(data.images),
        lambda data: stretched(data, 0, 200).sha256,
    ],
    ids=["hash", "split", "preparation", "range", "stretched"],
)
def test_memory_does_not_grow_with_the_images(large, work):
    """Large pictures are read in chunks of 16 MiB: 120 of them never are in memory at once."""
    tracemalloc.start()
    try:
        work(large)
        assert tracemalloc.get_traced_memory()[1] < 64 * 2**20
    finally:
        tracemalloc.stop()
