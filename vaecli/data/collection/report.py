"""The report on a folder or an archive of pictures."""

import dataclasses
from collections.abc import Mapping
from typing import NamedTuple

_MOST_BAD = 0.05  # of all pictures


class BadFile(NamedTuple):
    """A picture that is left out, and why."""

    file: str
    reason: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Report:
    """Facts about a folder or an archive of pictures that a user should know.

    Attributes:
        layout: how it was read, in a phrase such as "class folders".
        bad_files: the pictures that are left out.
        duplicates: the number of pictures that equal an earlier one of the same split, pixel by pixel as decoded.
        leaked: the number of test or validation pictures that equal a training picture.
        ignored: the number of files that are no pictures.
        sizes: (width, height) of the smallest, the median and the largest good picture, by pixels.
        modes: Pillow's mode of the good pictures in their files, such as "RGB", and how many have it.
    """

    layout: str
    bad_files: tuple[BadFile, ...] = ()
    duplicates: int = 0
    leaked: int = 0
    ignored: int = 0
    sizes: tuple[tuple[int, int], ...] = ()
    modes: Mapping[str, int] = dataclasses.field(default_factory=dict)


def are_too_many(bad: int, total: int) -> bool:
    """Return whether so many of all pictures are bad that the user must agree to leave them out."""
    return bad > _MOST_BAD * total
