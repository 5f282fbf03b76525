"""A user's own data: a folder of IDX files named as those of MNIST are."""

import pathlib

import numpy as np

from vaecli.choices import Split
from vaecli.data.idx.format import open_idx, read_idx
from vaecli.data.images import Images, ImageSet, Labels
from vaecli.errors import DataError

STREAM_ABOVE = 2**28  # bytes
_PREFIX: dict[Split, str] = {"train": "train", "test": "t10k"}


def holds_idx(folder: pathlib.Path) -> bool:
    """Whether `folder` has images of either split."""
    return folder.is_dir() and any(_find(folder, split, "images") for split in _PREFIX)


def load_folder(folder: pathlib.Path, split: Split) -> ImageSet:
    """Read one split: images (N, H, W) or (N, H, W, C), and labels (N,) if their file is there.

    Class names are then the labels in digits.

    Raises:
        DataError: no images of this split, an unreadable file, or shapes that do not fit together.
    """
    path = _find(folder, split, "images")
    if path is None:
        expected = f"{_PREFIX[split]}-images-idx3-ubyte[.gz]"
        raise DataError(f"{folder} holds no images of the {split} set: expected {expected}.")
    images = _read_images(path)
    if images.shape[-1] not in (1, 3):
        raise DataError(f"{path}: expected grey images or 3 channels, got {images.shape[-1]} channels.")
    labels = _read_labels(_find(folder, split, "labels"))
    names = () if labels is None else tuple(str(label) for label in range(int(labels.max(initial=0)) + 1))
    return ImageSet(folder.resolve().name, split, images, labels, names, str(folder))


def _read_images(path: pathlib.Path) -> Images:
    """In memory, or from the file as they are asked for if it is large and not compressed."""
    streamed = open_idx(path) if path.stat().st_size > STREAM_ABOVE else None
    if streamed is not None:
        return streamed
    images = read_idx(path)
    if images.ndim not in (3, 4):
        raise DataError(f"{path}: expected images (N, H, W) or (N, H, W, C), got the shape {images.shape}.")
    return images[..., np.newaxis] if images.ndim == 3 else images


def _read_labels(path: pathlib.Path | None) -> Labels | None:
    if path is None:
        return None
    labels = read_idx(path)
    if labels.ndim != 1:
        raise DataError(f"{path}: expected labels (N,), got the shape {labels.shape}.")
    return labels.astype(np.int64)


def _find(folder: pathlib.Path, split: Split, part: str) -> pathlib.Path | None:
    """The file of `part`: `train-images-idx3-ubyte`, `train-images.idx3-ubyte`, either with .gz."""
    axes = "134" if part == "labels" else "34"
    stems = (f"{_PREFIX[split]}-{part}{dot}idx{n}-ubyte" for n in axes for dot in "-.")
    paths = (folder / f"{stem}{suffix}" for stem in stems for suffix in ("", ".gz"))
    return next((path for path in paths if path.is_file()), None)
