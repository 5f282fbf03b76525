"""Images that are copied from earlier generations of the cache, in place of decoding the pictures again."""

import pathlib
import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vaecli.data.collection.choose import Headers
from vaecli.data.collection.generation import Generation
from vaecli.data.collection.listing import Listing
from vaecli.data.collection.records import BAD, RECORD, UNREACHABLE, Records, matches, name_hashes
from vaecli.pixels import Pixels


class Donors:
    """For each picture of a listing, the earlier generation that has its image, if any.

    Args:
        listing: N pictures.
        generations: of the same reading and decoders, newest first.
    """

    def __init__(self, listing: Listing, generations: Sequence[Generation]) -> None:
        count = len(listing.names)
        names = name_hashes(listing.names, count)
        self.donor = np.full(count, -1, np.int64)  # (N,) the number of the generation
        self._row = np.zeros(count, np.int64)
        self._records = np.zeros(count, RECORD)
        self._paths: list[pathlib.Path] = []
        self._reasons: dict[int, str] = {}
        for number, generation in enumerate(generations):
            self._paths.append(generation.pixels)
            self._add(number, generation, matches_of(generation, listing, names))

    @property
    def missing(self) -> npt.NDArray[np.bool_]:
        """Which pictures must be decoded, (N,)."""
        return self.donor < 0

    def _add(
        self, number: int, generation: Generation, matched: tuple[Records, npt.NDArray[np.int64]]
    ) -> None:
        records, rows = matched
        if not len(records):
            return
        reasons = generation.reasons()
        usable = (rows >= 0) & (records["state"][rows] != UNREACHABLE) & self.missing
        for position in np.flatnonzero(usable & (records["state"][rows] == BAD)):
            if (reason := reasons.get(int(rows[position]))) is None:
                usable[position] = False
            else:
                self._reasons[int(position)] = reason
        self.donor[usable], self._row[usable] = number, rows[usable]
        self._records[usable] = records[rows[usable]]

    def copy(self, position: int, into: Pixels) -> tuple[np.void, str] | None:
        """Copy the image of a picture (H, W, C); return its record and why it is bad, or None if it is damaged."""
        view = into.reshape(-1).data
        try:
            with self._paths[self.donor[position]].open("rb", buffering=0) as file:
                file.seek(int(self._row[position]) * len(view))
                count = file.readinto(view)
        except OSError:
            return None
        record = self._records[position]
        if count != len(view) or zlib.crc32(view) != record["row"]:
            return None
        return record, self._reasons.get(position, "")


def matches_of(
    generation: Generation, listing: Listing, names: npt.NDArray[np.uint64]
) -> tuple[Records, npt.NDArray[np.int64]]:
    """Return the records of a generation, (M,), and for each of N pictures the position of its record, or -1."""
    records = generation.valid_records()
    return records, matches(records, listing, names)


def known_headers(listing: Listing, generations: Sequence[Generation]) -> Headers:
    """Return what generations of the same decoders know of the pictures of a listing."""
    count = len(listing.names)
    headers, names = Headers.unknown(count), name_hashes(listing.names, count)
    for generation in generations:
        records, rows = matches_of(generation, listing, names)
        if not len(records):
            continue
        usable = (rows >= 0) & (records["state"][rows] != UNREACHABLE) & ~headers.seen
        of_usable = records[rows[usable]]
        headers.widths[usable], headers.heights[usable] = of_usable["width"], of_usable["height"]
        headers.grey[usable], headers.seen[usable] = of_usable["grey"], True
    return headers
