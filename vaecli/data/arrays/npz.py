"""Images and labels from the arrays of a .npz file, by the names that are usual for them."""

import pathlib
from collections.abc import Sequence

import numpy as np

from vaecli.choices import Part, Split
from vaecli.data.arrays.archive import Archive, open_archive
from vaecli.data.arrays.labels import Names, named_classes, read_labels
from vaecli.data.collection.report import Report
from vaecli.data.images import Images, ImageSet, Labels, require_room
from vaecli.data.named.fetch import Warn, silent
from vaecli.errors import DataError, MissingPartError
from vaecli.paths import shown

# Names are compared without regard to case; of several in a file, the first here is taken.
IMAGES: dict[Part, tuple[str, ...]] = {
    "train": ("x_train", "train_images", "images_train", "train_x", "images", "x"),
    "validation": ("x_val", "x_valid", "x_validation", "val_images", "valid_images", "validation_images"),
    "test": ("x_test", "test_images", "images_test", "test_x"),
}
LABELS: dict[Part, tuple[str, ...]] = {
    "train": ("y_train", "train_labels", "labels_train", "train_y", "labels", "label", "targets", "y"),
    "validation": ("y_val", "y_valid", "y_validation", "val_labels", "valid_labels", "validation_labels"),
    "test": ("y_test", "test_labels", "labels_test", "test_y"),
}
CLASS_NAMES = ("class_names", "classes", "label_names")
_PARTS: dict[Split, tuple[Part, ...]] = {"train": ("train", "validation"), "test": ("test",)}


def load_npz(
    path: pathlib.Path, split: Split, *, size: tuple[int, int] | None = None, warn: Warn = silent
) -> ImageSet:
    """Load one split of a .npz file, compressed or not.

    Validation images, if the file has some, come last in the split `train`, and `held_out` is true for them.

    Args:
        path: the file.
        split: `train` or `test`; `IMAGES` and `LABELS` list the names of the arrays of each.
        size: rows and columns of each image, for an array (N, H * W) of flattened images.
        warn: receives the names of arrays that are not used.

    Raises:
        MissingPartError: the file has images of the other split only.
        DataError: a damaged file, no images under a usual name, or arrays of another shape or range.
    """
    with open_archive(path) as archive:
        if archive.first(IMAGES[split]) is None:
            raise _no_images(archive, split)
        parts = [part for part in _PARTS[split] if archive.first(IMAGES[part])]
        image_keys = [archive.first(IMAGES[part]) or "" for part in parts]
        label_keys = [archive.first(LABELS[part]) or "" for part in parts]
        images = [archive.images(key, size, stream=len(parts) == 1) for key in image_keys]
        counts = [len(array) for array in images]
        labels, names = _labels(archive, label_keys, counts) if any(label_keys) else (None, ())
        _report_unused(archive, warn)
        taken = " and ".join(archive.names([key]) for key in (*image_keys, *label_keys) if key)
    return ImageSet(
        path.stem,
        split,
        _joined(images, str(path)),
        labels,
        names,
        str(path),
        held_out=np.arange(sum(counts)) >= counts[0] if len(parts) > 1 else None,
        report=Report(layout=f"{taken} of a .npz file"),
    )


def _no_images(archive: Archive, split: Split) -> DataError:
    others = [name for names in IMAGES.values() for name in names]
    error = MissingPartError if archive.first(others) else DataError
    return error(
        f"{archive.path} must have images of the {split} set, got the arrays {archive.names()}.",
        hint=f"Name the images {' or '.join(IMAGES[split])}, their labels {' or '.join(LABELS[split])}.",
    )


def _report_unused(archive: Archive, warn: Warn) -> None:
    """Warn of the arrays that belong to no split, by name."""
    groups = (*IMAGES.values(), *LABELS.values(), CLASS_NAMES)
    used = {archive.first(names) for names in groups}
    if unused := [key for key in archive.members if key not in used]:
        warn(f"{shown(archive.path)}: not used: {archive.names(unused)}.")


def _joined(images: Sequence[Images], location: str) -> Images:
    """Return the training images, followed by the validation images if there are any.

    Raises:
        DataError: training and validation images differ in shape, or together are too large for memory.
    """
    first = images[0]
    if len(images) == 1:
        return first
    shapes = [array.shape[1:] for array in images]
    if len(set(shapes)) > 1:
        raise DataError(f"{location}: training and validation images must have one shape, got {shapes}.")
    require_room((sum(map(len, images)), *shapes[0]), location, hint="Leave out the validation images.")
    joined = np.concatenate([array[:] for array in images])
    joined.flags.writeable = False
    return joined


def _labels(archive: Archive, keys: Sequence[str], counts: Sequence[int]) -> tuple[Labels, Names]:
    """Read the labels of training and, if any, validation images, joined, and the names of the classes.

    Raises:
        DataError: only one of training and validation has labels, or the labels do not match the images.
    """
    if not all(keys):
        raise DataError(
            f"{archive.path} must have labels of both training and validation images, or of neither, got "
            f"{archive.names(filter(None, keys))} alone.",
            hint=f"Name them {LABELS['train'][0]} and {LABELS['validation'][0]}.",
        )
    arrays = [archive.array(key) for key in keys]
    for key, array, count in zip(keys, arrays, counts, strict=True):
        read_labels(array, count, archive.source(key))
    if len({array.shape[1:] for array in arrays}) > 1:
        raise DataError(f"{archive.source(keys[1])} must have the form of {archive.source(keys[0])}.")
    labels, names = read_labels(np.concatenate(arrays), sum(counts), archive.source(keys[0]))
    if names_key := archive.first(CLASS_NAMES):
        names = named_classes(names, archive.array(names_key), archive.source(names_key))
    return labels, names
