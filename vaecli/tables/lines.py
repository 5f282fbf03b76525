"""Tables as lines: CSV and JSONL."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import IO

import numpy as np

from vaecli.tables.columns import Columns, Numbers, Rows, Texts, names

ERROR = "error"  # key in JSONL of what is wrong with a row
_QUOTED = re.compile('[",\r\n]|^ | $')


class CsvWriter:
    """Writes CSV with a header."""

    def __init__(self, file: IO[bytes], columns: Columns) -> None:
        self._file, self._columns = file, columns
        header = (name for column in columns for name in names(column))
        self._file.write(_line(map(_field, header)))

    def add(self, rows: Rows, errors: Mapping[int, str]) -> None:  # noqa: ARG002  # a CSV row has no place for one
        """Add rows."""
        fields: list[list[str]] = []
        for column in self._columns:
            if isinstance(column, Texts):
                fields.append([_field(text or "") for text in rows[column.name]])
            else:
                fields += _digits(column, rows, "")
        self._file.write(b"".join(map(_line, zip(*fields, strict=True))))


class JsonlWriter:
    """Writes an object a line."""

    def __init__(self, file: IO[bytes], columns: Columns) -> None:
        self._file, self._columns = file, columns
        self._keys = [json.dumps(name) for column in columns for name in names(column)]

    def add(self, rows: Rows, errors: Mapping[int, str]) -> None:
        """Add rows."""
        values: list[list[str]] = []
        for column in self._columns:
            if isinstance(column, Texts):
                values.append([json.dumps(text) for text in rows[column.name]])
            else:
                values += _digits(column, rows, "null")
        for position, row in enumerate(zip(*values, strict=True)):
            pairs = [f"{key}: {value}" for key, value in zip(self._keys, row, strict=True)]
            if position in errors:
                pairs.append(f'"{ERROR}": {json.dumps(errors[position])}')
            self._file.write(f"{{{', '.join(pairs)}}}\n".encode("ascii"))


def _line(fields: Iterable[str]) -> bytes:
    return (",".join(fields) + "\n").encode("utf-8", "backslashreplace")


def _field(text: str) -> str:
    if not _QUOTED.search(text):
        return _escaped(text)
    return '"' + _escaped(text).replace('"', '""') + '"'


def _escaped(text: str) -> str:
    r"""Return a text with \xNN for each byte that is not UTF-8."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _digits(column: Numbers, rows: Rows, missing: str) -> list[list[str]]:
    """Return the numbers of a column as text: D lists of n."""
    values = np.asarray(rows[column.name], column.dtype)
    table = values.reshape(len(values), -1)
    texts = np.char.lower(table.astype("U5")) if column.dtype == "bool" else table.astype("U32")
    texts[~np.isfinite(table)] = missing
    return [list(column) for column in texts.T.tolist()] if table.size else [[] for _ in names(column)]
