"""The central directory of a ZIP archive, read entry by entry.

The standard library's reader holds about 700 bytes for each member.
"""

import struct
from collections.abc import Iterator
from typing import IO, NamedTuple

_END = struct.Struct("<4s4H2LH")  # the end of the central directory
_LOCATOR = struct.Struct("<4sLQL")  # before it, if the archive has the 64-bit end
_END64 = struct.Struct("<4sQ2H2L4Q")  # and before that
_ENTRY = struct.Struct("<4s4B4HL2L5H2L")  # of the central directory, before name, extra fields and comment
_MOST_COMMENT = 2**16
_UTF8 = 1 << 11  # flag
_WINDOWS = (0, 10, 14)  # systems whose separator may be a backslash
_UNIX = 3


class Entry(NamedTuple):
    """The entry of a member in the central directory; `name` ends with `/` for a folder."""

    name: str
    flags: int
    method: int
    checksum: int
    packed: int
    size: int
    offset: int
    mode: int  # of Unix; 0 if unknown


def entries(file: IO[bytes], size: int) -> Iterator[Entry]:
    """Yield what the central directory says of each member.

    Raises:
        ValueError: it is damaged.
    """
    start, length, shift = _directory(file, size)
    file.seek(start)
    end = start + length
    while start < end:
        fields = _ENTRY.unpack(file.read(_ENTRY.size))
        (signature, _, system, _, _, flags, method, _, _, checksum, packed, unpacked) = fields[:12]
        name_length, extra_length, comment_length, _, _, attributes, offset = fields[12:]
        name = file.read(name_length)
        extra = file.read(extra_length)
        start += _ENTRY.size + name_length + extra_length + comment_length
        if signature != b"PK\1\2" or start > end or len(extra) != extra_length:
            raise ValueError("its list of members is damaged")
        file.seek(start)
        unpacked, packed, offset = _wide(extra, unpacked, packed, offset)
        yield Entry(
            name=_decoded(name, flags, system),
            flags=flags,
            method=method,
            checksum=checksum,
            packed=packed,
            size=unpacked,
            offset=offset + shift,
            mode=attributes >> 16 if system == _UNIX else 0,
        )


def _directory(file: IO[bytes], size: int) -> tuple[int, int, int]:
    """Return start and length of the central directory, and the bytes before the archive itself.

    Raises:
        ValueError: there is none.
    """
    first = max(0, size - _END.size - _MOST_COMMENT)
    file.seek(first)
    tail = file.read(size - first)
    place = tail.rfind(b"PK\5\6")
    if place < 0 or len(tail) - place < _END.size:
        raise ValueError("its end is missing")
    end = first + place
    length, offset = _END.unpack_from(tail, place)[5:7]
    if place >= _LOCATOR.size and tail[place - _LOCATOR.size :].startswith(b"PK\6\7"):
        end -= _LOCATOR.size + _END64.size
        file.seek(max(0, end))
        fields = _END64.unpack(file.read(_END64.size))
        if fields[0] != b"PK\6\6":
            raise ValueError("its end is damaged")
        length, offset = fields[8:]
    shift = end - length - offset
    if shift < 0:
        raise ValueError("its list of members is damaged")
    return end - length, length, shift


def _wide(extra: bytes, unpacked: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Return sizes and offset of an entry, from its 64-bit field where they do not fit into 32 bits."""
    values = [unpacked, packed, offset]
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<2H", extra)
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == 1:
            wide = iter(struct.unpack(f"<{length // 8}Q", field[: length // 8 * 8]))
            values = [next(wide, value) if value == 0xFFFFFFFF else value for value in values]
    if max(values) >= 2**63:
        raise ValueError("its list of members is damaged")
    return values[0], values[1], values[2]


def _decoded(name: bytes, flags: int, system: int) -> str:
    """Return a name as text: UTF-8 if it is, whatever the flag says, else that of DOS."""
    try:
        text = name.decode("utf-8")
    except UnicodeDecodeError:
        text = name.decode("utf-8", "surrogateescape") if flags & _UTF8 else name.decode("cp437")
    return text.replace("\\", "/") if system in _WINDOWS else text
