"""One .npy file: every layout and type that is images is read, everything else is refused with what to do."""

import io
import struct
import tracemalloc

import numpy as np
import pytest

from vaecli.data.arrays import npy
from vaecli.data.arrays.npy import load_npy
from vaecli.data.file_images import StreamedImages
from vaecli.errors import DataError, MissingPartError

BYTES = np.random.default_rng(0).integers(0, 256, (5, 6, 7), np.uint8)


@pytest.fixture
def save(tmp_path):
    """Write an array, or the bytes of a file."""

    def save(content):
        path = tmp_path / "images.dat"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            with path.open("wb") as file:
                np.save(file, content)
        return path

    return save


def header(text, version=(1, 0)):
    """Return the header of a .npy file with any text as its dictionary."""
    content = text.encode()
    length = struct.pack("<H" if version == (1, 0) else "<I", len(content))
    return b"\x93NUMPY" + bytes(version) + length + content


@pytest.mark.parametrize(
    "array",
    [
        BYTES,
        BYTES[..., None],
        np.stack([BYTES] * 3, axis=-1),
        np.asfortranarray(BYTES),
        np.asfortranarray(np.stack([BYTES] * 3, axis=-1)),
        BYTES.astype(">i2"),
        BYTES.astype("<i8"),
        BYTES.astype(">u4"),
        np.asfortranarray(BYTES.astype(">f4")),
        BYTES.astype(np.float64),
        BYTES.astype(np.float16),
        BYTES / 255,
        (BYTES / 255).astype(">f4"),
    ],
    ids=lambda array: f"{array.dtype.str}{array.ndim}{'F' if array.flags.f_contiguous else ''}",
)
def test_images_of_every_type_and_layout(save, array):
    """The pixels are those of the array, as bytes (N, H, W, C), whatever type, byte order and layout it has."""
    loaded = load_npy(save(array), "train")
    shape = array.shape if array.ndim == 4 else (*array.shape, 1)
    expected = np.broadcast_to(BYTES[..., None], shape)
    np.testing.assert_array_equal(loaded.images, expected)
    assert (loaded.images.dtype, loaded.labels, loaded.name) == (np.uint8, None, "images")
    assert not loaded.images.flags.writeable
    assert loaded.report.layout == f"a NumPy array of the shape {array.shape}"


@pytest.mark.parametrize(("dtype", "white"), [(bool, 255), (np.float32, 255), (np.int64, 1), (np.uint8, 1)])
def test_masks(save, dtype, white):
    """True and 1.0 are white; whole numbers of 0 and 1 stay what they are."""
    mask = (BYTES > 99).astype(dtype)
    np.testing.assert_array_equal(load_npy(save(mask), "train").images[..., 0], (BYTES > 99) * white)


def test_rows_of_pixels_need_their_size(save):
    """(N, 42) is 6 x 7 with --image-size 6x7; (N, 36) is 6 x 6 whatever the size; without one it is refused."""
    flat = save(BYTES.reshape(5, 42))
    np.testing.assert_array_equal(load_npy(flat, "train", size=(6, 7)).images[..., 0], BYTES)
    with pytest.raises(DataError, match=r"got 42, which is not --image-size 8x8 either"):
        load_npy(flat, "train", size=(8, 8))
    square = save(np.ascontiguousarray(BYTES[..., :6]).reshape(5, 36))
    np.testing.assert_array_equal(load_npy(square, "train", size=(8, 8)).images[..., 0], BYTES[..., :6])
    with pytest.raises(DataError, match=r"got the shape \(5, 36\)\. .* add --image-size 6;"):
        load_npy(square, "train")


def test_large_files_of_bytes_are_read_when_needed(save, monkeypatch):
    """Above the limit the images stay in the file, behind its header; other types are converted in memory."""
    monkeypatch.setattr(npy, "STREAM_ABOVE", BYTES.size - 1)
    loaded = load_npy(save(BYTES), "train")
    assert isinstance(loaded.images, StreamedImages)
    np.testing.assert_array_equal(loaded.images[:][..., 0], BYTES)
    np.testing.assert_array_equal(load_npy(save(BYTES / 255), "train").images[..., 0], BYTES)
    monkeypatch.setattr(npy, "STREAM_ABOVE", BYTES.size)
    assert isinstance(load_npy(save(BYTES), "train").images, np.ndarray)


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.full((2, 4, 4), np.nan), "got NaN. Replace it"),
        (np.full((2, 4, 4), np.inf), "got an infinite number"),
        (np.arange(-4, 12).reshape(1, 4, 4), r"whole numbers of -4 to 11. Scale them: .*\(images - -4\)"),
        (np.linspace(-1, 1, 32).reshape(2, 4, 4), r"fractions of -1 to 1. Bring them .* \(images \+ 1\) / 2"),
        (np.linspace(0, 254.5, 32).reshape(2, 4, 4), r"fractions of 0 to 254.5. Round them: np.rint"),
        (np.linspace(-2, 3, 32).reshape(2, 4, 4), r"\(images - -2\) \* \(255 / 5\)"),
        (np.arange(32).reshape(2, 4, 4) * 2000, r"whole numbers of 0 to 62000. Scale them"),
        (np.zeros((2, 4, 4), complex), "got complex numbers"),
        (np.zeros((2, 4, 4), "U3"), "got text"),
        (np.zeros((2, 4, 4), "M8[s]"), "got datetime64"),
        (np.zeros((2, 4, 4), [("a", "u1")]), "got records"),
        (np.array([BYTES, BYTES[0]], dtype=object), "Python objects, which are never loaded"),
        (
            np.zeros((4, 4), np.uint8),
            r"got the shape \(4, 4\)\. If each of 4 rows .*--image-size 2; if it is one",
        ),
        (np.zeros((4, 7), np.uint8), r"--image-size HEIGHTxWIDTH"),
        (np.zeros((8, 9, 3), np.uint8), r"got the shape \(8, 9, 3\)\. If it is one picture.*np\.stack"),
        (np.zeros((8, 19, 4), np.uint8), r"If it is one picture"),
        (np.zeros((2, 3, 8, 9), np.uint8), r"np\.moveaxis\(images, 1, -1\)"),
        (np.zeros((2, 1, 8, 9), np.uint8), r"np\.moveaxis\(images, 1, -1\)"),
        (np.zeros((2, 8, 9, 4), np.uint8), r"without the alpha: images\[\.\.\., :3\]"),
        (np.zeros((2, 8, 9, 5), np.uint8), r"images\.reshape\(N, H, W\)"),
        (np.zeros(9, np.uint8), r"got the shape \(9,\)"),
        (np.uint8(3), r"got the shape \(\)"),
        (np.zeros((0, 8, 9), np.uint8), r"got none: its shape is \(0, 8, 9\)"),
        (np.zeros((0, 8, 9), float), r"got none: its shape is \(0, 8, 9\)"),
    ],
)
def test_other_arrays_are_refused(save, array, reason):
    """The message has what was expected and what came, the hint the line of NumPy that changes it."""
    path = save(b"")
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=True)
    with pytest.raises(DataError, match=reason) as error:
        load_npy(path, "train")
    assert str(path) in str(error.value)


def test_damaged_files_are_refused_before_anything_is_allocated(save):
    """Cut short, too long, a damaged or hostile header, an enormous shape: each is an error, in little memory."""
    content = io.BytesIO()
    np.save(content, BYTES)
    whole = content.getvalue()
    shape = "{'descr': '|u1', 'fortran_order': False, 'shape': (%s), }\n"
    cases = {
        whole[:-1]: "must have 210 bytes of data by its header, got 209",
        whole + b"x": "got 211",
        whole[:20]: "damaged header",
        b"\x93NUMPY": "damaged header",
        whole.replace(b"fortran", b"f\0rtran"): "damaged header",
        header("{" * 5000): "damaged header",
        header("x" * 2**20, (2, 0)): "damaged header",
        header(shape % "10**6,"): "damaged header",
        header(shape % "1000000, 1000000, 1000000"): "must have 1,000,000,000,000,000,000 bytes",
        header(shape % "-1, 4, 4"): "bytes of data",
        header("{'descr': 'O', 'fortran_order': False, 'shape': (1, 4, 4), }\n")
        + b"\x80\x04": "Python objects",
        header(shape % "1, 4, 4", (3, 0)): "its version is 3.0",
        header(shape % "1, 4, 4", (9, 9)): "damaged header",
    }
    for content, reason in cases.items():
        path = save(content)
        tracemalloc.start()
        with pytest.raises(DataError, match=reason):
            load_npy(path, "train")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2**23, reason


def test_more_than_memory_may_hold_is_refused(save, monkeypatch):
    """An array that must be converted and takes too much memory is refused, with the type that is streamed."""
    monkeypatch.setattr("vaecli.data.images.MOST_IN_MEMORY", 100)
    with pytest.raises(
        DataError, match=r"must take at most .* Save it as bytes, images\.astype\(np\.uint8\)"
    ):
        load_npy(save(BYTES / 255), "train")


def test_the_other_split_is_missing(save):
    """A .npy file has training images only; the error says how to save both."""
    with pytest.raises(MissingPartError, match=r"images of the test set.*x_train=\.\.\., x_test="):
        load_npy(save(BYTES), "test")


def test_unreadable_files(tmp_path):
    """A missing file, and a folder in its place."""
    with pytest.raises(DataError, match=r"Cannot read .*No such file"):
        load_npy(tmp_path / "absent.npy", "train")
    with pytest.raises(DataError, match=r"Cannot read .*Is a directory"):
        load_npy(tmp_path, "train")
