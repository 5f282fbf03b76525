import numpy as np
import pytest

from vaecli.data.images import ImageSet
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
    others = [make(changed), make(labels=LABELS[::-1]), make(labels=None), make(IMAGES.reshape(2, 4, 3, 1))]
    assert len({make().sha256, *(other.sha256 for other in others)}) == 5


@pytest.mark.parametrize("shape", [(2, 3, 4), (0, 3, 4, 1), (2, 3, 4, 2), (2, 0, 4, 1)])
def test_shapes_that_are_no_images_are_refused(shape):
    """Not four axes, an empty axis or two channels is an error."""
    with pytest.raises(DataError, match="N, H, W, C"):
        make(np.zeros(shape, np.uint8), None)


def test_labels_must_be_as_many_as_images():
    """One label too many is an error that gives both numbers."""
    with pytest.raises(DataError, match=r"each of 2 images.*\(3,\)"):
        make(labels=np.zeros(3, np.int64))
