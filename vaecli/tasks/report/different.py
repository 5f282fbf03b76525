"""The number of different images of a report: some checks need many, for one image many times tells no spread."""

import hashlib
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vaecli.pixels import chunks
from vaecli.report.content import LeftOut
from vaecli.sample_size import FEWEST_IMAGES
from vaecli.tasks.report.subject import CHUNK, CHUNK_BYTES, Subject


class Need(NamedTuple):
    """What a check needs.

    Attributes:
        check: its name in the report.
        most: number of images that it looks at, at most; they are evenly spread.
        least: number of different ones among them, at least.
        or_half: whether half of them is enough, if that is less.
    """

    check: str
    most: int
    least: int
    or_half: bool = False


UNITS = Need("Check of dead units", 512, 32)
LATENTS = Need("Check of the distance of posterior and prior", 2000, FEWEST_IMAGES)
GAP = Need("Check of the gap to training images", 2000, 32, or_half=True)
LEVELS = Need("Check of the scale of the data by pictures of the model", 2000, FEWEST_IMAGES)


def missing(subject: Subject, need: Need) -> LeftOut | None:
    """Return why a check is left out; None if there are enough different images."""
    positions = subject.evenly(need.most)
    least = max(2, min(need.least, len(positions) // 2)) if need.or_half else need.least
    count = different(subject, positions, least)
    if count >= least:
        return None
    return LeftOut(need.check, f"It needs at least {least} different images, got {count}.")


def different(subject: Subject, positions: npt.NDArray[np.integer], most: int) -> int:
    """Count the different images at some positions, until there are `most`."""
    digests: set[bytes] = set()
    for part in chunks(len(positions), subject.model.image_shape, most=CHUNK, chunk_bytes=CHUNK_BYTES):
        for image in subject.pixels(positions[part]):
            digests.add(hashlib.sha256(np.ascontiguousarray(image).data).digest())
            if len(digests) >= most:
                return most
    return len(digests)
