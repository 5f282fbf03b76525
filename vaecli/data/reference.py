"""`test:17` and `test:0:100`: pictures of a data set, named in place of files."""

import os
import re
from typing import NamedTuple

from vaecli.choices import Part
from vaecli.data.images import ImageSet
from vaecli.errors import DataError

_PARTS: dict[str, Part] = {"train": "train", "val": "validation", "validation": "validation", "test": "test"}
PREFIXES: dict[Part, str] = {
    "train": "train",
    "validation": "val",
    "test": "test",
}  # of names that are written
_INDEX = re.compile(r"[0-9]{1,18}")
_SLICE = re.compile(r"(-?[0-9]{1,18})?:(-?[0-9]{1,18})?")


class Reference(NamedTuple):
    """A picture, or a slice of the pictures, of a part of the data set."""

    part: Part
    rows: int | slice


def parse_reference(text: str) -> Reference | None:
    """Split a reference such as `test:17` or `val:0:100` into part and index.

    `test:0:100` are pictures 0 to 99; as in Python's slices, either bound may be left out, a negative one counts
    from the end, and one beyond the end is the end.

    Returns:
        None if `text` is no such reference, or if a file of that name exists, which the caller then takes instead.

    Raises:
        DataError: `text` begins with `test:`, `train:`, `val:` or `validation:`, but no number or slice follows.
    """
    part, colon, index = text.partition(":")
    if not colon or part not in _PARTS or os.path.lexists(text):
        return None
    if _INDEX.fullmatch(index):
        return Reference(_PARTS[part], int(index))
    if bounds := _SLICE.fullmatch(index):
        start, stop = (None if bound is None else int(bound) for bound in bounds.groups())
        return Reference(_PARTS[part], slice(start, stop))
    raise DataError(
        f"{part}: must be followed by a whole number, the index of a picture, or by two, got {index[:80]!r}.",
        hint=f"Write, for example, {part}:17, or {part}:0:100 for the first hundred.",
    )


def positions(images: ImageSet, rows: int | slice) -> range:
    """Return the positions in a set that an index or a slice means.

    Raises:
        DataError: an index out of range, or a slice without pictures.
    """
    count, prefix = len(images.images), PREFIXES[images.split]
    if isinstance(rows, slice):
        selected = range(*rows.indices(count))
        if not selected:
            start, stop = ("" if bound is None else bound for bound in (rows.start, rows.stop))
            raise DataError(
                f"{prefix}:{start}:{stop} must name pictures, got none: the {images.split} set of {images.name} "
                f"has {count:,}."
            )
        return selected
    if not 0 <= rows < count:
        raise DataError(
            f"The {images.split} set of {images.name} has images 0 to {count - 1}, got {images.split}:{rows}."
        )
    return range(rows, rows + 1)
