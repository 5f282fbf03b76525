"""Sections of a stream: consecutive pictures of one source, which threads read in pieces."""

import dataclasses
import functools
import itertools
import pathlib
from collections.abc import Callable, Iterator
from typing import Protocol

from vaecli.data.collection.listing import Content, Listing
from vaecli.data.images import ImageSet
from vaecli.data.photo.prepare import Picture
from vaecli.errors import DataError
from vaecli.paths import user_path
from vaecli.tasks.stream.reader import Piece, Reader
from vaecli.tasks.stream.targets import Targets

_MOST = 64  # pictures that a thread reads at a time: one each would cost more than decoding a small one
_BYTES = 2**22  # of their files
Room = Callable[[int], int]  # position in a section -> how many pictures the batch there has room for


Work = Callable[[], Piece]


class Section(Protocol):
    """Consecutive pictures of one source."""

    @property
    def count(self) -> int:
        """Number of pictures."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes that the pictures may have."""

    def works(self, rows: range, room: Room) -> Iterator[Work]:
        """Yield functions that read `rows`, in order; threads may call them. No piece is longer than its room."""

    def has_any(self, targets: Targets) -> bool:
        """Return whether a target is the source, or one of its pictures: nothing may be written there."""


@dataclasses.dataclass(frozen=True)
class ImageSection:
    """Images of a data set or an array.

    Attributes:
        source: all its images.
        rows: which of them.
        name: of the source; picture 17 is called `name:17`.
        path: its file; None for a data set.
        reader: prepares each of them; None if they are used as they are.
    """

    source: ImageSet
    rows: range
    name: str
    path: pathlib.Path | None = None
    reader: Reader | None = None

    @property
    def count(self) -> int:
        """Number of pictures."""
        return len(self.rows)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the data set's classes."""
        return () if self.source.labels is None else tuple(self.source.class_names)

    def works(self, rows: range, room: Room) -> Iterator[Work]:
        """Yield functions that read `rows`."""
        most = len(rows) if self.reader is None else _MOST
        for part in _parts(rows, room, most):
            yield functools.partial(self._read, self.rows[part.start : part.stop])

    def has_any(self, targets: Targets) -> bool:
        """Return whether a target is the file of the images, or a picture or a table of labels in their folder."""
        location = self.source.location
        return targets.include(location) or targets.include_part_of(location)

    def _read(self, rows: range) -> Piece:
        images = self.source.images[rows.start : rows.stop]
        names = [f"{self.name}:{row}" for row in rows]
        labels = _labels(self.source, rows)
        if self.reader is None:
            where = (
                f"of the {self.source.split} set of {self.source.name}" if self.path is None else "unchanged"
            )
            notes = [
                f"picture {row} {where}{f', {label}' if label else ''}"
                for row, label in zip(rows, labels, strict=True)
            ]
            return Piece(names, labels, images, notes, {})
        return self.reader.piece(
            names, labels, [functools.partial(self.reader.convert, image) for image in images]
        )


@dataclasses.dataclass(frozen=True)
class FileSection:
    """Files that are named one by one.

    Attributes:
        names: (N,) as the user wrote them.
        reader: prepares each of them.
    """

    names: list[str]
    reader: Reader

    @property
    def count(self) -> int:
        """Number of pictures."""
        return len(self.names)

    @property
    def class_names(self) -> tuple[str, ...]:
        """None: single files have no classes."""
        return ()

    def works(self, rows: range, room: Room) -> Iterator[Work]:
        """Yield functions that read `rows`."""
        for part in _parts(rows, room, _MOST, lambda row: _size(self.names[row])):
            names = self.names[part.start : part.stop]
            pictures = [functools.partial(self._read, name) for name in names]
            yield functools.partial(self.reader.piece, names, [None] * len(names), pictures)

    def has_any(self, targets: Targets) -> bool:
        """Return whether a target is one of the files."""
        return any(map(targets.include, self.names))

    def _read(self, name: str) -> Picture:
        return self.reader.read(user_path(name, option="PICTURES"), name)


@dataclasses.dataclass(frozen=True)
class ListingSection:
    """The pictures of a folder or an archive, and its bad files after them.

    Attributes:
        listing: of N pictures and B bad files.
        name: of the folder or archive, as the user wrote it, with `/` at its end.
        reader: prepares each of them.
    """

    listing: Listing
    name: str
    reader: Reader

    @property
    def count(self) -> int:
        """Number of pictures."""
        return len(self.listing.names) + len(self.listing.bad_files)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the subfolders, or of the classes in a table of labels."""
        return () if self.listing.labels is None else tuple(self.listing.class_names)

    def works(self, rows: range, room: Room) -> Iterator[Work]:
        """Yield functions that read `rows`; an archive is read here, in order, its pictures are decoded there."""
        members = itertools.islice(self.listing.names, rows.start, rows.stop)
        contents = iter(self.listing.contents(members))
        for part in _parts(rows, room, _MOST, self._size):
            pictures = [self._picture(row, contents) for row in part]
            names = [self.name + self._member(row) for row in part]
            yield functools.partial(self.reader.piece, names, [self._label(row) for row in part], pictures)

    def has_any(self, targets: Targets) -> bool:
        """Return whether a target is the archive or folder, or a picture or a table of labels in the folder."""
        location = self.listing.location
        return targets.include(location) or targets.include_any_of(location, self.listing.names)

    def _picture(self, row: int, contents: Iterator[Content]) -> Callable[[], Picture]:
        name, total = self.name + self._member(row), len(self.listing.names)
        if row < total:
            return functools.partial(self.reader.read, next(contents), name)
        error = DataError(f"{name} {self.listing.bad_files[row - total].reason}")
        return functools.partial(self.reader.read, error, name)

    def _member(self, row: int) -> str:
        total = len(self.listing.names)
        return self.listing.names[row] if row < total else self.listing.bad_files[row - total].file

    def _label(self, row: int) -> str | None:
        if self.listing.labels is None or row >= len(self.listing.names):
            return None
        return self.listing.class_names[int(self.listing.labels[row])]

    def _size(self, row: int) -> int:
        return int(self.listing.sizes[row]) if row < len(self.listing.names) else 0


def _parts(
    rows: range, room: Room, most: int, size: Callable[[int], int] = lambda _row: 0
) -> Iterator[range]:
    """Cut consecutive rows into parts of at most `most` and `_BYTES`, each at least one and within its room."""
    start = rows.start
    while start < rows.stop:
        end = min(rows.stop, start + most, start + room(start))
        stop, held = start + 1, size(start)
        while stop < end and (held := held + size(stop)) <= _BYTES:
            stop += 1
        yield range(start, stop)
        start = stop


def _labels(source: ImageSet, rows: range) -> list[str | None]:
    if source.labels is None:
        return [None] * len(rows)
    return [source.class_names[int(source.labels[row])] for row in rows]


def _size(name: str) -> int:
    try:
        return user_path(name).stat().st_size
    except (OSError, ValueError, DataError):
        return 0
