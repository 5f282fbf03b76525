"""Numbers of any type as pixels of 0 to 255: whole numbers, true and false, and fractions of 0 to 1."""

import contextlib
from collections.abc import Callable, Iterable
from typing import IO, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vaecli.data.arrays.header import Header
from vaecli.errors import DataError
from vaecli.pixels import SCALE, Pixels, to_uint8

OpenStream = Callable[[], contextlib.AbstractContextManager[IO[bytes]]]
"""Opens the data of an array once more, after its header."""
ACCEPTED = f"whole numbers of 0 to {SCALE}, fractions of 0 to 1, or true and false"


class _Range(NamedTuple):
    """The smallest and the largest of many numbers, NaN if any number is NaN; and whether all are whole."""

    low: float
    high: float
    whole: bool


def read_pixels(header: Header, open_stream: OpenStream) -> Pixels:
    """Read an array of numbers as uint8, in C order, in memory.

    Whole numbers of 0 to 255, of any type, keep their values. Fractions of 0 to 1 are multiplied by 255 and
    rounded; true becomes 255. Arrays are read in chunks; those not of uint8 twice, first for their range.

    Raises:
        DataError: numbers of another range, NaN or infinity, or elements that are not numbers.
    """
    if header.dtype.kind not in "buif":
        raise DataError(f"{header.source} must hold {ACCEPTED}, got {header.kind}.")
    convert: Callable[[npt.NDArray[Any]], npt.NDArray[Any]] = to_uint8
    if header.dtype.kind == "b":
        convert = _of_booleans
    elif header.dtype != np.uint8:
        with open_stream() as stream:
            measured = _measure(header.chunks(stream))
        _check(measured, header.source)
        is_scaled = header.dtype.kind == "f" and measured.high <= 1
        convert = _of_fractions if is_scaled else _of_whole_numbers
    pixels = np.empty(header.count, np.uint8)
    filled = 0
    with open_stream() as stream:
        for numbers in header.chunks(stream):
            pixels[filled : filled + len(numbers)] = convert(numbers)
            filled += len(numbers)
        stream.read(1)  # of a ZIP member: compares its checksum
    restored: Pixels = header.restored(pixels)
    return restored


def _of_booleans(numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return numbers * np.uint8(SCALE)


def _of_fractions(numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return to_uint8(numbers.astype(np.float64))


def _of_whole_numbers(numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return numbers.astype(np.uint8)


def _measure(parts: Iterable[npt.NDArray[Any]]) -> _Range:
    low, high, whole = np.inf, -np.inf, True
    for numbers in parts:
        low = float(np.minimum(low, numbers.min()))
        high = float(np.maximum(high, numbers.max()))
        whole = whole and (numbers.dtype.kind in "ui" or bool(np.all(np.rint(numbers) == numbers)))
    return _Range(low, high, whole)


def _check(measured: _Range, source: str) -> None:
    """Check that numbers of this range are pixels.

    Raises:
        DataError: the numbers are no pixels; the hint has a NumPy expression that makes them pixels.
    """
    low, high, whole = measured
    if low >= 0 and (high <= 1 or (high <= SCALE and whole)):
        return
    if np.isnan(low) or np.isnan(high):
        raise DataError(f"{source} must hold {ACCEPTED}, got NaN.", hint="Replace it: np.nan_to_num(images).")
    if np.isinf(low) or np.isinf(high):
        raise DataError(f"{source} must hold {ACCEPTED}, got an infinite number.")
    if low >= 0 and high <= SCALE:
        hint = "Round them: np.rint(images).astype(np.uint8)."
    elif -1 <= low < 0 and high <= 1:
        hint = "Bring them to 0 to 1: (images + 1) / 2."
    else:
        hint = f"Scale them: np.rint((images - {low:g}) * (255 / {high - low or 1:g})).astype(np.uint8)."
    numbers = "whole numbers" if whole else "fractions"
    raise DataError(f"{source} must hold {ACCEPTED}, got {numbers} of {low:g} to {high:g}.", hint=hint)
