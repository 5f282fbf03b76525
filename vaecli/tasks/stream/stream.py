"""A stream of pictures, prepared for a model, in batches that are bounded in bytes."""

import bisect
import functools
import itertools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from vaecli.errors import DataError, OptionError, OutputError
from vaecli.parallel import ahead
from vaecli.paths import user_path
from vaecli.pixels import Pixels, chunk_length
from vaecli.tasks.stream.batch import PictureBatch, Unreadable
from vaecli.tasks.stream.reader import Piece
from vaecli.tasks.stream.reports import Reports
from vaecli.tasks.stream.sections import Section, Work
from vaecli.tasks.stream.targets import Targets

BATCH = 512  # pictures at a time, at most
COMPUTED_AHEAD = 2  # batches, so that the networks are busy while one is read or written
LISTED = 1000  # unreadable pictures that a stream keeps; it counts all


class PictureStream:
    """Pictures in order, in batches; iterate it once or again.

    Args:
        sections: of all pictures.
        rows: which of them are in this stream.
        shape: (H, W, C) of the images.
        threads: that read pictures.
        reports: get what is to be said while it is read.

    Attributes:
        total: number of pictures, unreadable ones too.
        unreadable: those that cannot be read, the first `LISTED`.
        unreadable_count: number of all of them so far.
    """

    def __init__(
        self,
        sections: Sequence[Section],
        rows: range,
        shape: tuple[int, int, int],
        *,
        threads: int,
        reports: Reports,
    ) -> None:
        self.total, self.unreadable, self.unreadable_count = len(rows), list[Unreadable](), 0
        self.size = chunk_length(shape, most=BATCH)
        self._sections, self._rows, self._threads, self._reports = sections, rows, threads, reports
        self._ends = list(itertools.accumulate(section.count for section in sections))

    def __iter__(self) -> Iterator[PictureBatch]:
        """Yield batches; each ends at a multiple of `size` among the pictures of all shards, or at the end."""
        self.unreadable.clear()
        self.unreadable_count = 0
        position, pieces = self._rows.start, list[Piece]()
        for piece in ahead(lambda work: work(), self._works(), threads=self._threads):
            pieces.append(piece)
            position += len(piece.names)
            if position % self.size == 0 or position == self._rows.stop:
                yield self._batch(pieces, position)
                pieces = []
                self._reports.progress(position - self._rows.start, self.total)

    def computed(
        self, function: Callable[[Pixels], Mapping[str, npt.NDArray[Any]]]
    ) -> Iterator[tuple[PictureBatch, dict[str, npt.NDArray[Any]]]]:
        """Yield each batch with what `PictureBatch.compute` returns for it; the next ones are computed ahead."""
        return ahead(
            lambda batch: (batch, batch.compute(function)), self, threads=min(COMPUTED_AHEAD, self._threads)
        )

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes that the pictures may have, each once, in the order of their sources."""
        names = (name for section in self._sections for name in section.class_names)
        return tuple(dict.fromkeys(names))

    def require_apart(self, path: str | os.PathLike[str], *, option: str = "--out") -> None:
        """Refuse an output that would replace one of the pictures, or their archive.

        Raises:
            OptionError: it would.
        """
        target = user_path(path, option=option, error=OutputError)
        targets = Targets.of(target)
        if targets.paths and any(section.has_any(targets) for section in self._sections):
            relation = "hold" if target.is_dir() else "be"
            raise OptionError(
                f"{option} must not {relation} one of the pictures that are read, got {target}.",
                option=option,
            )

    def require_read(self) -> None:
        """Check, at the end, that all pictures could be read.

        Raises:
            DataError: some could not.
        """
        if self.unreadable_count:
            raise DataError(f"{self.unreadable_count:,} of {self.total:,} pictures cannot be read.")

    def _works(self) -> Iterator[Work]:
        """Yield what reads the pieces of all sections; no piece crosses the end of a batch."""
        position = self._rows.start
        while position < self._rows.stop:
            index = bisect.bisect_right(self._ends, position)
            section, end = self._sections[index], self._ends[index]
            first = end - section.count
            rows = range(position - first, min(self._rows.stop, end) - first)
            yield from section.works(rows, functools.partial(self._room, first))
            position = end

    def _room(self, first: int, row: int) -> int:
        """Return how many pictures fit into the batch of picture `row` of a section that begins at `first`."""
        return self.size - (first + row) % self.size

    def _batch(self, pieces: list[Piece], end: int) -> PictureBatch:
        """Join pieces whose last picture is the one before `end`, counted among those of all shards."""
        count = sum(len(piece.names) for piece in pieces)
        names = [name for piece in pieces for name in piece.names]
        labels = [label for piece in pieces for label in piece.labels]
        unreadable, start = dict[int, Unreadable](), 0
        for piece in pieces:
            for row, error in sorted(piece.errors.items()):
                unreadable[start + row] = self._count(Unreadable(piece.names[row], error, piece.labels[row]))
            start += len(piece.names)
        rows = [row for row in range(count) if row not in unreadable]
        return PictureBatch(
            names=[names[row] for row in rows],
            labels=[labels[row] for row in rows],
            images=pieces[0].images
            if len(pieces) == 1
            else np.concatenate([piece.images for piece in pieces]),
            notes=[note for piece in pieces for note in piece.notes],
            unreadable=unreadable,
            slots=(end - count) % self.size + np.array(rows, np.int64),
            size=self.size,
        )

    def _count(self, picture: Unreadable) -> Unreadable:
        self.unreadable_count += 1
        if len(self.unreadable) < LISTED:
            self.unreadable.append(picture)
        self._reports.unreadable(picture)
        return picture
