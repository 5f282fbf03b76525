"""Tables as .npz archives, a member for each column."""

import array
import contextlib
import pathlib
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from vaecli import files
from vaecli.errors import OutputError
from vaecli.npz import write_member
from vaecli.tables.columns import Columns, Numbers, Rows, Texts

_CHUNK = 4096  # texts that are in memory
_MOST_TEXT = 2**32  # bytes of a column of text


class NpzWriter:
    """Columns in temporary files of the target's folder, which become the members of the archive at the end."""

    def __init__(self, file: IO[bytes], columns: Columns, target: pathlib.Path) -> None:
        self._file, self._columns, self._target = file, columns, target
        self._stack = contextlib.ExitStack()
        with files.translating(target):
            self._spools = {
                column.name: self._stack.enter_context(_temporary(target.parent)) for column in columns
            }
        self._lengths = {column.name: array.array("q") for column in columns if isinstance(column, Texts)}
        self._widths = dict.fromkeys(self._lengths, 1)
        self._count = 0

    def __enter__(self) -> "NpzWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, rows: Rows, errors: Mapping[int, str]) -> None:  # noqa: ARG002  # NaN marks the row
        """Add rows."""
        with files.translating(self._target):
            for column in self._columns:
                values = rows[column.name]
                if isinstance(column, Numbers):
                    self._spools[column.name].write(np.ascontiguousarray(values, column.dtype).tobytes())
                    continue
                texts = [text or "" for text in values]
                contents = [text.encode("utf-8", "surrogatepass") for text in texts]
                self._spools[column.name].write(b"".join(contents))
                self._lengths[column.name].extend(map(len, contents))
                self._widths[column.name] = max([self._widths[column.name], *map(len, texts)])
        self._count += len(rows[self._columns[0].name])

    def finish(self) -> None:
        """Write the archive."""
        with files.translating(self._target), zipfile.ZipFile(self._file, "w", compresslevel=1) as archive:
            for column in self._columns:
                spool = self._spools[column.name]
                spool.seek(0)
                if isinstance(column, Numbers):
                    shape = (self._count, *column.shape)
                    write_member(
                        archive, column.name, _pieces(spool, column), shape=shape, dtype=column.dtype
                    )
                else:
                    dtype = f"<U{self._widths[column.name]}"
                    if self._count * np.dtype(dtype).itemsize > _MOST_TEXT:
                        raise OutputError(
                            f"Cannot write {self._target}: an array of all its names would take more than "
                            f"{_MOST_TEXT / 2**30:.0f} GiB.",
                            hint="Write a .csv or .jsonl file.",
                        )
                    texts = self._texts(column.name, dtype)
                    write_member(
                        archive, column.name, texts, shape=(self._count,), dtype=dtype, compressed=True
                    )

    def _texts(self, name: str, dtype: str) -> Iterator[npt.NDArray[Any]]:
        lengths, spool = self._lengths[name], self._spools[name]
        for start in range(0, len(lengths), _CHUNK):
            part = lengths[start : start + _CHUNK]
            yield np.array([spool.read(size).decode("utf-8", "surrogatepass") for size in part], dtype)


def _temporary(folder: pathlib.Path) -> IO[bytes]:
    """Open a file without a name, which is gone when it is closed, or the process ends."""
    return tempfile.TemporaryFile(dir=folder)  # the caller's stack closes it


def _pieces(spool: IO[bytes], column: Numbers) -> Iterator[npt.NDArray[Any]]:
    """Yield the numbers of a column in the order of their rows."""
    dtype = np.dtype(column.dtype)
    while content := spool.read(2**16 * dtype.itemsize):
        yield np.frombuffer(content, dtype)
