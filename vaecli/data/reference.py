"""`test:17`: a picture of a data set, named in place of a file."""

import os
import re

from vaecli.choices import Split
from vaecli.data.images import ImageSet
from vaecli.errors import DataError
from vaecli.pixels import Pixels

_SPLITS: dict[str, Split] = {"train": "train", "test": "test"}


def parse_reference(text: str) -> tuple[Split, int] | None:
    """Split a reference to a picture of the data set, such as `test:17` or `train:17`, into split and index.

    Returns:
        None if `text` is no such reference, or if there is a file of that name: the caller reads it as a path.

    Raises:
        DataError: `text` begins with `test:` or `train:`, but no whole number follows.
    """
    split, colon, index = text.partition(":")
    if not colon or split not in _SPLITS or os.path.lexists(text):
        return None
    if not re.fullmatch(r"[0-9]{1,18}", index):
        raise DataError(
            f"The index of a picture after {split}: must be a whole number, got {index[:80]!r}.",
            hint=f"Write, for example, {split}:17.",
        )
    return _SPLITS[split], int(index)


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
