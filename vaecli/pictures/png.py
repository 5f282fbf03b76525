"""PNG files from arrays, with zlib alone: no library to load, and zlib lets other threads run.

Every row is stored as its difference to the one above (filter "up"), which makes the repeated rows of an enlarged
picture vanish, and compressed by run lengths: sheets come out as small as Pillow's, in less time.
Source: PNG specification, third edition, sections 5, 9 and 11 (https://www.w3.org/TR/png-3/).
"""

import struct
import zlib

import numpy as np

from vaecli.pictures.pixels import Images

_COLOUR_TYPES = {1: 0, 3: 2}  # channels -> grey, RGB
_UP = 2


def encoded(image: Images) -> bytes:
    """The file for one image (H, W, C), 8 bits a sample, C of 1 or 3."""
    height, width, channels = image.shape
    rows = image.reshape(height, width * channels)
    filtered = np.full((height, 1 + width * channels), _UP, np.uint8)
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    packer = zlib.compressobj(strategy=zlib.Z_RLE)
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[channels], 0, 0, 0)
    data = packer.compress(filtered.data) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + _part(b"IHDR", header) + _part(b"IDAT", data) + _part(b"IEND", b"")


def _part(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
