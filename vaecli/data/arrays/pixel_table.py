"""Images from a CSV file with one line of pixels for each image, a form in which MNIST is often shared."""

import csv
import itertools
import pathlib
import re
from collections.abc import Iterator
from typing import TextIO

import numpy as np
import numpy.typing as npt

from vaecli.choices import Split
from vaecli.data.arrays.columns import Columns, columns_of, is_header, is_number
from vaecli.data.arrays.labels import MOST_CLASSES, Names, text_labels
from vaecli.data.arrays.npy import one_set_only
from vaecli.data.collection.report import Report
from vaecli.data.images import MOST_IN_MEMORY, ImageSet, Labels, require_room
from vaecli.errors import DataError
from vaecli.paths import shown
from vaecli.pixels import SCALE

_MOST_LINE = 2**24  # characters
_PLAIN = b"0123456789,"
_DECIMALS = re.compile(r"\.0*$")  # pandas writes 12.0 in a column that had a gap
_PIXELS = {str(value): value for value in range(SCALE + 1)}  # stricter than int(), which takes 1_0

_AS_A_TABLE = "It was read as a CSV of pixels: a line for each image, as many fields in each as in the first."

Lines = Iterator[tuple[int, str]]


def load_pixel_table(path: pathlib.Path, split: Split, *, size: tuple[int, int] | None = None) -> ImageSet:
    """Load grey images from a CSV file of whole numbers of 0 to 255, a line for each image.

    The label is in the column that the header calls by one of LABEL_COLUMNS. If there is none, it is in the first
    column, provided that the number of columns without it fits an image and that of all columns does not.
    A leading column of INDEX_COLUMNS is skipped. The file is read line by line; memory is that of the pixels, a
    byte each, and of one label a line.

    Args:
        path: the file.
        split: `test` is refused.
        size: rows and columns of an image; images are square if `size` is None or has another number of pixels.

    Raises:
        MissingPartError: `split` is not `train`.
        DataError: no lines, lines of several lengths, or other fields than whole numbers of 0 to 255; the message
            has the number of the line.
    """
    if split != "train":
        raise one_set_only(path, split)
    source = shown(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            columns, pixels, labels, names = _read(_lines(file, source), size, source)
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} must be UTF-8, got {error.reason}.", hint="Save it as CSV UTF-8.") from error
    images = np.frombuffer(pixels, np.uint8).reshape(-1, *columns.size, 1)
    images.flags.writeable = False
    report = Report(layout=f"a CSV of pixels, {columns.phrase}")
    return ImageSet(path.stem, split, images, labels, names, str(path), report=report)


def _lines(file: TextIO, source: str) -> Lines:
    """Yield each non-empty line, without its line end, and its number in the file, from 1.

    Raises:
        DataError: a line that is too long.
    """
    for number in itertools.count(1):
        line = file.readline(_MOST_LINE)
        if not line:
            return
        if len(line) == _MOST_LINE:
            raise DataError(
                f"{source} must have lines of less than {_MOST_LINE:,} characters, got a longer one."
            )
        if line := line.rstrip("\r\n"):
            yield number, line


def _read(
    lines: Lines, size: tuple[int, int] | None, source: str
) -> tuple[Columns, bytearray, Labels | None, Names]:
    """Read all lines; return the columns, the pixels (N * H * W,) and the labels (N,)."""
    number, first = next(lines, (0, ""))
    if not first:
        raise DataError(f"{source} must have a line of pixels for each image, got no line.")
    fields = _fields(first, f"{source}, line {number}")
    columns = columns_of(fields, size, source)
    if not is_header(fields):
        lines = itertools.chain([(number, first)], lines)
    positions = np.array(columns.pixels)
    pixels, classes, labels = bytearray(), dict[str, int](), list[int]()
    for number, line in lines:
        label, content = _parse(line, columns, positions, f"{source}, line {number}")
        pixels += content
        labels.append(classes.setdefault(label, len(classes)))
        if len(classes) > MOST_CLASSES:
            raise DataError(f"{source}, line {number}: must have at most {MOST_CLASSES:,} classes, got more.")
        if len(pixels) > MOST_IN_MEMORY:
            require_room((len(pixels),), source, hint="Save the images as bytes in a .npy file.")
    if not pixels:
        raise DataError(f"{source} must have a line of pixels for each image, got only a header.")
    if columns.label is None:
        return columns, pixels, None, ()
    return columns, pixels, *text_labels(list(classes), np.array(labels), source)


def _parse(line: str, columns: Columns, positions: npt.NDArray[np.int64], place: str) -> tuple[str, bytes]:
    """Return the label, empty if there is none, and the pixels of a line.

    Raises:
        DataError: another number of fields, or a field that is no whole number of 0 to 255.
    """
    numbers = _plain_numbers(line)
    if len(numbers) == columns.count and numbers[positions].max() <= SCALE:
        label = "" if columns.label is None else str(numbers[columns.label])
        return label, numbers[positions].astype(np.uint8).tobytes()
    fields = _fields(line, place)
    if len(fields) != columns.count:
        raise DataError(
            f"{place}: the row must have {columns.count:,} fields, got {len(fields):,}.", hint=_AS_A_TABLE
        )
    label = "" if columns.label is None else fields[columns.label].strip()
    return label, _pixels([fields[position] for position in columns.pixels], place)


def _plain_numbers(line: str) -> npt.NDArray[np.int64]:
    """Return the numbers of a line that has only digits and single commas; an empty array for other lines.

    This is five times as fast as field by field. A number above the largest int64 becomes that.
    """
    is_plain = not line.encode().translate(None, _PLAIN) and ",," not in f",{line},"
    return np.fromstring(line if is_plain else "", np.int64, sep=",")


def _fields(line: str, place: str) -> list[str]:
    """Split a line at its commas, except those in quotes.

    Raises:
        DataError: the quotes in the line do not match.
    """
    try:
        return next(csv.reader([line], strict=True))
    except csv.Error as error:
        raise DataError(f"{place}: {error}.") from error


def _pixels(fields: list[str], place: str) -> bytes:
    """Return the pixels of a line; blanks around a number and a fraction of zeros, as in ` 7.0`, are accepted.

    Raises:
        DataError: a field is no whole number of 0 to 255.
    """
    try:
        return bytes(_PIXELS[_DECIMALS.sub("", field.strip())] for field in fields)
    except KeyError as error:
        value = str(error.args[0])
    hint = ""
    if is_number(value) and 0 < float(value) < 1:
        hint = f"Multiply fractions of 0 to 1 by {SCALE} and round them."
    elif pathlib.PurePath(value).suffix and not is_number(value):
        hint = "A list of picture files is read as metadata.csv in their folder, with columns file_name and label."
    raise DataError(f"{place}: pixels must be whole numbers of 0 to {SCALE}, got {value[:40]!r}.", hint=hint)
