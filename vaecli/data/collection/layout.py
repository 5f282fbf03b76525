"""The layout of a source: the names of pictures become parts, labels and class names."""

import dataclasses
from collections.abc import Collection, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from vaecli.choices import Part
from vaecli.data.collection.entries import printable
from vaecli.data.collection.listing import PARTS
from vaecli.data.collection.natural import natural_key
from vaecli.errors import DataError

MAX_CLASS_NAME = 1024  # characters
SPLIT_NAMES: dict[str, Part] = {
    "train": "train", "training": "train",
    "val": "validation", "valid": "validation", "validation": "validation", "dev": "validation",
    "test": "test", "testing": "test", "eval": "test", "evaluation": "test",
}  # fmt: skip


@dataclasses.dataclass(frozen=True, eq=False)
class Layout:
    """Parts and labels of N pictures.

    Attributes:
        phrase: how the source was read.
        root: the folder that holds the splits or classes, with `/` at its end; empty if it is the source itself.
        parts: (N,) uint8, positions in `PARTS`.
        labels: (N,) int64; None if there are none.
        class_names: the name of each label.
    """

    phrase: str
    root: str
    parts: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64] | None = None
    class_names: tuple[str, ...] = ()


def find_layout(names: Sequence[str], metadata: Collection[str] = ()) -> Layout:
    """Read the layout from names: split folders, class folders, or neither.

    Args:
        names: (N,) at least one, with `/`.
        metadata: the names of metadata files; the folder of one is not left for a folder in it.

    Raises:
        DataError: a class name that a model file cannot hold.
    """
    root = _root(names, metadata)
    tops = _folders(names, root)
    if None not in tops:
        parts = [SPLIT_NAMES.get(top.lower()) for top in tops if top is not None]
        if "train" in parts and None not in parts:
            return _split_folders(names, root)
        if len(tops) > 1:
            classes = _class_names(top for top in tops if top is not None)
            labels = _labels(names, len(root), classes)
            phrase = f"class folders: {len(classes)} classes"
            return Layout(phrase, root, np.zeros(len(names), np.uint8), labels, classes)
    return Layout("pictures without classes", root, np.zeros(len(names), np.uint8))


def check_class_names(names: Sequence[str]) -> None:
    """Check that names of classes can be stored and shown.

    Raises:
        DataError: one is empty, longer than `MAX_CLASS_NAME` characters, or not printable.
    """
    for name in names:
        if not name or len(name) > MAX_CLASS_NAME or not name.isprintable():
            raise DataError(
                f"The name of a class must be 1 to {MAX_CLASS_NAME:,} printable characters, got"
                f" {printable(name)[:80] or 'an empty name'}.",
                hint="Rename the folder or the label.",
            )


def _root(names: Sequence[str], metadata: Collection[str]) -> str:
    """Return the folder that holds everything, as archives usually have one; a split folder is not left."""
    root = ""
    while True:
        top = names[0][len(root) :].partition("/")
        inner = f"{root}{top[0]}/"
        split = top[0].lower() in SPLIT_NAMES
        if not top[1] or split or any(name.rpartition("/")[0] == root.rstrip("/") for name in metadata):
            return root
        if not all(name.startswith(inner) for name in names):
            return root
        root = inner


def _folders(names: Iterable[str], root: str) -> dict[str | None, None]:
    """Return the first folder below `root` of each name, None for a picture directly in it; each once."""
    return dict.fromkeys(_folder(name, len(root)) for name in names)


def _folder(name: str, start: int) -> str | None:
    end = name.find("/", start)
    return name[start:end] if end >= 0 else None


def _split_folders(names: Sequence[str], root: str) -> Layout:
    """Read split folders, with classes where no picture lies directly in one of them."""
    parts = np.empty(len(names), np.uint8)
    classes: dict[int, dict[str, None]] = {index: {} for index in range(len(PARTS))}
    labelled = True
    for position, name in enumerate(names):
        top = _folder(name, len(root)) or ""
        index = PARTS.index(SPLIT_NAMES[top.lower()])
        parts[position] = index
        inner = _folder(name, len(root) + len(top) + 1)
        labelled = labelled and inner is not None
        classes[index][inner or ""] = None
    present = ", ".join(part for index, part in enumerate(PARTS) if classes[index])
    if not labelled:
        return Layout(f"split folders {present}", root, parts)
    ordered = _class_names(classes[0])
    others = {name for index in (1, 2) for name in classes[index]} - set(ordered)
    ordered += _class_names(others)
    numbers = {name: label for label, name in enumerate(ordered)}
    labels = np.fromiter(
        (numbers[name[len(root) :].split("/", 2)[1]] for name in names), np.int64, len(names)
    )
    count = f"{len(ordered)} class{'es' if len(ordered) != 1 else ''}"
    return Layout(f"split folders {present}; {count}", root, parts, labels, ordered)


def _class_names(folders: Iterable[str]) -> tuple[str, ...]:
    ordered = tuple(sorted(folders, key=natural_key))
    check_class_names(ordered)
    return ordered


def _labels(names: Sequence[str], start: int, classes: Sequence[str]) -> npt.NDArray[np.int64]:
    numbers = {name: label for label, name in enumerate(classes)}
    return np.fromiter((numbers[_folder(name, start) or ""] for name in names), np.int64, len(names))
