"""`test:17`: a picture of a data set, named in place of a file."""

import os
import re

from vaecli.choices import Part
from vaecli.data.images import ImageSet
from vaecli.errors import DataError
from vaecli.pixels import Pixels

_PARTS: dict[str, Part] = {"train": "train", "val": "validation", "validation": "validation", "test": "test"}


def parse_reference(text: str) -> tuple[Part, int] | None:
    """Split a reference to a picture of the data set, such as `test:17` or `val:17`, into part and index.

    Returns:
        None if `text` is no such reference, or if a file of that name exists, which the caller then takes instead.

    Raises:
        DataError: `text` begins with `test:`, `train:`, `val:` or `validation:`, but no whole number follows.
    """
    part, colon, index = text.partition(":")
    if not colon or part not in _PARTS or os.path.lexists(text):
        return None
    if not re.fullmatch(r"[0-9]{1,18}", index):
        raise DataError(
            f"{part}: must be followed by a whole number, the index of a picture, got {index[:80]!r}.",
            hint=f"Write, for example, {part}:17.",
        )
    return _PARTS[part], int(index)


def pick(images: ImageSet, index: int) -> Pixels:
    """Return image `index` (H, W, C) of a set.

    Raises:
        DataError: `index` out of range.
    """
    count = len(images.images)
    if not 0 <= index < count:
        raise DataError(
            f"The {images.split} set of {images.name} has images 0 to {count - 1}, got {images.split}:{index}."
        )
    picture: Pixels = images.images[index]
    return picture
