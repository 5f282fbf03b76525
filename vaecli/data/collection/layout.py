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
        phrase: how the source was read, such as "class folders: 10 classes".
        root: the folder that holds the splits or classes, with `/` at its end; empty if it is the source itself.
        parts: (N,) uint8, positions in `PARTS`.
        labels: (N,) int64; None if there are none.
        class_names: the name of each label.
        used: (N,) which pictures belong to the data set; None if all do.
    """

    phrase: str
    root: str
    parts: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64] | None = None
    class_names: tuple[str, ...] = ()
    used: npt.NDArray[np.bool_] | None = None


def find_layout(names: Sequence[str], metadata: Collection[str] = ()) -> Layout:
    """Read the layout from names: split folders, class folders, or neither.

    Folders are splits if they have nothing but splits beside them, or if there is a training split and another one:
    `train` may also be one class of several. What lies beside two splits, such as masks, is left out.

    Args:
        names: (N,) at least one, with `/`.
        metadata: the names of metadata files; the folder of one is not left for a folder in it.

    Raises:
        DataError: a class name that a model file cannot hold.
    """
    root = _root(names, metadata)
    tops = _folders(names, root)
    parts = {part_of(top) for top in tops} - {None}
    if "train" in parts and (len(parts) > 1 or all(part_of(top) for top in tops)):
        return _split_folders(names, root)
    if len(tops) > 1 and None not in tops:
        return _class_folders(names, root, tops)
    return Layout(_flat(names, root), root, np.zeros(len(names), np.uint8))


def part_of(folder: str | None) -> Part | None:
    """Return the part that a folder of this name holds, if any."""
    return None if folder is None else SPLIT_NAMES.get(folder.lower())


def class_names_of(names: Iterable[str]) -> tuple[str, ...]:
    """Return names of folders or labels as names of classes: what a model file cannot hold is escaped.

    Raises:
        DataError: one is longer than `MAX_CLASS_NAME` characters, or two become equal.
    """
    names = tuple(names)
    classes = tuple(map(printable, names))
    for name in classes:
        if len(name) > MAX_CLASS_NAME:
            raise DataError(
                f"The name of a class must have at most {MAX_CLASS_NAME:,} characters, got {name[:80]}...",
                hint="Rename the folder or the label.",
            )
    if len(set(classes)) < len(classes):
        name = next(name for name in classes if classes.count(name) > 1)
        raise DataError(
            f"The names of classes must differ where they are shown, got {name} twice.",
            hint="Rename the folder or the label.",
        )
    return classes


def _root(names: Sequence[str], metadata: Collection[str]) -> str:
    """Return the folder that holds everything, as archives usually have one; a split folder is not left."""
    root = ""
    while True:
        top = names[0][len(root) :].partition("/")
        inner = f"{root}{top[0]}/"
        if (
            not top[1]
            or part_of(top[0])
            or any(name.rpartition("/")[0] == root.rstrip("/") for name in metadata)
        ):
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
    parts, used = np.zeros(len(names), np.uint8), np.ones(len(names), np.bool_)
    classes: list[dict[str | None, None]] = [{} for _ in PARTS]  # of each part, None for a picture without
    for position, name in enumerate(names):
        top = _folder(name, len(root))
        part = part_of(top)
        if top is None or part is None:
            used[position] = False
            continue
        parts[position] = PARTS.index(part)
        classes[parts[position]][_folder(name, len(root) + len(top) + 1)] = None
    phrase = "split folders " + ", ".join(part for part, inner in zip(PARTS, classes, strict=True) if inner)
    left_out = int(np.count_nonzero(~used))
    rest = f"; {_pictures(left_out)} beside them left out" if left_out else ""
    mask = used if left_out else None
    without = [part for part, inner in zip(PARTS, classes, strict=True) if None in inner]
    if without:
        has_classes = any(len(inner) > 1 or (inner and None not in inner) for inner in classes)
        reason = f"; no classes, because {without[0]} has pictures without" if has_classes else ""
        return Layout(phrase + reason + rest, root, parts, used=mask)
    # those of training first, so that a model keeps their numbers whatever else the test set has
    folders = _sorted(classes[0])
    folders += _sorted(
        {folder: None for inner in classes[1:] for folder in inner if folder not in classes[0]}
    )
    numbers = {folder: label for label, folder in enumerate(folders)}
    labels = np.fromiter(
        (
            numbers[name[len(root) :].split("/", 2)[1]] if use else 0
            for name, use in zip(names, used, strict=True)
        ),
        np.int64,
        len(names),
    )
    count = f"; {len(folders)} class{'es' if len(folders) != 1 else ''}"
    return Layout(phrase + count + rest, root, parts, labels, class_names_of(folders), mask)


def _class_folders(names: Sequence[str], root: str, tops: Iterable[str | None]) -> Layout:
    """Read the first folder below `root` of each picture as its class."""
    folders = _sorted(tops)
    numbers = {folder: label for label, folder in enumerate(folders)}
    labels = np.fromiter((numbers[_folder(name, len(root)) or ""] for name in names), np.int64, len(names))
    phrase = f"class folders: {len(folders)} classes"
    return Layout(phrase, root, np.zeros(len(names), np.uint8), labels, class_names_of(folders))


def _flat(names: Sequence[str], root: str) -> str:
    """Return how pictures without classes were read; it says why folders among them are no classes."""
    count = sum(_folder(name, len(root)) is None for name in names)
    if count == len(names):
        return "pictures without classes"
    if not count:
        return "one folder of pictures"
    return (
        f"pictures without classes, because {count:,} of them {'is' if count == 1 else 'are'} not in a folder"
    )


def _pictures(count: int) -> str:
    return f"{count:,} picture{'s' if count != 1 else ''}"


def _sorted(folders: Iterable[str | None]) -> list[str]:
    return sorted((folder for folder in folders if folder is not None), key=natural_key)
