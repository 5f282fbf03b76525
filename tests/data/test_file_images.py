"""Images in a file are the images of the array that was written, however they are indexed."""

import numpy as np
import pytest

from vaecli.data.file_images import StreamedImages
from vaecli.data.idx import folder as folders
from vaecli.data.idx.folder import load_folder
from vaecli.data.idx.format import encode_idx, open_idx
from vaecli.errors import DataError


@pytest.fixture
def array():
    return np.random.default_rng(5).integers(0, 256, (50, 4, 3, 1), np.uint8)


@pytest.fixture
def path(tmp_path, array):
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(encode_idx(array[..., 0]))
    return path


@pytest.mark.parametrize(
    "key",
    [
        0,
        49,
        -1,
        slice(3, 9),
        slice(None),
        slice(None, None, 7),
        slice(9, 9),
        [],
        [4],
        [5, 6, 7],
        [7, 0, 7, 49],
        [-1, 2],
    ],
)
def test_indexed_as_the_array_is(path, array, key):
    """The same pixels and the same shape as from memory."""
    key = np.array(key, int) if isinstance(key, list) else key
    streamed = open_idx(path)
    assert streamed.shape == array.shape and len(streamed) == len(array)
    assert np.array_equal(streamed[key], array[key])
    assert streamed[key].shape == array[key].shape


def test_out_of_range_is_an_index_error(path):
    with pytest.raises(IndexError):
        open_idx(path)[np.array([50])]


def test_colour(tmp_path, array):
    """Four axes: the last is the channels."""
    colour = np.repeat(array, 3, axis=3)
    (tmp_path / "f").write_bytes(encode_idx(colour))
    assert np.array_equal(open_idx(tmp_path / "f")[:], colour)


def test_a_file_that_shrinks_is_named(path, array):
    """A file that is cut short while it is in use gives an error that names it, not zeros."""
    streamed = open_idx(path)
    with path.open("r+b") as file:
        file.truncate(100)
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte ends before image \d+"):
        streamed[np.arange(50)]


@pytest.mark.parametrize(
    "change", [lambda c: c[:-1], lambda c: c + b"x", lambda c: b"\x1f\x8b" + c[2:], lambda c: c[:9]]
)
def test_only_whole_idx_files(tmp_path, array, change):
    (tmp_path / "f").write_bytes(change(encode_idx(array[..., 0])))
    assert open_idx(tmp_path / "f") is None


def test_large_folders_are_streamed(monkeypatch, path, array):
    """Above the limit the set stays in its file, with the same digest; below it is an array."""
    small = load_folder(path.parent, "train")
    monkeypatch.setattr(folders, "STREAM_ABOVE", 100)
    large = load_folder(path.parent, "train")
    assert isinstance(small.images, np.ndarray) and isinstance(large.images, StreamedImages)
    assert small.sha256 == large.sha256
