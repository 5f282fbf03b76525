"""The columns of a table of pixels: labels, index and pixels, by its header or by their number."""

import dataclasses
import re
from collections.abc import Sequence

from vaecli.commands import command
from vaecli.data.arrays.shape import grey_sides, is_grey_image
from vaecli.errors import DataError

LABEL_COLUMNS = ("label", "labels", "class", "target", "y")
INDEX_COLUMNS = ("", "unnamed: 0", "index", "id")  # of a table that pandas wrote
_FILE_COLUMN = "file_name"  # of a list of pictures
_LEAST_COUNTED = 16  # so many names 0, 1, 2 ... are a header, not pixels
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")


@dataclasses.dataclass(frozen=True)
class Columns:
    """The columns of a table.

    Attributes:
        count: number of fields in a line.
        label: position of the label; None if there is none.
        pixels: positions of the pixels.
        size: rows and columns of an image.
    """

    count: int
    label: int | None
    pixels: Sequence[int]
    size: tuple[int, int]

    @property
    def phrase(self) -> str:
        """Which column was taken for the label, for a message."""
        return "without labels" if self.label is None else f"labels in column {self.label + 1}"


def is_number(text: str) -> bool:
    """Return whether the text of a field is a number, with or without sign, point and exponent."""
    return bool(_NUMBER.fullmatch(text.strip()))


def is_header(fields: list[str]) -> bool:
    """Return whether the first line of a table is a header: names, or the numbers of the columns.

    A line with one text is a header only if the text is a known name such as `label`, or if numbers of columns
    follow it: otherwise the text is the label of an image."""
    names = [field.strip().casefold() for field in fields]
    texts = [name for name in names if not is_number(name)]
    if len(texts) > 1 or any(name in (*LABEL_COLUMNS, *INDEX_COLUMNS) for name in texts):
        return True
    counted = names[1:] if texts else names
    return len(counted) >= _LEAST_COUNTED and counted in (
        [str(number) for number in range(start, start + len(counted))] for start in (0, 1)
    )


def columns_of(first: list[str], size: tuple[int, int] | None, source: str) -> Columns:
    """Return the columns of a table whose first line is `first`, a header or not.

    Args:
        first: its fields.
        size: rows and columns of an image; None for square ones.
        source: the file, for messages.

    Raises:
        DataError: the table is a list of files, or the number of pixels fits no image.
    """
    names = [name.strip().casefold() for name in first] if is_header(first) else []
    if _FILE_COLUMN in names:
        hint = f"Name its folder: {command('train', '--data', 'FOLDER')}"
        raise DataError(f"{source} must have pixels, got a list of picture files.", hint=hint)
    start = 1 if names and names[0] in INDEX_COLUMNS else 0
    label = next((names.index(name) for name in LABEL_COLUMNS if name in names), None)
    count = len(first) - start
    if label is None and is_grey_image(count - 1, size) and not is_grey_image(count, size):
        label = start
    pixels = [position for position in range(start, len(first)) if position != label]
    if not pixels:
        raise DataError(f"{source} must have columns of pixels, got {len(first)} columns.")
    return Columns(len(first), label, pixels, grey_sides(len(pixels), size, source))
