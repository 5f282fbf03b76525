"""Tables as lines: CSV and JSONL."""

import json
import re
from collections.abc import Mapping
from typing import IO

import numpy as np

from vaecli.tables.columns import Columns, Numbers, Rows, Texts, names

ERROR = "error"  # key in JSONL of what is wrong with a row
_json_text = json.encoder.encode_basestring_ascii  # what `json.dumps` calls, at half the cost
_QUOTED = re.compile('[",\r\n]|^ | $')


class CsvWriter:
    """Writes CSV with a header."""

    def __init__(self, file: IO[bytes], columns: Columns) -> None:
        self._file, self._columns = file, columns
        header = (name for column in columns for name in names(column))
        self._file.write(f"{','.join(map(_field, header))}\n".encode())

    def add(self, rows: Rows, errors: Mapping[int, str]) -> None:
        """Add rows."""
        fields: list[list[str]] = []
        for column in self._columns:
            if isinstance(column, Texts):
                fields.append([_field(text or "") for text in rows[column.name]])
            else:
                fields += _digits(column, rows, "", errors)
        lines = "".join([f"{','.join(row)}\n" for row in zip(*fields, strict=True)])
        self._file.write(lines.encode("utf-8"))


class JsonlWriter:
    """Writes an object a line."""

    def __init__(self, file: IO[bytes], columns: Columns) -> None:
        self._file, self._columns = file, columns
        keys = [json.dumps(name) for column in columns for name in names(column)]
        self._form = ", ".join(f"{key.replace('%', '%%')}: %s" for key in keys)

    def add(self, rows: Rows, errors: Mapping[int, str]) -> None:
        """Add rows."""
        values: list[list[str]] = []
        for column in self._columns:
            if isinstance(column, Texts):
                values.append(["null" if text is None else _json_text(text) for text in rows[column.name]])
            else:
                values += _digits(column, rows, "null", errors)
        pairs = [self._form % row for row in zip(*values, strict=True)]
        for position, reason in errors.items():
            pairs[position] += f', "{ERROR}": {_json_text(reason)}'
        self._file.write("".join([f"{{{row}}}\n" for row in pairs]).encode("ascii"))


def _field(text: str) -> str:
    if not _QUOTED.search(text):
        return _escaped(text)
    return '"' + _escaped(text).replace('"', '""') + '"'


def _escaped(text: str) -> str:
    r"""Return a text with \xNN for each byte that is not UTF-8."""
    if text.isascii():
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # half of a pair of UTF-16, as a name on Windows may hold
        return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _digits(column: Numbers, rows: Rows, missing: str, errors: Mapping[int, str]) -> list[list[str]]:
    """Return the numbers of a column as text, D lists of n, with `missing` in the rows with errors."""
    values = np.asarray(rows[column.name], column.dtype)
    table = values.reshape(len(values), -1)
    texts = np.char.lower(table.astype("U5")) if column.dtype == "bool" else table.astype("U32")
    texts[~np.isfinite(table)] = missing
    texts[list(errors)] = missing
    return [list(column) for column in texts.T.tolist()] if table.size else [[] for _ in names(column)]
