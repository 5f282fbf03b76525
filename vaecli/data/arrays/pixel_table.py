"""Images from a CSV file with a line of pixels for each, as MNIST is often passed on."""

import csv
import dataclasses
import itertools
import operator
import pathlib
import re
from collections.abc import Callable, Iterator
from typing import TextIO

import numpy as np

from vaecli.choices import Split
from vaecli.commands import command
from vaecli.data.arrays.labels import MOST_CLASSES, Names, text_labels
from vaecli.data.arrays.npy import one_set_only
from vaecli.data.arrays.shape import grey_sides, is_grey_image
from vaecli.data.collection.report import Report
from vaecli.data.images import MOST_IN_MEMORY, ImageSet, Labels, require_room
from vaecli.errors import DataError
from vaecli.paths import shown
from vaecli.pixels import SCALE

LABEL_COLUMNS = ("label", "labels", "class", "target", "y")
INDEX_COLUMNS = ("", "unnamed: 0", "index", "id")  # of a table that pandas wrote
_FILE_COLUMN = "file_name"  # of a list of pictures
_MOST_LINE = 2**24  # characters
_LEAST_COUNTED = 16  # so many names 0, 1, 2 ... are a header, not pixels
_NUMBER = re.compile(r"\s*[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\s*")
_DECIMALS = re.compile(r"\.0*$")  # pandas writes 12.0 in a column that had a gap
_PIXELS = {str(value): value for value in range(SCALE + 1)}  # faster than int(), and stricter

Rows = Iterator[tuple[int, list[str]]]
Fields = Callable[[list[str]], list[str]]


@dataclasses.dataclass(frozen=True)
class _Columns:
    """What the columns of a table are.

    Attributes:
        count: of fields in a line.
        label: position of the label; None if there is none.
        pixels: takes the pixels out of a line.
        size: rows and columns of an image.
        phrase: what was taken, for a message.
    """

    count: int
    label: int | None
    pixels: Fields
    size: tuple[int, int]
    phrase: str


def load_pixel_table(path: pathlib.Path, split: Split, *, size: tuple[int, int] | None = None) -> ImageSet:
    """Load grey images from a CSV file of whole numbers of 0 to 255, a line for each image.

    With a header, the label is the column of that name. Without one, or without that name, it is the first column
    if the number of the others fits an image and the number of all does not. The file is read line by line into
    bytes; memory is that of the pixels and one label a line.

    Args:
        path: the file.
        split: `test` is refused.
        size: rows and columns of an image; square if it is None or another number of pixels.

    Raises:
        MissingPartError: another split.
        DataError: no lines, lines of several lengths, or other fields than whole numbers of 0 to
            255; the message has the number of the line.
    """
    if split != "train":
        raise one_set_only(path, split)
    source = shown(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            columns, pixels, labels, names = _read(_rows(file, source), size, source)
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} must be UTF-8, got {error.reason}.", hint="Save it as CSV UTF-8.") from error
    images = np.frombuffer(pixels, np.uint8).reshape(-1, *columns.size, 1)
    images.flags.writeable = False
    report = Report(layout=f"a CSV of pixels, {columns.phrase}")
    return ImageSet(path.stem, split, images, labels, names, str(path), report=report)


def _rows(file: TextIO, source: str) -> Rows:
    """Yield the fields of each line that is not empty, with its number from 1.

    Raises:
        DataError: a line that is too long, or quotes in wrong places.
    """
    lines = csv.reader(_lines(file, source), strict=True)
    try:
        for fields in lines:
            if fields:
                yield lines.line_num, fields
    except csv.Error as error:
        raise DataError(f"{source}, line {lines.line_num}: {error}.") from error


def _lines(file: TextIO, source: str) -> Iterator[str]:
    while line := file.readline(_MOST_LINE):
        if len(line) == _MOST_LINE:
            raise DataError(
                f"{source} must have lines of less than {_MOST_LINE:,} characters, got a longer one."
            )
        yield line


def _read(
    rows: Rows, size: tuple[int, int] | None, source: str
) -> tuple[_Columns, bytearray, Labels | None, Names]:
    """Read all lines: what the columns are, pixels (N * H * W) and labels (N,)."""
    number, first = next(rows, (0, []))
    if not first:
        raise DataError(f"{source} must have a line of pixels for each image, got no line.")
    header = first if _is_header(first) else None
    columns = _columns(first, header, size, source)
    if header is None:
        rows = itertools.chain([(number, first)], rows)
    pixels, classes, positions = bytearray(), dict[str, int](), list[int]()
    for line, fields in rows:
        if len(fields) != columns.count:
            raise DataError(
                f"{source}, line {line}: must have {columns.count:,} fields, got {len(fields):,}."
            )
        if columns.label is not None:
            positions.append(classes.setdefault(fields[columns.label].strip(), len(classes)))
            if len(classes) > MOST_CLASSES:
                raise DataError(
                    f"{source}, line {line}: must have at most {MOST_CLASSES:,} classes, got more."
                )
        pixels += _pixels(columns.pixels(fields), source, line)
        if len(pixels) > MOST_IN_MEMORY:
            require_room((len(pixels),), source, hint="Save the images as bytes in a .npy file.")
    if not pixels:
        raise DataError(f"{source} must have a line of pixels for each image, got only a header.")
    if columns.label is None:
        return columns, pixels, None, ()
    return columns, pixels, *text_labels(list(classes), np.array(positions), source)


def _is_header(fields: list[str]) -> bool:
    """Return whether the first line of a table has names, not pixels; one label alone may be text."""
    names = [field.strip().casefold() for field in fields]
    others = [name for name in names if not _NUMBER.fullmatch(name)]
    if len(others) > 1 or any(name in (*LABEL_COLUMNS, *INDEX_COLUMNS) for name in others):
        return True
    counted = names[1:] if others else names
    return len(counted) >= _LEAST_COUNTED and counted in (
        [str(number) for number in range(start, start + len(counted))] for start in (0, 1)
    )


def _columns(
    first: list[str], header: list[str] | None, size: tuple[int, int] | None, source: str
) -> _Columns:
    """Say which columns are what, from the header or from their number.

    Raises:
        DataError: the table is a list of files, or the number of pixels fits no image.
    """
    names = [name.strip().casefold() for name in header or []]
    if _FILE_COLUMN in names:
        hint = f"Name its folder: {command('train', '--data', 'FOLDER')}"
        raise DataError(f"{source} must have pixels, got a list of picture files.", hint=hint)
    start = 1 if names and names[0] in INDEX_COLUMNS else 0
    label = next((names.index(name) for name in LABEL_COLUMNS if name in names), None)
    count = len(first) - start
    if label is None and is_grey_image(count - 1, size) and not is_grey_image(count, size):
        label = start
    positions = [position for position in range(start, len(first)) if position != label]
    if not positions:
        raise DataError(f"{source} must have columns of pixels, got {len(first)} columns.")
    pixels: Fields = operator.itemgetter(slice(positions[0], positions[-1] + 1))
    if positions[-1] - positions[0] + 1 > len(positions):  # the label is between them
        pixels = operator.itemgetter(*positions)
    phrase = "without labels" if label is None else f"labels in column {label + 1}"
    return _Columns(len(first), label, pixels, grey_sides(len(positions), size, source), phrase)


def _pixels(fields: list[str], source: str, line: int) -> bytes:
    """Return the pixels of a line.

    Raises:
        DataError: a field is no whole number of 0 to 255.
    """
    try:
        return bytes(map(_PIXELS.__getitem__, fields))
    except KeyError:
        stripped = [_DECIMALS.sub("", field.strip()) for field in fields]
    try:
        return bytes(map(_PIXELS.__getitem__, stripped))
    except KeyError as error:
        raise _not_a_pixel(str(error.args[0]), source, line) from None


def _not_a_pixel(value: str, source: str, line: int) -> DataError:
    is_fraction = bool(_NUMBER.fullmatch(value)) and 0 < float(value) < 1
    return DataError(
        f"{source}, line {line}: pixels must be whole numbers of 0 to {SCALE}, got {value[:40]!r}.",
        hint=f"Multiply fractions of 0 to 1 by {SCALE} and round them." if is_fraction else "",
    )
