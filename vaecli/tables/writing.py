"""A table that appears whole or not at all, by the suffix of its name."""

import contextlib
import dataclasses
import os
import pathlib
from collections.abc import Iterator, Mapping
from typing import IO, Literal, TypeAlias

from vaecli import files, folders
from vaecli.errors import OptionError, OutputError
from vaecli.files import IfTaken
from vaecli.paths import user_path
from vaecli.tables.columns import Columns, Rows, TableWriter
from vaecli.tables.lines import CsvWriter, JsonlWriter
from vaecli.tables.spool import NpzWriter

TableFormat: TypeAlias = Literal["csv", "jsonl", "npz"]
SUFFIXES: dict[str, TableFormat] = {".csv": "csv", ".jsonl": "jsonl", ".npz": "npz"}
STDOUT = "-"  # in place of a file: CSV on standard output


@dataclasses.dataclass
class Table:
    """A table that is being written; `path` is its final name once it is complete, None for standard output."""

    writer: TableWriter
    path: pathlib.Path | None = None

    def add(self, rows: Rows, errors: Mapping[int, str] | None = None) -> None:
        """Add n rows.

        Args:
            rows: for each column n texts, or numbers (n,) or (n, D).
            errors: what is wrong with some rows, by their positions among the n.
        """
        self.writer.add(rows, errors or {})


def table_format(path: str | os.PathLike[str]) -> TableFormat:
    """Return the format of a table by the suffix of its name; `-` is CSV.

    Raises:
        OptionError: an empty name, or another suffix.
    """
    name = os.fspath(path)
    if name == STDOUT:
        return "csv"
    target = _target(path)
    suffix = target.suffix.lower()
    if suffix not in SUFFIXES or target.name.lower() in SUFFIXES:
        raise OptionError(
            f"--out must end in {', '.join(SUFFIXES)}, or be - for CSV on standard output, got {name}.",
            option="--out",
        )
    return SUFFIXES[suffix]


def check_table(path: str | os.PathLike[str], *, if_taken: IfTaken = "refuse") -> None:
    """Refuse, before any row is computed, a target that `writing_table` would refuse.

    Raises:
        OptionError: no name, or an unknown suffix.
        OutputError: its folder is missing or not writable, or `path` exists and `if_taken` is `refuse`.
    """
    table_format(path)
    if os.fspath(path) != STDOUT:
        target = _target(path)
        if target.is_dir():
            raise OutputError(f"Cannot write {target}: it is a folder.", hint="Choose another name.")
        folders.require_place(target, if_taken=if_taken)


@contextlib.contextmanager
def writing_table(
    path: str | os.PathLike[str],
    columns: Columns,
    *,
    if_taken: IfTaken = "refuse",
    stdout: IO[bytes] | None = None,
) -> Iterator[Table]:
    """Yield a table to fill, which appears at `path` if the body ends without an error.

    Args:
        path: its suffix is the format; `-` is CSV, written to `stdout` as it comes.
        columns: in their order.
        if_taken: what to do where `path` exists.
        stdout: receives the table whose path is `-`.

    Raises:
        OptionError: no name, or an unknown suffix.
        OutputError: something is there and `if_taken` is `refuse`, or the file cannot be written.
    """
    check_table(path, if_taken=if_taken)
    if os.fspath(path) == STDOUT:
        if stdout is None:
            raise OptionError("--out must be a file here, got '-'.", option="--out")
        yield Table(CsvWriter(stdout, columns))
        stdout.flush()
        return
    kind, target = table_format(path), _target(path)
    with files.replacing(target, if_taken=if_taken) as file:
        if kind == "npz":
            with NpzWriter(file, columns, target) as spool:
                table = Table(spool)
                yield table
                spool.finish()
        else:
            table = Table((CsvWriter if kind == "csv" else JsonlWriter)(file, columns))
            yield table
    table.path = file.path


def _target(path: str | os.PathLike[str]) -> pathlib.Path:
    return user_path(path, option="--out", error=OutputError)
