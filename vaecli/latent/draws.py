"""Standard normal rows by index: row i of a seed is the same on every machine and in any order.

Row i is made from a fixed number of 64-bit words of Philox4x64-10 (Salmon et al. 2011, "Parallel random
numbers: as easy as 1, 2, 3"), a published algorithm with published test vectors, by the Box-Muller transform
in float64. numpy's own `standard_normal` promises no stream and uses a varying number of words.

    key       the seed in the low word, 0 in the high one
    counter   row * blocks per row in the low words, the stream in the highest, 4 words out of each block
    words     ceil(D / 2) radii, ceil(D / 2) angles, then at least 4 spare words, of which a prior may use 4

The logarithm or sine of another machine may differ in the last bit of float64. After the cast to float32, about one
number in a hundred million differs.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vaecli import checks
from vaecli.errors import OptionError

SPARE_WORDS = 4
WORDS_PER_BLOCK = 4
_ROWS_AT_ONCE = 1024  # keeps the working set in the cache: a million rows of 16 take 1 to 2 s on one core


class Rows(NamedTuple):
    """Rows of the series of a seed: `normals` (n, D) float32 and independent spare `words` (n, 4) uint64."""

    normals: npt.NDArray[np.float32]
    words: npt.NDArray[np.uint64]


def rows(first: int, count: int, dim: int, *, seed: int, stream: int = 0) -> Rows:
    """Draw rows `first` to `first + count - 1` of the endless series of `seed` and `stream`, with spare words.

    Raises:
        OptionError: `seed`, `first` or `count` is not a whole number from 0 to 2**64 - 1, or so many rows do not
            fit in memory.
    """
    first, count = _word(first, "--first"), _word(count, "-n")
    generator = _generator(first, dim, seed=seed, stream=stream)
    per_row, spare = _blocks_per_row(dim) * WORDS_PER_BLOCK, 2 * -(-dim // 2)
    try:
        normals = np.empty((count, dim), np.float32)
        words = np.empty((count, SPARE_WORDS), np.uint64)
    except (MemoryError, ValueError) as error:  # numpy has a largest size, too
        raise OptionError(
            f"-n must fit in memory, got {count:,}.", option="-n", hint="Draw fewer at a time."
        ) from error
    for start in range(0, count, _ROWS_AT_ONCE):
        out = normals[start : start + _ROWS_AT_ONCE]
        raw = generator.random_raw(len(out) * per_row).reshape(len(out), per_row)
        _box_muller(raw, out)
        words[start : start + len(out)] = raw[:, spare : spare + SPARE_WORDS]
    return Rows(normals, words)


def standard_normal(
    first: int, count: int, dim: int, *, seed: int, stream: int = 0
) -> npt.NDArray[np.float32]:
    """Draw the standard normal rows alone, (count, dim) float32; see `rows`."""
    return rows(first, count, dim, seed=seed, stream=stream).normals


def standard_normal_at(
    indices: npt.ArrayLike, dim: int, *, seed: int, stream: int = 0
) -> npt.NDArray[np.float32]:
    """Draw the rows `indices` (N,) of `standard_normal`, in that order: (N, dim) float32.

    Runs of neighbouring indices are drawn together; a jump between runs takes about 10 us.

    Raises:
        OptionError: an index is negative, or `seed` is not a whole number from 0 to 2**64 - 1.
    """
    positions = np.asarray(indices, dtype=np.int64)
    _word(int(positions.min(initial=0)), "an index")
    generator, position = _generator(0, dim, seed=seed, stream=stream), 0
    blocks = _blocks_per_row(dim)
    normals = np.empty((len(positions), dim), np.float32)
    for begin in range(0, len(positions), _ROWS_AT_ONCE):
        part = positions[begin : begin + _ROWS_AT_ONCE]
        raw = np.empty((len(part), blocks * WORDS_PER_BLOCK), np.uint64)
        for start, stop in _runs(part):
            generator.advance((int(part[start]) - position) * blocks)
            raw[start:stop] = generator.random_raw(raw[start:stop].size).reshape(raw[start:stop].shape)
            position = int(part[stop - 1]) + 1
        _box_muller(raw, normals[begin : begin + _ROWS_AT_ONCE])
    return normals


def _runs(indices: npt.NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yield the start and stop positions of each run of indices that increase by one."""
    jumps = (np.flatnonzero(np.diff(indices) != 1) + 1).tolist()
    return zip([0, *jumps], [*jumps, len(indices)], strict=True)


def _blocks_per_row(dim: int) -> int:
    words = 2 * -(-dim // 2) + SPARE_WORDS
    return -(-words // WORDS_PER_BLOCK)


def _generator(row: int, dim: int, *, seed: int, stream: int) -> np.random.Philox:
    """Return a generator whose next 64-bit word is the first word of row `row`."""
    key = _word(seed, "--seed")
    counter = (_word(stream, "stream") << 192) + row * _blocks_per_row(dim)
    return np.random.Philox(key=key, counter=(counter - 1) % 2**256)  # numpy counts before it generates


def _box_muller(raw: npt.NDArray[np.uint64], out: npt.NDArray[np.float32]) -> None:
    """Turn raw words (n, words) into normals, written to `out` (n, dim); the spare words are not used."""
    dim = out.shape[1]
    half = -(-dim // 2)
    uniform = (raw[:, : 2 * half] >> np.uint64(11)).astype(np.float64)
    radius = np.sqrt(-2.0 * np.log((uniform[:, :half] + 1.0) * 2.0**-53))  # of (0, 1]: never log 0
    angle = uniform[:, half:] * (2.0 * np.pi * 2.0**-53)
    out[:, :half] = radius * np.cos(angle)
    out[:, half:] = (radius * np.sin(angle))[:, : dim - half]


def _word(value: int, option: str) -> int:
    return checks.integer(value, option, least=0, most=2**64 - 1)
