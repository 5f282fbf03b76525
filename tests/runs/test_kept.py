"""images.npz: the images that a run keeps for its export."""

import numpy as np
import pytest

from vaecli.errors import ModelError
from vaecli.runs import kept
from vaecli.runs.kept import KeptImages

IMAGES = KeptImages(
    validation=np.arange(2 * 12, dtype=np.uint8).reshape(2, 4, 3, 1),
    training=np.zeros((3, 4, 3, 1), np.uint8),
)


def test_images_come_back(tmp_path):
    """Both arrays, as they were."""
    kept.write(tmp_path / "images.npz", IMAGES)
    images = kept.read(tmp_path / "images.npz")
    np.testing.assert_array_equal(images.validation, IMAGES.validation)
    np.testing.assert_array_equal(images.training, IMAGES.training)


@pytest.mark.parametrize(
    "arrays",
    [
        {"validation": IMAGES.validation},
        {"validation": IMAGES.validation.astype(float), "training": IMAGES.training},
        {"validation": IMAGES.validation[0], "training": IMAGES.training},
        {"validation": IMAGES.validation[:0], "training": IMAGES.training},
    ],
    ids=["one missing", "floats", "one image", "no images"],
)
def test_other_arrays_are_refused(tmp_path, arrays):
    """The error names the file, and says how to make it again."""
    np.savez(tmp_path / "images.npz", **arrays)
    with pytest.raises(ModelError, match=r"images\.npz") as caught:
        kept.read(tmp_path / "images.npz")
    assert caught.value.hint == "Train the run again."


def test_a_missing_file_is_refused(tmp_path):
    """The reason is the system's."""
    with pytest.raises(ModelError, match="No such file"):
        kept.read(tmp_path / "images.npz")
