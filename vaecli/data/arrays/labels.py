"""Labels as numbers, one-hot rows or texts, and the classes that they name."""

import re
from typing import Any

import numpy as np
import numpy.typing as npt

from vaecli.data.images import Labels
from vaecli.errors import DataError

MOST_CLASSES = 10_000
Names = tuple[str, ...]
_WHOLE = re.compile(r"-?[0-9]{1,18}(?:\.0*)?")


def read_labels(values: npt.NDArray[Any], count: int, source: str) -> tuple[Labels, Names]:
    """Return the labels (count,) int64 and the name of each class.

    Accepted are whole numbers of at least 0, (N,) or (N, 1), one-hot rows (N, K), and texts. Number 3 is a class
    named "3", and so on; texts are classes in natural order.

    Raises:
        DataError: another shape, number of labels or kind of values, or too many classes.
    """
    values = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
    if values.ndim not in (1, 2):
        raise DataError(f"{source} must hold labels (N,), got the shape {values.shape}.")
    if len(values) != count:
        raise DataError(f"{source} must hold a label for each of {count:,} images, got {len(values):,}.")
    if values.dtype.kind in "US":
        if values.ndim != 1:
            raise DataError(f"{source} must hold labels (N,), got the shape {values.shape}.")
        distinct, positions = np.unique(values, return_inverse=True)
        if len(distinct) > MOST_CLASSES:
            raise DataError(f"{source} must have at most {MOST_CLASSES:,} classes, got {len(distinct):,}.")
        return text_labels([_text(text) for text in distinct], positions, source)
    if values.dtype.kind not in "buif":
        raise DataError(f"{source} must hold labels as numbers or texts, got {values.dtype}.")
    if values.ndim == 2:
        values = _of_one_hot(values, source)
    return _of_numbers(values, source)


def _of_numbers(values: npt.NDArray[Any], source: str) -> tuple[Labels, Names]:
    low, high = values.min(), values.max()
    if not (np.isfinite(low) and np.isfinite(high)) or np.any(values != np.rint(values)):
        raise DataError(f"{source} must hold whole numbers as labels, got fractions or NaN.")
    if low < 0:
        raise DataError(
            f"{source} must hold labels of at least 0, got {low:g}.",
            hint="Leave out images without a label, or give them a class of their own.",
        )
    if high >= MOST_CLASSES:
        raise DataError(
            f"{source} must hold labels below {MOST_CLASSES:,}, got {high:.0f}.",
            hint="Number the classes from 0: np.unique(labels, return_inverse=True)[1].",
        )
    return values.astype(np.int64), tuple(str(label) for label in range(int(high) + 1))


def _of_one_hot(values: npt.NDArray[Any], source: str) -> npt.NDArray[np.int64]:
    """Return the position of the 1 in each one-hot row of `values` (N, K), as (N,)."""
    if not np.all((values == 0) | (values == 1)) or not np.all(values.sum(axis=1) == 1):
        raise DataError(
            f"{source} must hold labels (N,), or one-hot rows (N, K), got the shape {values.shape} "
            "with rows that are not one-hot."
        )
    positions: npt.NDArray[np.int64] = values.argmax(axis=1).astype(np.int64)
    return positions


def text_labels(names: list[str], positions: npt.NDArray[np.int64], source: str) -> tuple[Labels, Names]:
    """Return the labels (N,) and the class names, in natural order, of N images labelled `names[positions]`.

    If all `names` are whole numbers, they are the labels: 3 is label 3.

    Raises:
        DataError: a name is empty, or a number that cannot be a label.
    """
    if "" in names:
        raise DataError(f"{source} must have a label for each image, got an empty one.")
    if all(_WHOLE.fullmatch(name) for name in names):
        return _of_numbers(np.array([int(name.split(".")[0]) for name in names])[positions], source)
    order = sorted(range(len(names)), key=lambda position: _natural(names[position]))
    rank = np.empty(len(names), np.int64)
    rank[order] = np.arange(len(names))
    return rank[positions], tuple(names[position] for position in order)


def _natural(text: str) -> list[tuple[int, str]]:
    """Return a key that sorts `class 10` after `class 9`."""
    return [
        (int(part), "") if part.isascii() and part.isdigit() else (-1, part)
        for part in re.split("([0-9]{1,18})", text)
    ]


def named_classes(names: Names, given: npt.NDArray[Any], source: str) -> Names:
    """Return the class names `given` (K,) by a file, which replace `names`, those made from the labels.

    Raises:
        DataError: `given` is not an array (K,) of texts, or has fewer names than there are classes.
    """
    if given.dtype.kind not in "US" or given.ndim != 1 or not len(names) <= len(given) <= MOST_CLASSES:
        raise DataError(
            f"{source} must hold the names of {len(names):,} classes (K,), as texts, "
            f"got the shape {given.shape} of {given.dtype}."
        )
    return tuple(_text(text) for text in given)


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
