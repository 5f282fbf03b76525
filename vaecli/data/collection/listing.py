"""The pictures of a folder or an archive: names, splits and labels, before anything is decoded."""

import dataclasses
import pathlib
from collections.abc import Iterable, Iterator
from typing import Protocol

import numpy as np
import numpy.typing as npt

from vaecli.choices import Part
from vaecli.data.collection.report import BadFile
from vaecli.errors import DataError

PARTS: tuple[Part, ...] = ("train", "validation", "test")


Content = pathlib.Path | bytes | DataError  # an error where a member of an archive is damaged


class Contents(Protocol):
    """Gives the content of pictures by their names in a listing."""

    def __call__(self, names: Iterable[str]) -> Iterator[Content]:
        """Yield, for each name, the path of its file, or the content of a member of an archive.

        Names in the order of the listing are fastest.

        Raises:
            DataError: the archive is damaged, or is not the one that was listed.
        """


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class Listing:
    """N pictures in natural order; those of a compressed .tar, which is read from start to end, in its own order.

    Attributes:
        name: of the data set.
        location: the folder or archive, for messages.
        layout: how it was read, in a phrase such as "class folders".
        names: (N,) paths relative to the folder or within the archive, with `/`.
        sizes: (N,) int64, bytes of each file.
        times: (N,) int64, when each file was last changed, in nanoseconds. For members of an archive, whose own
            times are often constant, a number that changes with the content: a checksum, or the archive's time.
        parts: (N,) uint8, the index of each picture's part in `PARTS`.
        labels: (N,) int64; None if there are none.
        class_names: the name of each label.
        bad_files: files that are left out already: links that leave the folder or go round in circles.
        ignored: the number of files that are no pictures.
        left_out: the number of pictures that a table of labels does not name, or that lie beside split folders.
        contents: reads them.
    """

    name: str
    location: str
    layout: str
    names: list[str]
    sizes: npt.NDArray[np.int64]
    times: npt.NDArray[np.int64]
    parts: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64] | None
    class_names: tuple[str, ...]
    contents: Contents
    bad_files: tuple[BadFile, ...] = ()
    ignored: int = 0
    left_out: int = 0
