"""Columns of a table, and what takes its rows."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias

import numpy.typing as npt


@dataclasses.dataclass(frozen=True)
class Texts:
    """A column of texts, each of which may be None."""

    name: str


@dataclasses.dataclass(frozen=True)
class Numbers:
    """A column of numbers, or several that are one array (N, D) in an .npz.

    Attributes:
        name: of the array.
        columns: names of the D columns; empty for one column, called `name`.
        dtype: of the array.
    """

    name: str
    columns: tuple[str, ...] = ()
    dtype: Literal["float32", "float64", "int64", "bool"] = "float32"

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a row."""
        return (len(self.columns),) if self.columns else ()


def names(column: Texts | Numbers) -> tuple[str, ...]:
    """Return the names of the columns that a column is in CSV and JSONL."""
    return column.columns if isinstance(column, Numbers) and column.columns else (column.name,)


Columns: TypeAlias = Sequence[Texts | Numbers]
Rows: TypeAlias = Mapping[str, Sequence[str | None] | npt.NDArray[Any]]
"""The n values of each column, by its name: texts, or numbers (n,) or (n, D)."""


class TableWriter(Protocol):
    """Takes the rows of a table."""

    def add(self, rows: Rows, errors: Mapping[int, str]) -> None:
        """Add n rows; `errors` says what is wrong with some, by their positions among the n."""
