"""A batch of a stream of pictures."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vaecli.errors import DataError
from vaecli.pixels import Pixels


class Unreadable(NamedTuple):
    """A picture that cannot be read, why, and its class if it has one."""

    name: str
    error: DataError
    label: str | None = None

    @property
    def reason(self) -> str:
        """The error's message, without the picture's name at the beginning."""
        return str(self.error).removeprefix(self.name).lstrip(": ")


@dataclasses.dataclass(frozen=True, eq=False)
class PictureBatch:
    """Consecutive pictures of a stream.

    Attributes:
        names: (m,) of those that could be read.
        labels: (m,) names of their classes; None where there is none.
        images: (m, H, W, C) uint8.
        notes: (m,) what was done to each.
        unreadable: position among all n pictures of the batch -> one that cannot be read.
        slots: (m,) where each stands on the grid of `size` places that is the same for every shard.
        size: of the grid.
    """

    names: list[str]
    labels: list[str | None]
    images: Pixels
    notes: list[str]
    unreadable: Mapping[int, Unreadable]
    slots: npt.NDArray[np.int64]
    size: int

    def __len__(self) -> int:
        """Return the number n of all pictures, unreadable ones too."""
        return len(self.names) + len(self.unreadable)

    def compute(
        self, function: Callable[[Pixels], Mapping[str, npt.NDArray[Any]]]
    ) -> dict[str, npt.NDArray[Any]]:
        """Return what a function computes of the images, by name: arrays (m, ...).

        The function gets `size` images (size, H, W, C), each at its place of the grid, black ones where there is
        none: the last bits of a matrix product may depend on the number of its rows, and on the place of each. So
        shards give the same numbers as a single run.
        """
        if len(self.images) == self.size:
            return dict(function(self.images))
        images = np.zeros((self.size, *self.images.shape[1:]), np.uint8)
        images[self.slots] = self.images
        return {name: values[self.slots] for name, values in function(images).items()}

    def rows(self, values: Mapping[str, npt.NDArray[Any]]) -> dict[str, Any]:
        """Return the rows of a table, of all n pictures: `file`, `label`, and arrays (n, ...).

        Args:
            values: arrays (m, ...) of those that could be read; the others get NaN, or 0 where numbers are whole.
        """
        names = self.all_rows(self.names, [picture.name for picture in self._missing])
        labels = self.all_rows(self.labels, [picture.label for picture in self._missing])
        return {"file": names, "label": labels} | {
            name: self._spread(array) for name, array in values.items()
        }

    @property
    def errors(self) -> dict[int, str]:
        """Position among all n pictures -> what is wrong with one that cannot be read."""
        return {position: picture.reason for position, picture in self.unreadable.items()}

    def all_rows(self, values: Sequence[Any], missing: Sequence[Any]) -> list[Any]:
        """Merge `values` (m,) of those that could be read and `missing` (n - m,) of the others, in order: (n,)."""
        readable, others = iter(values), iter(missing)
        return [next(others if row in self.unreadable else readable) for row in range(len(self))]

    @property
    def _missing(self) -> list[Unreadable]:
        return [self.unreadable[row] for row in sorted(self.unreadable)]

    def _spread(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return values (m, ...) as (n, ...)."""
        if not self.unreadable:
            return values
        empty = np.nan if values.dtype.kind == "f" else 0
        rows = np.full((len(self), *values.shape[1:]), empty, values.dtype)
        rows[np.delete(np.arange(len(self)), sorted(self.unreadable))] = values
        return rows
