"""`metadata.csv` and `metadata.jsonl`: tables of file names and labels beside the pictures."""

import codecs
import csv
import io
import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from vaecli.choices import Part
from vaecli.data.collection.entries import printable
from vaecli.data.collection.layout import SPLIT_NAMES
from vaecli.errors import DataError

FILE, LABEL, SPLIT = "file_name", "label", "split"
_CHUNK = 2**20  # bytes of a table that are decoded at a time
_HINT = f"Give it the columns {FILE} and {LABEL}."


class Row(NamedTuple):
    """Label and part of a picture by a table; None where the table says nothing."""

    label: str | None
    part: Part | None


def row_key(name: str) -> str:
    """Return the form of a path by which rows and pictures meet: composed letters, no backslashes, no `./`."""
    return unicodedata.normalize("NFC", name.replace("\\", "/").removeprefix("./"))


def read_tables(tables: Mapping[str, bytes]) -> dict[str, Row]:
    """Read tables of labels; return a row for each picture that they name, by the `row_key` of its path.

    Args:
        tables: content by the name of the table, with `/`; the file names in it are relative to its folder.

    Raises:
        DataError: not UTF-8, no column of file names, a ragged or malformed line, labels in some rows only, or
            two rows of one file that differ.
    """
    rows: dict[str, Row] = {}
    kept: dict[Row, Row] = {}  # few differ
    for table, content in tables.items():
        folder = table.rpartition("/")[0]
        for number, values in _lines(table, content):
            name, row = _row(f"{table}, line {number}", values, f"{folder}/" if folder else "")
            row = kept.setdefault(row, row)
            if rows.setdefault(name, row) != row:
                raise DataError(f"{table}, line {number}: {printable(name)} has an earlier row that differs.")
    if len({row.label is None for row in rows.values()}) > 1:
        raise DataError(f"{', '.join(tables)} must have a label in each row, or in none.", hint=_HINT)
    return rows


def _row(where: str, values: Mapping[str, Any], folder: str) -> tuple[str, Row]:
    """Return the path of a picture in the source, and its row."""
    file, label, split = (values.get(key) for key in (FILE, LABEL, SPLIT))
    if not isinstance(file, str) or not file:
        raise DataError(f"{where}: {FILE} must be the path of a picture, got {file!r:.80}.", hint=_HINT)
    if isinstance(label, bool) or not isinstance(label, str | int | None):
        raise DataError(f"{where}: {LABEL} must be text or a whole number, got {label!r:.80}.")
    if split not in (None, "") and str(split).lower() not in SPLIT_NAMES:
        raise DataError(f"{where}: {SPLIT} must be one of {', '.join(SPLIT_NAMES)}, got {split!r:.80}.")
    name = row_key(folder + file.replace("\\", "/").removeprefix("./"))
    part = SPLIT_NAMES[str(split).lower()] if split not in (None, "") else None
    return name, Row(None if label in (None, "") else str(label), part)


def _lines(table: str, content: bytes) -> Iterator[tuple[int, Mapping[str, Any]]]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(content), _CHUNK):
            decoder.decode(content[start : start + _CHUNK], start + _CHUNK >= len(content))
    except UnicodeDecodeError:
        raise DataError(f"{table} must be UTF-8, got other bytes at byte {_not_utf_8(content)}.") from None
    lines = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")
    return _csv(table, lines) if table.endswith(".csv") else _json_lines(table, lines)


def _not_utf_8(content: bytes) -> int:
    """Return the position of the first byte that is not UTF-8."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return len(content)


def _csv(table: str, lines: Iterable[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.reader(lines, strict=True)
    try:
        header = next(reader, [])
        if FILE not in header:
            shown = ", ".join(header)[:200] or "nothing"
            raise DataError(f"{table} must have a column {FILE}, got {shown}.", hint=_HINT)
        for column in (FILE, LABEL, SPLIT):
            if header.count(column) > 1:
                raise DataError(f"{table} must have each column once, got {column} twice.")
        for values in reader:
            if values and len(values) != len(header):
                raise DataError(
                    f"{table}, line {reader.line_num}: it must have {len(header)} values, got {len(values)}."
                )
            if values:
                yield reader.line_num, dict(zip(header, values, strict=True))
    except csv.Error as error:
        raise DataError(f"{table}, line {reader.line_num}: {error}.") from error


def _json_lines(table: str, lines: Iterable[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{table}, line {number}: it must be JSON: {error}.") from error
        if not isinstance(values, dict):
            raise DataError(
                f"{table}, line {number}: it must be an object, got {line.strip()[:80]!r}.", hint=_HINT
            )
        yield number, values
