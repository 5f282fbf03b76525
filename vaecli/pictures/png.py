"""PNG files from arrays, with zlib alone: no library to load, and zlib lets other threads run.

Every row is stored as its difference to the one above (filter "up"), which makes the repeated rows of an enlarged
picture zero, and compressed by run lengths: sheets are as small as Pillow's, in less time. (Measured on
28 x 28 samples: 15 us and 457 bytes; the other strategies, levels and windows of zlib take 13 to 27 us and 470 to
590 bytes.) Bands of a large picture are compressed separately, so that threads share the work and memory stays
flat. Each file names vaecli as its software, by which `is_ours` knows it again.
Sources: PNG specification, third edition, sections 5, 9 and 11 (https://www.w3.org/TR/png-3/); RFC 1950.
"""

import pathlib
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from vaecli.parallel import ahead
from vaecli.pixels import Pixels

RECIPE_KEY = b"vaecli"  # of the text chunk that says how a picture was made
MAX_SIDE = 2**31 - 1  # the format's own limit
BAND_BYTES = 2**20  # bytes that are compressed at a time, roughly
_SIGNATURE, _ZLIB = b"\x89PNG\r\n\x1a\n", b"\x78\x9c"
_COLOUR_TYPES = {1: 0, 3: 2}  # channels -> grey, RGB
_UP = 2


def encoded(image: Pixels, *, recipe: str = "") -> bytes:
    """Return the bytes of a PNG file of one image (H, W, C) uint8, C = 1 or 3."""
    return b"".join(pieces([image], image.shape, recipe=recipe))


def pieces(
    bands: Iterable[Pixels], shape: tuple[int, ...], *, threads: int = 1, recipe: str = ""
) -> Iterator[bytes]:
    """Yield, in pieces, the bytes of a PNG of `shape` (H, W, C), whose rows come in `bands` (h, W, C), top first.

    The bytes do not depend on `threads`. Sides are at most `MAX_SIDE`. A `recipe`, in ASCII, becomes a tEXt chunk.
    """
    height, width, channels = shape
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[channels], 0, 0, 0)
    yield _SIGNATURE + _chunk(b"IHDR", header) + _SOFTWARE
    if recipe:
        yield _chunk(b"tEXt", RECIPE_KEY + b"\0" + recipe.encode("ascii"))
    start, checksum = _ZLIB, 1
    for rows, data, is_last in ahead(_compressed, _cut(bands, height), threads=threads):
        checksum = zlib.adler32(rows, checksum)
        yield _chunk(b"IDAT", start + data + (struct.pack(">I", checksum) if is_last else b""))
        start = b""
    yield _chunk(b"IEND", b"")


def is_ours(path: pathlib.Path) -> bool:
    """Return whether a file is a PNG that this module wrote."""
    try:
        with path.open("rb") as file:
            file.seek(_SOFTWARE_START)
            return file.read(len(_SOFTWARE)) == _SOFTWARE
    except OSError:
        return False


class _Band(NamedTuple):
    """Rows (h, W * C) of a picture, the row above them (None at the top), and whether they end the picture."""

    rows: Pixels
    above: Pixels | None
    is_last: bool


def _cut(bands: Iterable[Pixels], height: int) -> Iterator[_Band]:
    """Cut the bands into smaller ones of about `BAND_BYTES`, each the work of one thread."""
    above, done = None, 0
    for band in bands:
        rows = band.reshape(len(band), -1)
        step = max(1, BAND_BYTES // rows.shape[1])
        for first in range(0, len(rows), step):
            part = rows[first : first + step]
            done += len(part)
            yield _Band(part, above, done == height)
            above = part[-1]


def _compressed(band: _Band) -> tuple[memoryview, bytes, bool]:
    """Return the filtered rows, their part of the deflate stream, and whether that part is the last."""
    rows, above, is_last = band
    filtered = np.full((len(rows), 1 + rows.shape[1]), _UP, np.uint8)
    np.subtract(rows[0], 0 if above is None else above, out=filtered[0, 1:])
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS, strategy=zlib.Z_RLE)
    data = packer.compress(filtered.data)
    return filtered.data, data + packer.flush(zlib.Z_FINISH if is_last else zlib.Z_SYNC_FLUSH), is_last


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


_SOFTWARE = _chunk(b"tEXt", b"Software\0vaecli")
_SOFTWARE_START = len(_SIGNATURE) + 25  # behind IHDR
