"""Members of a .tar archive, compressed or not, read in one pass through it."""

import bz2
import gzip
import io
import lzma
import pathlib
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from typing import IO, cast

import numpy as np
import numpy.typing as npt

from vaecli.data.collection.archives import ArchiveState, Members, find, translating
from vaecli.data.collection.listing import Content
from vaecli.errors import DataError
from vaecli.paths import shown

_BLOCK = 512
_CHUNK = 2**20
_MOST_HEADER = 2**20  # bytes of the description of one member: names, extended attributes


class TarContents:
    """Reads members by their names.

    Args:
        state: of the archive when it was listed.
        names: (N,) in the order of the archive if it is compressed.
        places: (N, 2) int64, offset in the unpacked archive and size.
    """

    def __init__(self, state: ArchiveState, names: list[str], places: npt.NDArray[np.int64]) -> None:
        self._state, self._names, self._places = state, names, places

    def __call__(self, names: Iterable[str]) -> Iterator[Content]:
        """Yield the content of each member; in the order of the archive, it is unpacked once.

        Raises:
            DataError: the archive is damaged, or has changed since it was listed.
        """
        position = -1
        with translating(self._state.path), _unpacked(self._state.path) as stream:
            self._state.require_same()
            for name in names:
                position = find(self._names, name, position + 1)
                offset, size = map(int, self._places[position])
                stream.seek(offset)
                content = stream.read(size)
                self._state.require_same()
                if len(content) != size:
                    raise EOFError("its end is missing")
                yield content


def is_compressed(path: pathlib.Path) -> bool:
    """Return whether an archive is compressed, so that it can only be read from start to end.

    Raises:
        OSError: it cannot be read.
    """
    with _unpacked(path) as stream:
        return not isinstance(stream, io.BufferedReader)


def list_tar(path: pathlib.Path, members: Members) -> None:
    """List the members of an archive, in its order.

    Raises:
        DataError: damaged, not a .tar archive, or too many members or bytes.
    """
    with translating(path), _unpacked(path) as stream:
        compressed = not isinstance(stream, io.BufferedReader)
        headers = _Headers(stream)
        with _opened(headers, path) as archive:
            while (info := headers.next(archive)) is not None:
                members.count(info.size)
                if not info.isdir():
                    _add(members, info, stream, compressed=compressed)
            _require_end(stream, archive.offset)


def _add(members: Members, info: tarfile.TarInfo, stream: IO[bytes], *, compressed: bool) -> None:
    reason = ""
    if info.issym() or info.islnk():
        reason = "is a link, not a file"
    elif not info.isreg():
        reason = "is a device or pipe, not a file"
    elif info.issparse():
        reason = "is stored as a sparse file, which cannot be read"

    def read(most: int) -> bytes:
        stream.seek(info.offset_data)
        return stream.read(min(most, info.size))

    def time() -> int:
        """Return the checksum of the content if it is unpacked anyway; else the times stand for the content."""
        if not compressed:
            state = members.state
            return zlib.crc32(repr((info.mtime, state.size, state.time)).encode())
        stream.seek(info.offset_data)
        checksum, remaining = 0, info.size
        while remaining and (chunk := stream.read(min(remaining, _CHUNK))):
            checksum, remaining = zlib.crc32(chunk, checksum), remaining - len(chunk)
        return checksum

    members.add(info.name, info.size, row=(info.offset_data, info.size), reason=reason, time=time, read=read)


def _opened(headers: "_Headers", path: pathlib.Path) -> tarfile.TarFile:
    """Return an archive whose first member is read.

    Raises:
        DataError: it is no .tar archive.
    """
    try:
        # it needs no more of a file than to read, to seek and to tell
        return tarfile.open(fileobj=cast(IO[bytes], headers), mode="r:", encoding="utf-8")
    except tarfile.TarError as error:
        raise DataError(f"{shown(path)} must be a .zip or .tar archive, got other data: {error}.") from error


class _Headers:
    """The unpacked archive as `tarfile` reads it: descriptions of members only, each of bounded size."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._budget = stream, _MOST_HEADER
        self.seek, self.tell = stream.seek, stream.tell

    def next(self, archive: tarfile.TarFile) -> tarfile.TarInfo | None:
        """Return the next member; None at the end."""
        self._budget = _MOST_HEADER
        info = archive.next()
        archive.members.clear()  # type: ignore[attr-defined]  # it would keep a description of each
        return info

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes.

        Raises:
            ValueError: they are more than a description has.
        """
        if not 0 <= size <= self._budget:
            raise ValueError("the description of a member is damaged or too large")
        self._budget -= size
        return self._stream.read(size)


def _require_end(stream: IO[bytes], offset: int) -> None:
    """Check that nothing but the end follows: `tarfile` stops silently where a description is damaged."""
    stream.seek(offset)
    block = stream.read(_BLOCK)
    if any(block) or 0 < len(block) < _BLOCK:
        raise ValueError(f"the description of a member at byte {offset:,} is damaged")


def _unpacked(path: pathlib.Path) -> IO[bytes]:
    """Open an archive as its unpacked bytes."""
    with path.open("rb") as file:
        start = file.read(6)
    if start.startswith(b"\x1f\x8b"):
        return gzip.open(path)  # type: ignore[return-value]
    if start.startswith(b"BZh"):
        return bz2.open(path)
    return lzma.open(path) if start == b"\xfd7zXZ\0" else path.open("rb")
