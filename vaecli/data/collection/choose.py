"""The reading of a user's pictures: what the user asks for, the rest chosen from the pictures."""

import dataclasses
import threading

import numpy as np
import numpy.typing as npt

from vaecli import parallel, processors
from vaecli.data.collection.batches import Batch, batches
from vaecli.data.collection.examine import Budget, Header, header
from vaecli.data.collection.listing import Listing
from vaecli.data.collection.records import COLOURED, GREY, UNKNOWN
from vaecli.data.named.fetch import Progress
from vaecli.data.photo.reading import CHANNELS, Reading, ReadingOptions

LEAST_SIDE, MOST_SIDE, STEP = 28, 64, 4  # of the square that is chosen


@dataclasses.dataclass(frozen=True, eq=False)
class Headers:
    """Facts about N pictures that are known before they are decoded.

    Attributes:
        widths: (N,) in the file; 0 if unreadable or not known yet.
        heights: (N,) likewise.
        grey: (N,) COLOURED, GREY or UNKNOWN.
        seen: (N,) whether the picture was looked at.
    """

    widths: npt.NDArray[np.uint32]
    heights: npt.NDArray[np.uint32]
    grey: npt.NDArray[np.uint8]
    seen: npt.NDArray[np.bool_]

    @classmethod
    def unknown(cls, count: int) -> "Headers":
        """Return the headers of `count` pictures that nobody looked at."""
        sides = np.zeros((2, count), np.uint32)
        return cls(sides[0], sides[1], np.full(count, UNKNOWN, np.uint8), np.zeros(count, np.bool_))


def choose_reading(
    listing: Listing, options: ReadingOptions, headers: Headers, *, progress: Progress
) -> Reading:
    """Return the reading of the pictures; `headers` is completed as far as it is needed.

    Images are grey if all readable pictures are, else RGB; square, of the median of the pictures' shorter sides,
    rounded down to a multiple of 4, from 28 to 64; `pad`.

    Raises:
        DataError: the archive is damaged, or is not the one that was listed.
    """
    if options.size is None or options.colour is None:
        _complete(listing, headers, colour=options.colour is None, progress=progress)
    height, width = options.size or _square(headers)
    grey = GREY in headers.grey and COLOURED not in headers.grey
    colour = options.colour or ("grey" if grey else "rgb")
    return Reading(height=height, width=width, channels=CHANNELS[colour], fit=options.fit or "pad")


def _square(headers: Headers) -> tuple[int, int]:
    """Return the height and width of the images; turning a picture upright keeps its shorter side."""
    shorter = np.minimum(headers.widths, headers.heights)[headers.widths > 0]
    median = float(np.median(shorter)) if len(shorter) else LEAST_SIDE
    side = min(MOST_SIDE, max(LEAST_SIDE, int(median) // STEP * STEP))
    return side, side


def _complete(listing: Listing, headers: Headers, *, colour: bool, progress: Progress) -> None:
    """Read the headers of pictures that nobody looked at; `colour` asks for colours, up to a coloured one.

    A picture whose header does not tell is decoded for its colour, and once more for its image: whether any of
    them is coloured decides the shape of all images, before the first is written.
    """
    budget, coloured = Budget(), threading.Event()
    if not colour or COLOURED in headers.grey:
        coloured.set()

    def read(batch: Batch) -> tuple[slice, dict[int, Header]]:
        read_headers = {}
        for row, content in batch.contents.items():
            read_headers[row] = header(content, budget, colour=not coloured.is_set())
            if read_headers[row].grey == COLOURED:
                coloured.set()
        return batch.rows, read_headers

    count = len(listing.names)
    if headers.seen.all():
        return
    needed = ~headers.seen
    for rows, read_headers in parallel.ahead(read, batches(listing, needed), threads=processors.available()):
        for row, (width, height, grey) in read_headers.items():
            headers.widths[row], headers.heights[row], headers.grey[row] = width, height, grey
        headers.seen[rows] = True
        progress("Looking at pictures", rows.stop, count)
