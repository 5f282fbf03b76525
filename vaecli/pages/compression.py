"""Binary files as short text in a page, without loss: explorer/app/compression.js gets the same bytes back.

Deflate finds little in numbers whose bytes are mixed, and less in base64. So the arrays of a file are taken out:
first come all other bytes, then the lowest bytes of all values, then the next ones. The text is base 85, which is
6 % shorter than base64. Both make the fp16 files of a classic network with 16 dimensions a sixth smaller.
"""

import base64
import re
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

WIDTHS = (1, 2, 4, 8)  # bytes of a value
_LEAST_BYTES = 64  # of an array that is taken out: for a smaller one the table of stretches takes more
# the arrays in the metadata of a model file, as JSON
_TEXT = re.compile(
    rb'"dtype": "[a-z]+(\d+)", "shape": \[[\d, ]*\], "data": '
    rb'"((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)"'
)
_OWN_CHARACTER = str.maketrans("<", ".")  # in place of the one that could end a script element


class Span(NamedTuple):
    """An array in a file: the places of its first byte and after its last one, and the bytes of a value."""

    first: int
    last: int
    width: int


class _Stretch(NamedTuple):
    """A part of a file: its bytes, the bytes of a value, 0 for no array, and whether the file has base64 of it."""

    content: bytes
    width: int
    is_text: bool


def compress(content: bytes, arrays: Sequence[Span] = ()) -> dict[str, Any]:
    """Compress a file to a JSON value.

    Args:
        content: the file.
        arrays: arrays in it, which do not overlap. Those of the metadata are found without.

    Returns:
        `stretches`, pairs of a number of bytes and the width of a value, negative for base64; and `data`, the bytes
        of stretches without a width, and then the planes of each width, deflated, as text.
    """
    stretches = list(_stretches(content, arrays))
    planes = [b"".join(part.content for part in stretches if not part.width)]
    for width in WIDTHS:
        values = b"".join(part.content for part in stretches if part.width == width)
        planes += [plane.tobytes() for plane in np.frombuffer(values, np.uint8).reshape(-1, width).T]
    return {
        "stretches": [[len(part.content), -part.width if part.is_text else part.width] for part in stretches],
        "data": base64.b85encode(_deflated(planes)).decode("ascii").translate(_OWN_CHARACTER),
    }


def _deflated(planes: Sequence[bytes]) -> bytes:
    """Deflate planes as one stream, each with a code of its own."""
    compressor = zlib.compressobj(9, strategy=zlib.Z_FILTERED)
    parts = [compressor.compress(plane) + compressor.flush(zlib.Z_FULL_FLUSH) for plane in planes if plane]
    return b"".join([*parts, compressor.flush()])


def _stretches(content: bytes, arrays: Sequence[Span]) -> Iterator[_Stretch]:
    """Cut a file into arrays and what lies between them."""
    texts = {match.span(2): int(match[1]) // 8 for match in _TEXT.finditer(content)}
    spans = [(span, False) for span in arrays] + [(Span(*place, texts[place]), True) for place in texts]
    position = 0
    for (first, last, width), is_text in sorted(spans):
        values = content[first:last]
        if is_text:
            values = base64.b64decode(values)
        is_fit = width in WIDTHS and len(values) % width == 0 and len(values) >= _LEAST_BYTES
        if is_fit and (not is_text or base64.b64encode(values) == content[first:last]):
            yield _Stretch(content[position:first], 0, False)
            yield _Stretch(values, width, is_text)
            position = last
    yield _Stretch(content[position:], 0, False)
