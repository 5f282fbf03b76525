"""A stream of pictures, prepared for a model, in batches that are bounded in bytes."""

import bisect
import dataclasses
import functools
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from vaecli.choices import Part
from vaecli.data.photo.photo_options import PhotoOptions
from vaecli.data.photo.prepare import Preparation
from vaecli.errors import DataError, OptionError, OutputError
from vaecli.parallel import ahead
from vaecli.paths import user_path
from vaecli.pixels import Pixels, chunk_length
from vaecli.runtime.model import Model
from vaecli.tasks.inputs import Progress, Warn, load_for, silent
from vaecli.tasks.stream.batch import PictureBatch, Unreadable
from vaecli.tasks.stream.names import Names
from vaecli.tasks.stream.reader import Piece, Reader
from vaecli.tasks.stream.sections import Section, Work
from vaecli.tasks.stream.shard import ALL, Shard
from vaecli.tasks.stream.targets import Targets

BATCH = 512  # pictures at a time, at most
COMPUTED_AHEAD = 2  # batches, so that the networks are busy while one is read or written
LISTED = 1000  # unreadable pictures that a stream keeps; it counts all


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reports:
    """The receivers of reports while pictures are read; by default they do nothing.

    Attributes:
        warn: gets what a user should know of the data set.
        unreadable: gets each picture that cannot be read, when it is met.
        progress: gets the number of pictures done and in all.
        download: gets the progress of a download: file, bytes so far, bytes in all.
        decoding: gets the progress of decoding the pictures of --data: what is done, pictures so far, in all.
    """

    warn: Warn = silent
    unreadable: Callable[[Unreadable], None] = silent
    progress: Callable[[int, int], None] = silent
    download: Progress = silent
    decoding: Progress = silent


SILENT = Reports()


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
        reports: "Reports",
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


def open_pictures(
    model: Model,
    pictures: Sequence[str | os.PathLike[str]],
    *,
    data: str | None = None,
    split: Part | None = None,
    shard: Shard = ALL,
    photo: PhotoOptions | None = None,
    reports: Reports = SILENT,
) -> PictureStream:
    """Open the pictures that a user names as a stream; nothing is decoded yet.

    A picture is prepared as the model says; images of the data set, and arrays (N, H, W, C) of the model's shape,
    are taken as they are. In the stream each picture has the name that the user gave, joined with the path in a
    folder or archive; an image of a data set or array has its index: `test:17`, `images.npy:17`.

    Args:
        model: an opened model.
        pictures: files, folders, globs, archives, .npy and .npz files, `test:17`, `val:0:100`; none for all images
            of `split`.
        data: the data set of `split` and of `test:17`; by default that of the model.
        split: the part that is read where `pictures` is empty; by default test, else validation.
        shard: which part of all pictures.
        photo: how pictures become like the training images; by default as the model says.
        reports: get what is to be said while pictures are read.

    Raises:
        OptionError: a name is empty, or a glob matches nothing.
        DataError: a folder, an archive or an array without pictures, or a data set that cannot be had.
        ModelError: the model has no encoder.
    """
    model.encode(
        np.empty((0, *model.image_shape), np.uint8)
    )  # a missing encoder is an error before any reading
    names = _names(model, data, photo, reports)
    sections = names.sections(pictures) if pictures else [names.part(split)]
    total = sum(section.count for section in sections)
    return PictureStream(
        sections,
        shard.rows(total),
        model.image_shape,
        threads=model.threads,
        reports=reports,
    )


def open_at_hand(
    model: Model, pictures: Iterable[str], *, data: str | None = None, photo: PhotoOptions | None = None
) -> PictureStream:
    """Open, of names that a stream gave to pictures earlier, those that still mean one picture each.

    Others are left out: empty ones, files that are gone, folders, and images that the data set does not have.
    """
    names = _names(model, data, photo, SILENT)
    sections = [section for name in pictures for section in names.at_hand(name)]
    total = sum(section.count for section in sections)
    return PictureStream(sections, range(total), model.image_shape, threads=model.threads, reports=SILENT)


def _names(model: Model, data: str | None, photo: PhotoOptions | None, reports: Reports) -> Names:
    preparation = Preparation.from_metadata(model.info.preparation, model.image_shape)
    return Names(
        Reader(preparation, photo or PhotoOptions()),
        lambda part: load_for(
            model, data, part, warn=reports.warn, progress=reports.download, pictures=reports.decoding
        ),
        reports.warn,
    )
