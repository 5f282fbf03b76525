"""Members of a ZIP archive."""

import bz2
import lzma
import pathlib
import stat
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import IO, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from vaecli.data.collection.archives import ArchiveState, Members, find, translating
from vaecli.data.collection.entries import printable
from vaecli.data.collection.listing import Content
from vaecli.data.collection.zip_directory import Entry, entries
from vaecli.errors import DataError
from vaecli.paths import shown

_LOCAL = struct.Struct("<4s5H3L2H")  # before the content of a member
_CHUNK = 2**16
_STORED, _DEFLATED, _BZIP2, _LZMA = 0, 8, 12, 14
_ENCRYPTED = 1 << 0 | 1 << 6 | 1 << 13  # flags
_MOST_DICTIONARY = 2**26  # bytes of LZMA's
_DAMAGED = (ValueError, EOFError, OSError, zlib.error, lzma.LZMAError, struct.error)  # OSError: bzip2


class _Place(NamedTuple):
    """The facts that are needed to read a member."""

    offset: int
    packed: int
    method: int
    size: int
    checksum: int


class _Decompressor(Protocol):
    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Return at most `max_length` bytes; if fewer, all of `data` was used."""


class ZipContents:
    """Reads members by their names.

    Args:
        state: of the archive when it was listed.
        names: (N,) in the order in which they will be asked for, as a rule.
        places: (N, 5) int64, the fields of `_Place`.
    """

    def __init__(self, state: ArchiveState, names: list[str], places: npt.NDArray[np.int64]) -> None:
        self._state, self._names, self._places = state, names, places

    def __call__(self, names: Iterable[str]) -> Iterator[Content]:
        """Yield the content of each member; an error in place of that of a damaged one.

        Raises:
            DataError: the archive has changed since it was listed, or cannot be read.
        """
        position = -1
        with translating(self._state.path), self._state.path.open("rb") as file:
            for name in names:
                position = find(self._names, name, position + 1)
                place = _Place(*map(int, self._places[position]))
                content: Content
                try:
                    content = _read(file, place, place.size)
                except _DAMAGED:
                    content = DataError(
                        f"{name} is damaged in the archive."
                    )  # what follows the name is the reason
                self._state.require_same()
                yield content


def list_zip(path: pathlib.Path, members: Members) -> None:
    """List the members of an archive.

    Raises:
        DataError: damaged, or too many members or bytes.
    """
    packed = 0
    with translating(path), path.open("rb") as file:
        for entry in entries(file, members.state.size):
            members.count(entry.size)
            packed += entry.packed
            if packed > members.state.size:
                raise DataError(
                    f"The archive {shown(path)} has members that overlap: it may be made to fill a disk.",
                    hint="If you trust it, unpack it and name the folder.",
                )
            if not entry.name.endswith("/"):
                _add(members, entry, file)


def _add(members: Members, entry: Entry, file: IO[bytes]) -> None:
    place = _Place(entry.offset, entry.packed, entry.method, entry.size, entry.checksum)
    reason = ""
    if entry.flags & _ENCRYPTED:
        reason = "is encrypted"
    elif entry.mode and not stat.S_ISREG(entry.mode) and stat.S_IFMT(entry.mode):
        reason = "is a link, not a file" if stat.S_ISLNK(entry.mode) else "is a device or pipe, not a file"
    elif entry.method not in (_STORED, _DEFLATED, _BZIP2, _LZMA):
        reason = f"is compressed by method {entry.method}, which cannot be read"

    def read(most: int) -> bytes:
        try:
            return _read(file, place, most)
        except _DAMAGED as error:
            raise DataError(f"{printable(entry.name)} is damaged in the archive.") from error

    position = file.tell()
    # the checksum stands for the time, which archives often keep constant
    members.add(entry.name, entry.size, row=place, reason=reason, time=lambda: entry.checksum, read=read)
    file.seek(position)


def _read(file: IO[bytes], place: _Place, most: int) -> bytes:
    """Return up to `most` bytes of a member, checked if they are all.

    Raises:
        ValueError, EOFError, zlib.error, lzma.LZMAError: the member is damaged or larger than declared.
    """
    file.seek(place.offset)
    signature, *_, name_length, extra_length = _LOCAL.unpack(file.read(_LOCAL.size))
    if signature != b"PK\3\4":
        raise ValueError("no member")
    file.seek(name_length + extra_length, 1)
    remaining, content = place.packed, bytearray()
    decompressor, header_length = _decompressor(file, place.method)
    remaining -= header_length
    while remaining > 0 and len(content) <= most:
        chunk = file.read(min(remaining, _CHUNK))
        if not chunk:
            raise EOFError
        remaining -= len(chunk)
        # a result below the limit means that all of the chunk was used
        content += decompressor.decompress(chunk, most + 1 - len(content)) if decompressor else chunk
    if most < place.size:
        return bytes(content[:most])
    if len(content) != place.size or zlib.crc32(content) != place.checksum:
        raise ValueError("wrong checksum")
    return bytes(content)


def _decompressor(file: IO[bytes], method: int) -> tuple[_Decompressor | None, int]:
    """Return what unpacks a member, None if it is stored, and the bytes of its own header, which is read."""
    if method == _DEFLATED:
        return zlib.decompressobj(-zlib.MAX_WBITS), 0
    if method == _BZIP2:
        return bz2.BZ2Decompressor(), 0
    if method != _LZMA:
        return None, 0
    _, length, packed_literals, dictionary = struct.unpack("<2sHBL", file.read(9))
    if length != 5 or dictionary > _MOST_DICTIONARY or packed_literals >= 225:
        raise ValueError("the LZMA header has unknown properties")
    options = {
        "id": lzma.FILTER_LZMA1,
        "dict_size": dictionary,
        "lc": packed_literals % 9,
        "lp": packed_literals // 9 % 5,
        "pb": packed_literals // 45,
    }
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[options]), 9
