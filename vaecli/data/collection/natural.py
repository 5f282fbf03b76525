"""Names in natural order: img2 before img10, upper case beside lower case."""

import heapq
import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_BLOCK = 2**15  # names whose sort keys are in memory at one time
_DIGITS = re.compile("[0-9]+")


def natural_key(name: str) -> str:
    """Return a text whose plain order is the natural order of names; equal only for equal names."""
    return f"{_DIGITS.sub(_by_length, name.lower()).replace('/', chr(0))}{chr(0) * 2}{name}"


def natural_order(names: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return the positions (N,) of names in natural order; keys are made block by block, to bound the memory."""
    blocks = [
        np.array(
            sorted(
                range(start, min(start + _BLOCK, len(names))),
                key=lambda position: natural_key(names[position]),
            ),
            np.int64,
        )
        for start in range(0, len(names), _BLOCK)
    ]
    merged = heapq.merge(*blocks, key=lambda position: natural_key(names[position]))
    return np.fromiter(merged, np.int64, len(names))


def _by_length(match: re.Match[str]) -> str:
    """Put the number of digits before a number, so that longer numbers come later."""
    digits = match[0].lstrip("0")
    return f"0{chr(min(len(digits), 0xFFFF) + 1)}{digits}"
