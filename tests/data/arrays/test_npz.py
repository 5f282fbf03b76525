"""Arrays by name in a .npz file: splits, labels and classes by the usual names, and every damage is an error."""

import pathlib
import tracemalloc
import zipfile

import numpy as np
import pytest

from vaecli.data.arrays import archive
from vaecli.data.arrays.npz import load_npz
from vaecli.data.file_images import StreamedImages
from vaecli.errors import DataError, MissingPartError

RNG = np.random.default_rng(0)
TRAIN, TEST = RNG.integers(0, 256, (6, 5, 7), np.uint8), RNG.integers(0, 256, (3, 5, 7), np.uint8)
DIGITS = np.array([0, 2, 1, 0, 2, 5])


@pytest.fixture
def save(tmp_path):
    """Write arrays by name."""

    def save(compressed=False, **arrays):
        path = tmp_path / "data.npz"
        (np.savez_compressed if compressed else np.savez)(path, **arrays)
        return path

    return save


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    ("train", "test", "labels", "test_labels"),
    [
        ("x_train", "x_test", "y_train", "y_test"),
        ("X_train", "X_test", "Y_train", "Y_test"),
        ("train_images", "test_images", "train_labels", "test_labels"),
        ("images", "images_test", "labels", "labels_test"),
        ("images", "x_test", "y", "y_test"),
    ],
)
def test_usual_names(save, compressed, train, test, labels, test_labels):
    """Images and labels of both splits are those of their arrays, in any of the usual spellings."""
    path = save(compressed, **{train: TRAIN, test: TEST, labels: DIGITS, test_labels: DIGITS[:3, None]})
    notes = []
    loaded = load_npz(path, "train", warn=notes.append)
    np.testing.assert_array_equal(loaded.images[..., 0], TRAIN)
    np.testing.assert_array_equal(loaded.labels, DIGITS)
    assert loaded.class_names == tuple("012345")
    assert (loaded.name, loaded.labels.dtype, notes) == ("data", np.int64, [])
    assert loaded.report.layout == f"{train} and {labels} of a .npz file"
    loaded = load_npz(path, "test")
    np.testing.assert_array_equal(loaded.images[..., 0], TEST)
    np.testing.assert_array_equal(loaded.labels, DIGITS[:3])


def test_arrays_that_are_not_used_are_named(save):
    """A file may have other arrays, even pickled ones: they are not read, and a note names them."""
    path = save(x_train=TRAIN, images=TEST, weights=np.ones(3), notes=np.array([{}], dtype=object))
    notes = []
    loaded = load_npz(path, "train", warn=notes.append)
    assert notes == [f"{path}: not used: images, weights, notes."]
    assert (loaded.labels, loaded.class_names) == (None, ())
    assert loaded.report.layout == "x_train of a .npz file"


@pytest.mark.parametrize(
    ("labels", "expected", "names"),
    [
        (DIGITS.astype(np.uint8), DIGITS, "0 1 2 3 4 5"),
        (DIGITS.astype(float)[:, None], DIGITS, "0 1 2 3 4 5"),
        (np.eye(6)[DIGITS], DIGITS, "0 1 2 3 4 5"),
        (np.eye(6, dtype=bool)[DIGITS], DIGITS, "0 1 2 3 4 5"),
        (DIGITS > 0, [0, 1, 1, 0, 1, 1], "0 1"),
        (DIGITS.astype(str), DIGITS, "0 1 2 3 4 5"),
        (np.array(["c10", "c9", "a", "c9", "a", "c10"]), [2, 1, 0, 1, 0, 2], "a c9 c10"),
        (np.array(["c10", "c9", "a", "c9", "a", "c10"]).astype("S"), [2, 1, 0, 1, 0, 2], "a c9 c10"),
        (np.array(["é", "日本", "a", "a", "a", "a"]), [1, 2, 0, 0, 0, 0], "a é 日本"),
        (np.array([0, 9999, 0, 0, 0, 0]), [0, 9999, 0, 0, 0, 0], " ".join(map(str, range(10000)))),
    ],
)
def test_labels(save, labels, expected, names):
    """Numbers, one-hot rows, truth values and texts become numbers with class names in natural order."""
    loaded = load_npz(save(images=TRAIN, labels=labels), "train")
    np.testing.assert_array_equal(loaded.labels, expected)
    assert loaded.class_names == tuple(names.split())


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (DIGITS[:5], "`labels` in .* must hold a label for each of 6 images, got 5"),
        (np.array([-1, 0, 0, 0, 0, 0]), "at least 0, got -1. Leave out images without a label"),
        (np.array([10**9, 0, 0, 0, 0, 0]), r"below 10,000, got 1000000000. Number the classes from 0"),
        (np.array([0.5, 0, 0, 0, 0, 0]), "whole numbers as labels, got fractions or NaN"),
        (np.array([np.nan, 0, 0, 0, 0, 0]), "got fractions or NaN"),
        (np.array([np.inf, 0, 0, 0, 0, 0]), "got fractions or NaN"),
        (np.ones((6, 3)), r"one-hot rows \(N, K\), got the shape \(6, 3\)"),
        (np.zeros((6, 3)), r"one-hot rows"),
        (np.zeros((6, 0)), r"one-hot rows"),
        (np.zeros((6, 1, 1)), r"labels \(N,\), got the shape \(6, 1, 1\)"),
        (np.int64(3), r"labels \(N,\), got the shape \(\)"),
        (DIGITS.astype(complex), "numbers or texts, got complex128"),
        (np.array([["a", "b"]] * 6), r"labels \(N,\), got the shape \(6, 2\)"),
        (np.array(["a", "", "b", "b", "b", "b"]), "got an empty one"),
        (np.array(["-1", "0", "0", "0", "0", "0"]), "at least 0, got -1"),
        (np.array(["a", 1, None, 1, 1, 1], dtype=object), "Python objects"),
    ],
)
def test_other_labels_are_refused(save, labels, reason):
    """The message names the array and the file; a large label allocates nothing."""
    path = save(images=TRAIN, labels=labels)
    tracemalloc.start()
    with pytest.raises(DataError, match=reason):
        load_npz(path, "train")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**22


def test_class_names(save):
    """The file's own class names are used; fewer than the classes, or numbers, are refused."""
    names = np.array(["T-shirt", "b", "c", "d", "e", "f"])
    path = save(images=TRAIN, labels=DIGITS, class_names=names)
    assert load_npz(path, "train").class_names == tuple(names)
    for wrong in (names[:5], np.arange(6), names[:, None]):
        with pytest.raises(DataError, match=r"`class_names` in .* the names of 6 classes"):
            load_npz(save(images=TRAIN, labels=DIGITS, class_names=wrong), "train")


def test_missing_parts(save):
    """Without test images, or without any image, the error lists the arrays and the names they should have."""
    with pytest.raises(
        MissingPartError, match=r"images of the test set, got the arrays images, y\. .*x_test"
    ):
        load_npz(save(images=TRAIN, y=DIGITS), "test")
    with pytest.raises(MissingPartError, match="images of the train set, got the arrays x_test"):
        load_npz(save(x_test=TEST), "train")
    with pytest.raises(
        DataError, match=r"got the arrays arr_0\. Name the images x_train or .*y_train"
    ) as error:
        np.savez(path := save(), TRAIN)
        load_npz(path, "train")
    assert not isinstance(error.value, MissingPartError)
    with pytest.raises(DataError, match="got the arrays none"):
        load_npz(save(), "train")
    many = {f"a{number}": np.zeros(1) for number in range(20)}
    with pytest.raises(DataError, match="a11 and 8 more"):
        load_npz(save(**many), "train")


@pytest.mark.parametrize("compressed", [False, True])
def test_large_members_are_read_when_needed(save, monkeypatch, compressed):
    """Above the limit, images that are not compressed stay in the file; compressed ones are read into memory."""
    monkeypatch.setattr(archive, "STREAM_ABOVE", TRAIN.size - 1)
    loaded = load_npz(save(compressed, y=DIGITS, x_train=TRAIN, x_test=TEST), "train")
    assert isinstance(loaded.images, StreamedImages) is not compressed
    np.testing.assert_array_equal(loaded.images[:][..., 0], TRAIN)


@pytest.mark.parametrize("texts", [False, True])
def test_validation_images(save, texts):
    """Validation images are the last of the training split and held out; labels of both name one set of classes."""
    labels = np.array(["c", "a", "c", "c", "a", "c"]) if texts else DIGITS
    others = np.array(["b", "a", "bb"]) if texts else np.array([7, 0, 1])
    arrays = {"train_images": TRAIN, "val_images": TEST, "train_labels": labels[:, None]}
    path = save(**arrays, val_labels=others[:, None], test_images=TEST[:1])
    notes = []
    loaded = load_npz(path, "train", warn=notes.append)
    np.testing.assert_array_equal(loaded.images[..., 0], np.concatenate([TRAIN, TEST]))
    np.testing.assert_array_equal(loaded.held_out, [False] * 6 + [True] * 3)
    names = np.array(loaded.class_names)[loaded.labels]
    np.testing.assert_array_equal(names, np.concatenate([labels, others]).astype(str))
    assert notes == []
    test = load_npz(path, "test")
    assert (test.held_out, test.labels, len(test.images)) == (None, None, 1)
    with pytest.raises(DataError, match=r"both training and validation images, .* got train_labels alone"):
        load_npz(save(**arrays), "train")
    with pytest.raises(DataError, match=r"`val_labels` in .* a label for each of 3 images, got 6"):
        load_npz(save(**arrays, val_labels=labels), "train")
    with pytest.raises(DataError, match=r"`val_labels` in .* must have the form of `train_labels`"):
        load_npz(save(**arrays, val_labels=others), "train")
    with pytest.raises(DataError, match="training and validation images must have one shape"):
        load_npz(save(train_images=TRAIN, val_images=TEST[:, :4]), "train")
    assert load_npz(save(train_images=TRAIN, val_images=TEST), "train").labels is None


def test_types_and_shapes_as_in_npy_files(save):
    """Fractions are scaled, rows of pixels take the size that is given, other ranges are refused by name."""
    path = save(True, x_train=np.asfortranarray(TRAIN / 255), x_test=TEST.reshape(3, 35))
    np.testing.assert_array_equal(load_npz(path, "train").images[..., 0], TRAIN)
    np.testing.assert_array_equal(load_npz(path, "test", size=(5, 7)).images[..., 0], TEST)
    with pytest.raises(DataError, match=r"`x_train` in .* got fractions of -1 to 1"):
        load_npz(save(x_train=np.linspace(-1, 1, 32).reshape(2, 4, 4)), "train")


def test_every_flipped_byte_is_noticed_or_harmless(save):
    """Whatever byte of a small file changes, the images are right or the error is a DataError."""
    path = save(True, x_train=TRAIN[:2, :4, :4])
    content = path.read_bytes()
    for position in range(len(content)):
        changed = bytearray(content)
        changed[position] ^= 0xFF
        path.write_bytes(changed)
        try:
            images = load_npz(path, "train").images
        except DataError:
            continue
        np.testing.assert_array_equal(images[..., 0], TRAIN[:2, :4, :4])


def test_truncated_files(save):
    """A file that is cut short anywhere is an error."""
    path = save(True, x_train=TRAIN)
    content = path.read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(DataError, match="damaged"):
            load_npz(path, "train")


def bomb(path: pathlib.Path, declared: int, shape: tuple[int, ...]):
    """Write a .npz of one member whose header and directory declare more than its few bytes hold."""
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    content = b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("x_train.npy", content)
        file.filelist[0].file_size = declared
    return path


def test_bombs(tmp_path, save, monkeypatch):
    """A member that declares more than deflate can hold, or more than memory may, is refused unread."""
    path = bomb(tmp_path / "bomb.npz", 2**31, (2**21, 32, 32))
    tracemalloc.start()
    with pytest.raises(DataError, match=r"'x_train.npy' must unpack to at most 1032 times its packed size"):
        load_npz(path, "train")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20
    with pytest.raises(DataError, match=r"by its header"):
        load_npz(bomb(tmp_path / "bomb.npz", 2**16, (2**21, 32, 32)), "train")
    monkeypatch.setattr("vaecli.data.images.MOST_IN_MEMORY", TRAIN.size - 1)
    with pytest.raises(DataError, match=r"held in memory must take at most .*\.npy file"):
        load_npz(save(True, x_train=TRAIN), "train")
    monkeypatch.setattr(archive, "MOST_OTHERS", 100)
    monkeypatch.setattr("vaecli.data.images.MOST_IN_MEMORY", 2**20)
    with pytest.raises(DataError, match=r"`labels` in .* must have at most 100 bytes"):
        load_npz(save(x_train=TRAIN, labels=DIGITS), "train")
