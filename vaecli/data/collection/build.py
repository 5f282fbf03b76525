"""All pictures of a listing, decoded in parallel into a generation of the cache."""

import contextlib
import errno
import json
import pathlib
import warnings
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from vaecli import files, parallel, processors
from vaecli.cache import CACHE_HINT
from vaecli.commands import command
from vaecli.data.collection.batches import Batch, batches
from vaecli.data.collection.donors import Donors
from vaecli.data.collection.examine import Budget, examine
from vaecli.data.collection.generation import Generation
from vaecli.data.collection.listing import Content, Listing
from vaecli.data.collection.records import RECORD, Records, blank_records, seal
from vaecli.data.named.fetch import Progress, Warn
from vaecli.data.photo.reading import Reading
from vaecli.errors import OutputError
from vaecli.paths import shown
from vaecli.pixels import Pixels

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class _Part(NamedTuple):
    """Consecutive pictures, decoded: their rows, images (n, H, W, C), records (n,), lines of the bad ones."""

    rows: slice
    images: Pixels
    records: Records
    bad: bytes


def build(
    generation: Generation,
    listing: Listing,
    reading: Reading,
    donors: Sequence[Generation],
    *,
    progress: Progress,
) -> None:
    """Complete a generation: go on where an interrupted build ended, copy what is known, decode the rest.

    The caller holds the lock of the source.

    Args:
        generation: its folder may hold the files of an interrupted build of the same listing and reading.
        listing: N pictures.
        reading: how they become images.
        donors: other generations of the same reading and decoders, newest first.
        progress: receives the pictures done and N.

    Raises:
        DataError: the archive is damaged, or is not the one that was listed.
        OutputError: the cache cannot be written.
    """
    done = generation.sound_rows(len(listing.names))
    worker = _Worker(listing, reading, Donors(listing, donors))
    with quiet(), _Output(generation, done) as output:
        parts = batches(listing, worker.donors.missing, start=done, row_bytes=generation.row_bytes)
        for part in parallel.ahead(worker.decode, parts, threads=processors.available()):
            output.append(part)
            progress("Reading pictures", part.rows.stop, len(listing.names))
        output.finish()


def quiet() -> warnings.catch_warnings:
    """Ignore warnings while the body runs: decoders warn of odd metadata, from any thread.

    Entered before the threads start and left after they ended, because filters act on all threads.
    """
    Image.init()  # loads all of Pillow's plugins, once, before threads do
    return warnings.catch_warnings(action="ignore")


class _Worker:
    """The state that threads share while they make images and records of batches."""

    def __init__(self, listing: Listing, reading: Reading, donors: Donors) -> None:
        self.listing, self.reading, self.donors = listing, reading, donors
        self._budget = Budget()

    def decode(self, batch: Batch) -> _Part:
        """Decode or copy the pictures of a batch."""
        records = blank_records(self.listing, batch.rows)
        images = np.zeros((len(records), *self.reading.shape), np.uint8)
        bad = b""
        for index, row in enumerate(range(batch.rows.start, batch.rows.stop)):
            copied = None
            if row not in batch.contents:
                copied = self.donors.copy(row, images[index])
            if copied is not None:
                records[index], reason = copied
            else:
                reason = self._decode(row, batch.contents.get(row), records, images, index)
            if reason:
                bad += json.dumps([row, self.listing.names[row], reason]).encode() + b"\n"
        seal(records, images)
        return _Part(batch.rows, images, records, bad)

    def _decode(self, row: int, content: Content | None, records: Records, images: Pixels, index: int) -> str:
        """Decode one picture into place `index` of records and images; return why it is bad."""
        name, listing = self.listing.names[row], self.listing
        if content is None:  # the copy of its image is damaged
            content = next(iter(listing.contents([name])))
        size, time = int(listing.sizes[row]), int(listing.times[row])
        examined = examine(content, name, (size, time), self.reading, self._budget)
        images[index] = 0 if examined.image is None else examined.image
        for field, value in examined.fields.items():
            records[field][index] = value
        return examined.reason


class _Output:
    """The files of a generation while they are written: after each part they are sound as far as they go."""

    def __init__(self, generation: Generation, done: int) -> None:
        self._generation, self._stack = generation, contextlib.ExitStack()
        with writing(generation.folder):
            generation.folder.mkdir(parents=True, exist_ok=True)
            generation.complete.unlink(missing_ok=True)
            files.write_text(generation.folder / "about.json", json.dumps(generation.about))
            kept = [line for line in generation.bad_lines() if line[0] < done]
            files.write_bytes(generation.bad, b"".join(json.dumps(line).encode() + b"\n" for line in kept))
            lengths = done * generation.row_bytes, generation.bad.stat().st_size, done * RECORD.itemsize
            self._files = [
                self._stack.enter_context(path.open("ab", buffering=0))
                for path in (generation.pixels, generation.bad, generation.records)
            ]
            for file, length in zip(self._files, lengths, strict=True):
                file.truncate(length)

    def __enter__(self) -> "_Output":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def append(self, part: _Part) -> None:
        """Write a part; its records come last, because they say that the rest is there."""
        with writing(self._generation.folder):
            contents = part.images.tobytes(), part.bad, part.records.tobytes()
            for file, content in zip(self._files, contents, strict=True):
                rest = memoryview(content)
                while rest:
                    rest = rest[file.write(rest) :]

    def finish(self) -> None:
        """Mark the generation complete."""
        with writing(self._generation.folder):
            for file in self._files:
                files.sync(file.fileno())
            files.write_text(self._generation.complete, json.dumps(self._generation.seal()))


@contextlib.contextmanager
def explaining_a_stop(warn: Warn) -> Iterator[None]:
    """Say that the work was not in vain if a signal ends the body."""
    try:
        yield
    except Exception:
        raise
    except BaseException:
        warn("The pictures that were read are kept: the same command goes on from there.")
        raise


@contextlib.contextmanager
def writing(folder: pathlib.Path) -> Iterator[None]:
    """Turn an error of the file system in the body into an OutputError that says how to go on."""
    try:
        yield
    except (OSError, OutputError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        if isinstance(error, OutputError):
            reason = error.message.removesuffix(".").split(": ")[-1]
        cause = error if isinstance(error, OSError) else error.__cause__
        hint = CACHE_HINT
        if isinstance(cause, OSError) and cause.errno in _FULL:
            hint = (
                f"Make room there ({command('data', 'clear')} removes such copies of pictures), then run the "
                f"command again: it continues where it stopped. {CACHE_HINT}"
            )
        raise OutputError(f"Cannot write the cache {shown(folder)}: {reason}.", hint=hint) from error
