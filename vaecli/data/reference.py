"""`test:17`: a picture of a data set, named in place of a file."""

import pathlib
import re

from vaecli.choices import Split
from vaecli.data.images import ImageSet
from vaecli.errors import DataError
from vaecli.pixels import Pixels


def parse_reference(text: str) -> tuple[Split, int] | None:
    """The split and index of `test:17` or `train:17`; None for anything else, which is then a file's name.

    A file of that very name wins: `./test:17` need not be written for it.

    Raises:
        DataError: `test:` or `train:` followed by something that is not a whole number.
    """
    split, colon, index = text.partition(":")
    if not colon or split not in ("train", "test") or pathlib.Path(text).exists():
        return None
    if not re.fullmatch(r"[0-9]{1,18}", index):
        raise DataError(f"Expected a number after {split}:, got {index!r}.", hint=f"For example {split}:17.")
    return ("train" if split == "train" else "test"), int(index)


def pick(images: ImageSet, index: int) -> Pixels:
    """Image `index` (H, W, C) of a set.

    Raises:
        DataError: `index` out of range.
    """
    count = len(images.images)
    if not 0 <= index < count:
        raise DataError(
            f"{images.split}:{index} is out of range: the {images.split} set of {images.name} "
            f"has images 0 to {count - 1}."
        )
    picture: Pixels = images.images[index]
    return picture
