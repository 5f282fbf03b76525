"""A user's own data: a folder of IDX files with the names of MNIST's files."""

import pathlib
import re

import numpy as np

from vaecli.choices import Split
from vaecli.data.idx.format import open_idx, read_idx
from vaecli.data.images import Images, ImageSet, Labels
from vaecli.errors import DataError, MissingPartError

STREAM_ABOVE = 2**28  # bytes
_USUAL: dict[Split, str] = {"train": "train", "test": "t10k"}
_SPLITS: dict[str, Split] = {"train": "train", "t10k": "test", "test": "test"}
_NAME = re.compile(  # emnist-letters-train-images-idx3-ubyte.gz, t10k-labels.idx1-ubyte
    r"(?P<prefix>(?:.*[-_. ])?)(?P<split>train|t10k|test)[-_.](?P<part>images|labels)"
    r"[-_.](?:idx[1-4][-_.]?ubyte|idx[1-4]?|ubyte)(?:\.gz)?",
    re.IGNORECASE,
)
_SHOWN = 6  # names of files in a message


def holds_idx(folder: pathlib.Path) -> bool:
    """Return whether `folder` has an IDX file of images, of either split."""
    return folder.is_dir() and any(part == "images" for _, _, part in _listing(folder))


def load_folder(folder: pathlib.Path, split: Split) -> ImageSet:
    """Read the images and, if there is a file of them, the labels of one split.

    The files have MNIST's names, such as `train-images-idx3-ubyte` or `train-images-idx3-ubyte.gz`; those of the
    test set begin with `t10k` or `test`. All names may have a common prefix, as in `emnist-letters-train-...`. An
    image file holds (N, H, W) or (N, H, W, C), a label file (N,). Label 3 gives a class named "3", and so on.

    Raises:
        MissingPartError: there are no images of this split.
        DataError: file names with several prefixes, an unreadable file, or
            images and labels whose shapes do not match.
    """
    files = _listing(folder)
    prefix = _prefix(folder, files)
    path = files.get((prefix, split, "images"))
    if path is None:
        raise MissingPartError(
            f"{folder} must hold images of the {split} set, got {_contents(folder)}.",
            hint=f"Name their file {prefix}{_USUAL[split]}-images-idx3-ubyte, with .gz if it is gzipped.",
        )
    images = _read_images(path)
    if images.shape[-1] not in (1, 3):
        raise DataError(f"{path} must have grey images or 3 channels, got {images.shape[-1]} channels.")
    labels = _read_labels(files.get((prefix, split, "labels")))
    names = () if labels is None else tuple(str(label) for label in range(int(labels.max(initial=0)) + 1))
    return ImageSet(folder.resolve().name or "data", split, images, labels, names, str(folder), kind="folder")


def _read_images(path: pathlib.Path) -> Images:
    """Read images (N, H, W, C) into memory; those of a large uncompressed file are read from it when needed."""
    streamed = open_idx(path) if path.stat().st_size > STREAM_ABOVE else None
    if streamed is not None:
        return streamed
    images = read_idx(path)
    if images.ndim not in (3, 4):
        raise DataError(f"{path} must hold images (N, H, W) or (N, H, W, C), got the shape {images.shape}.")
    return images[..., np.newaxis] if images.ndim == 3 else images


def _read_labels(path: pathlib.Path | None) -> Labels | None:
    if path is None:
        return None
    labels = read_idx(path)
    if labels.ndim != 1:
        raise DataError(f"{path} must hold labels (N,), got the shape {labels.shape}.")
    return labels.astype(np.int64)


def _listing(folder: pathlib.Path) -> dict[tuple[str, Split, str], pathlib.Path]:
    """Map (prefix, split, `images` or `labels`) to its file.

    Where several files fit one key, `t10k` is preferred to `test`, and an uncompressed file to a gzipped one.
    """
    files: dict[tuple[str, Split, str], pathlib.Path] = {}
    for name in sorted(_names(folder), key=lambda name: (name.endswith(".gz"), name)):
        match = _NAME.fullmatch(name)
        if match and (folder / name).is_file():
            split = _SPLITS[match["split"].lower()]
            files.setdefault((match["prefix"], split, match["part"].lower()), folder / name)
    return files


def _names(folder: pathlib.Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError as error:
        raise DataError(f"Cannot read the folder {folder}: {error.strerror or error}.") from error


def _prefix(folder: pathlib.Path, files: dict[tuple[str, Split, str], pathlib.Path]) -> str:
    prefixes = sorted({prefix for prefix, _, part in files if part == "images"})
    if len(prefixes) > 1 and "" not in prefixes:
        raise DataError(
            f"{folder} must hold the files of one data set, got {len(prefixes)}: {', '.join(prefixes)}.",
            hint="Move the files of each into a folder of its own.",
        )
    return prefixes[0] if prefixes else ""


def _contents(folder: pathlib.Path) -> str:
    """Return the first names in a folder, for a message."""
    names = _names(folder)
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    printable = [name if name.isprintable() else ascii(name) for name in names[:_SHOWN]]
    return ", ".join(printable) + more if names else "nothing"
