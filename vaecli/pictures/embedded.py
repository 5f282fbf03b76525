"""The recipe that a PNG or a GIF carries, read within limits: no pixel is decoded, nothing is decompressed.

vaecli writes it as a tEXt chunk of a PNG and as a comment block of a GIF. A compressed text is never from vaecli.
Sources: PNG specification, third edition, 5 and 11 (https://www.w3.org/TR/png-3/); GIF89a specification, 15 to 24.
"""

import pathlib
import struct
import zlib
from typing import IO

from vaecli.errors import DataError
from vaecli.pictures.png import RECIPE_KEY

MAX_RECIPE = 2**16  # bytes
_MAX_BLOCKS = 100_000  # chunks of a PNG or blocks of a GIF that are looked at
_PNG, _GIFS = b"\x89PNG\r\n\x1a\n", (b"GIF87a", b"GIF89a")
_KEY_BYTES = len(RECIPE_KEY) + 1  # with the zero byte behind it
_EXTENSION, _IMAGE, _COMMENT = b"\x21", b"\x2c", b"\xfe"


def is_picture(path: pathlib.Path) -> bool:
    """Return whether a file begins like a PNG or GIF; for pipes and devices, return False without opening them."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(len(_PNG)).startswith((_PNG, *_GIFS))
    except OSError:
        return False


def embedded_text(path: pathlib.Path) -> str | None:
    """Return the text of the recipe that a PNG or GIF carries, not parsed; None if it carries none.

    Raises:
        DataError: the file cannot be read, is cut off before its recipe, or carries one that is damaged or larger
            than 64 KiB.
    """
    try:
        with path.open("rb") as file:
            content = _of_png(file) if file.read(len(_PNG)) == _PNG else _of_gif(file)
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror or error}.") from error
    except EOFError as error:
        raise DataError(f"{path} ends too early: it was cut off.", hint="Copy it again.") from error
    except ValueError as error:
        raise DataError(f"The recipe in {path} must {error}.", hint="Write the picture again.") from error
    return None if content is None else content.decode("latin-1")


def _of_png(file: IO[bytes]) -> bytes | None:
    """Return the content of vaecli's text chunk, or None; `file` is at the end of the PNG signature."""
    for _ in range(_MAX_BLOCKS):
        length, kind = struct.unpack(">I4s", _read(file, 8))
        if kind == b"IEND":
            return None
        start = file.read(min(length, _KEY_BYTES)) if kind == b"tEXt" else b""
        if start != RECIPE_KEY + b"\0":
            file.seek(length - len(start) + 4, 1)
            continue
        _require_size(length)
        content = _read(file, length - len(start))
        if struct.unpack(">I", _read(file, 4))[0] != zlib.crc32(kind + start + content):
            raise ValueError("have the checksum that stands behind it")
        return content
    return None


def _of_gif(file: IO[bytes]) -> bytes | None:
    """Return the first comment of a GIF that begins with `{`, as a recipe does; None if there is none."""
    file.seek(10)
    _skip_palette(file, _read(file, 3)[0])
    for _ in range(_MAX_BLOCKS):
        kind = _read(file, 1)
        if kind == _EXTENSION:
            if _read(file, 1) == _COMMENT:
                comment = _blocks(file, keep=True)
                if comment.startswith(b"{"):
                    return comment
            else:
                _blocks(file)
        elif kind == _IMAGE:
            _skip_palette(file, _read(file, 9)[8])
            _read(file, 1)
            _blocks(file)
        else:
            return None
    return None


def _skip_palette(file: IO[bytes], flags: int) -> None:
    if flags & 0x80:
        file.seek(3 * 2 ** ((flags & 7) + 1), 1)


def _blocks(file: IO[bytes], *, keep: bool = False) -> bytes:
    """Read data blocks of at most 255 bytes up to an empty one; return their content with `keep`, else b""."""
    content = b""
    while size := _read(file, 1)[0]:
        block = _read(file, size)
        if keep:
            content += block
            _require_size(len(content))
    return content


def _require_size(length: int) -> None:
    if length > MAX_RECIPE:
        raise ValueError(f"have at most {MAX_RECIPE:,} bytes, got {length:,}")


def _read(file: IO[bytes], count: int) -> bytes:
    content = file.read(count)
    if len(content) < count:
        raise EOFError
    return content
