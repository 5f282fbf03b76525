"""A listing of pictures becomes a set of images: from the cache, where it is built if it is not there."""

import os
import pathlib
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vaecli import locks
from vaecli.choices import Split
from vaecli.commands import command
from vaecli.data.collection.build import build, explaining_a_stop, quiet, writing
from vaecli.data.collection.choose import choose_reading
from vaecli.data.collection.donors import known_headers
from vaecli.data.collection.entries import printable
from vaecli.data.collection.examine import is_reachable
from vaecli.data.collection.generation import Generation, decoders, describe
from vaecli.data.collection.listing import PARTS, Listing
from vaecli.data.collection.records import GOOD, MODES, UNREACHABLE, Records, row_checksums
from vaecli.data.collection.report import BadFile, Report, are_too_many
from vaecli.data.collection.store import SourceCache
from vaecli.data.file_images import StreamedImages
from vaecli.data.images import Images, ImageSet
from vaecli.data.named.fetch import Progress, Warn, silent
from vaecli.data.photo.reading import Reading, ReadingOptions
from vaecli.errors import DataError, MissingPartError

IN_MEMORY_BYTES = 2**25  # larger sets stay in their file


class _Decoded(NamedTuple):
    """All pictures of a source in the cache."""

    generation: Generation
    reading: Reading
    records: Records
    lock: locks.SharedLock | None


def load_collection(
    listing: Listing,
    split: Split,
    options: ReadingOptions,
    *,
    allow_bad: bool = False,
    progress: Progress = silent,
    warn: Warn = silent,
) -> ImageSet:
    """Load one split of a folder or an archive of pictures; they are decoded once, into the user's cache.

    Args:
        listing: the pictures of all splits.
        split: `train` has the validation pictures too, marked as `held_out`, if the source sets some apart.
        options: what the user asks for of the reading.
        allow_bad: leave out bad pictures, however many there are.
        progress: receives what is done, the pictures done so far, and all pictures.
        warn: receives what a user should know.

    Raises:
        DataError: no picture can be read, or a single one; more than 5 % are bad; there is no place for the cache.
        MissingPartError: the source has no such split.
        OutputError: the cache cannot be written.
    """
    _require_part(listing, split)
    decoded = _decode(listing, options, progress=progress, warn=warn)
    reasons = decoded.generation.reasons()
    bad = [BadFile(listing.names[row], reason) for row, reason in sorted(reasons.items())]
    bad_files = (*listing.bad_files, *bad)
    good = decoded.records["state"] == GOOD
    _judge(listing, int(good.sum()), bad_files, allow_bad=allow_bad)
    parts = ("test",) if split == "test" else ("train", "validation")
    rows = np.flatnonzero(good & np.isin(listing.parts, [PARTS.index(part) for part in parts]))
    if not len(rows):
        raise DataError(f"No picture for {split} in {listing.location} can be read. {_examples(bad_files)}")
    held_out = listing.parts[rows] == PARTS.index("validation")
    return ImageSet(
        listing.name,
        split,
        _images(decoded, rows),
        None if listing.labels is None else listing.labels[rows],
        listing.class_names,
        listing.location,
        kind="folder",
        reading=decoded.reading,
        held_out=held_out if held_out.any() else None,
        report=_report(listing, decoded.records, good, bad_files),
    )


def _require_part(listing: Listing, split: Split) -> None:
    if not listing.names:
        raise DataError(
            f"{listing.location} has no pictures.", hint="Name a folder with PNG, JPEG or other pictures."
        )
    if (listing.parts == PARTS.index(split)).any():
        return
    if split == "train":
        hint = "Put pictures to train on into a folder `train`, or all of them into one folder."
        raise MissingPartError(f"{listing.location} has no training pictures.", hint=hint)
    train = command("train", "--data", listing.location, "--test-split", "0.1")
    raise MissingPartError(
        f"{listing.location} has no test pictures.",
        hint=f"Use its validation pictures (--split validation, val:0), or set some apart: {train}",
    )


def _decode(listing: Listing, options: ReadingOptions, *, progress: Progress, warn: Warn) -> _Decoded:
    """Return all pictures of a source, from the cache or built."""
    cache = SourceCache.of(listing.location)

    def report_wait() -> None:
        warn(f"Waiting for another process that reads the pictures of {listing.location}.")

    with writing(cache.folder):
        cache.prepare(listing.location)
    with locks.exclusive_after(cache.lock, waiting=report_wait):
        with writing(cache.folder):
            cache.prepare(listing.location)  # another process may have removed it meanwhile
        generations = [item for item in cache.generations() if item.about.get("decoders") == decoders()]
        with quiet():
            headers = known_headers(listing, generations)
            reading = choose_reading(listing, options, headers, progress=progress)
        with explaining_a_stop(warn):
            generation = _complete_generation(cache, listing, reading, generations, progress=progress)
        with writing(cache.folder):
            lock = locks.shared(generation.lock)
            os.utime(generation.lock)
        cache.remove_outdated(generation)
        return _Decoded(generation, reading, generation.valid_records(), lock)


def _complete_generation(
    cache: SourceCache,
    listing: Listing,
    reading: Reading,
    generations: list[Generation],
    *,
    progress: Progress,
) -> Generation:
    """Return the generation of a listing and a reading; build it, or go on building, if need be."""
    about = describe(listing, reading)
    same = [item for item in generations if item.about == about]
    complete = [item for item in same if item.is_complete() and _is_sound(item, listing)]
    if complete:
        return complete[0]
    interrupted = [item for item in same if not item.complete.exists()]
    generation = interrupted[0] if interrupted else cache.new(about)
    donors = [
        item
        for item in generations
        if item.alike(about, "reading", "decoders") and item.folder != generation.folder
    ]
    build(generation, listing, reading, donors, progress=progress)
    return generation


def _is_sound(generation: Generation, listing: Listing) -> bool:
    """Return whether a complete generation can be used: small ones are compared with their checksums.

    A file that could not be read at the time, and now can, asks for another build.
    """
    records = generation.valid_records()
    for row in np.flatnonzero(records["state"] == UNREACHABLE):
        content = next(iter(listing.contents([listing.names[row]])))
        if not isinstance(content, pathlib.Path) or is_reachable(
            content, (int(listing.sizes[row]), int(listing.times[row]))
        ):
            return False
    if len(records) * generation.row_bytes > IN_MEMORY_BYTES:
        return True
    images = StreamedImages(generation.pixels, 0, (len(records), *generation.shape))[:]
    return bool(np.array_equal(row_checksums(images), records["row"]))


def _judge(listing: Listing, good: int, bad_files: tuple[BadFile, ...], *, allow_bad: bool) -> None:
    """Refuse a source with too few pictures, or too many bad ones.

    Raises:
        DataError: as `load_collection`.
    """
    total = len(listing.names) + len(listing.bad_files)
    if good == 0:
        raise DataError(
            f"None of the {total:,} pictures in {listing.location} can be read. {_examples(bad_files)}"
        )
    if are_too_many(len(bad_files), total) and not allow_bad:
        raise DataError(
            f"{len(bad_files):,} of {total:,} pictures in {listing.location} cannot be read. "
            f"{_examples(bad_files)}",
            hint="Repair or remove them, or leave them out with --allow-bad: bad_files.csv in the run lists them.",
        )
    if good == 1:
        raise DataError(f"{listing.location} has a single picture that can be read: there must be more.")


def _examples(bad_files: tuple[BadFile, ...]) -> str:
    """Return the first three bad files with their reasons."""
    return " ".join(f"'{printable(bad.file)}': {bad.reason}." for bad in bad_files[:3])


def _images(decoded: _Decoded, rows: npt.NDArray[np.int64]) -> Images:
    """Return the images (n, H, W, C) at `rows`: in memory if they are small, else in the cache."""
    shape = (len(rows), *decoded.generation.shape)
    streamed = StreamedImages(decoded.generation.pixels, 0, shape, rows=rows, keep=decoded.lock)
    if len(rows) * decoded.generation.row_bytes > IN_MEMORY_BYTES:
        return streamed
    images = streamed[:]
    images.setflags(write=False)
    return images


def _report(
    listing: Listing, records: Records, good: npt.NDArray[np.bool_], bad_files: tuple[BadFile, ...]
) -> Report:
    """Return what was found: bad files, and equal pictures within a part and across parts."""
    in_part = [records["pixels"][good & (listing.parts == index)] for index in range(len(PARTS))]
    others = np.concatenate([pixels for part, pixels in zip(PARTS, in_part, strict=True) if part != "train"])
    return Report(
        layout=listing.layout,
        bad_files=bad_files,
        duplicates=sum(len(pixels) - len(np.unique(pixels)) for pixels in in_part),
        leaked=int(np.isin(others, in_part[PARTS.index("train")]).sum()),
        ignored=listing.ignored,
        sizes=_sizes(records[good]),
        modes=_modes(records[good]),
    )


def _modes(records: Records) -> dict[str, int]:
    """Return how many pictures have each of the modes, the most frequent first."""
    counts = np.bincount(records["mode"], minlength=len(MODES))
    return {MODES[mode]: int(counts[mode]) for mode in np.argsort(-counts, kind="stable") if counts[mode]}


def _sizes(records: Records) -> tuple[tuple[int, int], ...]:
    """Return (width, height) of the pictures with the fewest, the median and the most pixels."""
    order = np.argsort(records["width"].astype(np.int64) * records["height"], kind="stable")
    rows = (order[place] for place in (0, len(order) // 2, -1))
    return tuple((int(records["width"][row]), int(records["height"][row])) for row in rows)
