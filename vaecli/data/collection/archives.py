"""The pictures of a .zip or .tar archive, which is never unpacked to disk."""

import contextlib
import lzma
import pathlib
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import IO

from vaecli.data.collection.entries import (
    MAX_METADATA,
    METADATA,
    Entries,
    has_picture_suffix,
    is_hidden,
    is_picture,
)
from vaecli.errors import DataError
from vaecli.foreign import START

MAX_MEMBERS = 2_000_000
MAX_MEMBER_BYTES = 2**28  # of one member, unpacked
MAX_BYTES = 2**40  # of all members, unpacked
MAX_RATIO = 1100  # of unpacked to packed bytes in a .tar: deflate's is 1032
_DAMAGED = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, ValueError,
)  # fmt: skip


class ArchiveContents:
    """Gives the contents of members by their names."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        with translating(path):
            self.is_zip = zipfile.is_zipfile(path)
            self.state = _state(path)

    def __call__(self, names: Iterable[str]) -> Iterator[pathlib.Path | bytes]:
        """Yield the content of each member, in the order of the listing; nothing of a damaged or too large one.

        Raises:
            DataError: the archive is damaged, or has changed since it was listed.
        """
        with translating(self.path):
            if _state(self.path) != self.state:
                raise DataError(f"{self.path} changed after it was listed.", hint="Try again.")
            yield from _zip_contents(self.path, names) if self.is_zip else _tar_contents(self.path, names)


def list_archive(contents: ArchiveContents) -> Entries:
    """List the members of an archive that may be pictures, those of a .tar in the order of the archive.

    Of two members with one name the later counts, as it does when the archive is unpacked.

    Raises:
        DataError: damaged, or too many members or bytes.
    """
    with translating(contents.path):
        return _list_zip(contents) if contents.is_zip else _list_tar(contents)


@contextlib.contextmanager
def translating(path: pathlib.Path) -> Iterator[None]:
    """Turn an error of the body that a damaged archive causes into a DataError that names it."""
    try:
        yield
    except DataError:
        raise
    except _DAMAGED as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise DataError(
            f"Cannot read the archive {path}: {reason.rstrip('.')}.", hint="Download or copy the file again."
        ) from error


def _state(path: pathlib.Path) -> tuple[int, int]:
    """Return bytes and time of the last change of a file."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns


class _Members:
    """Members as they are listed, counted against the limits."""

    def __init__(self, path: pathlib.Path) -> None:
        self.entries = Entries()
        self._path = path
        self._count = self._bytes = 0

    def count(self, size: int) -> None:
        """Count a member and its unpacked bytes.

        Raises:
            DataError: there are too many of either.
        """
        self._count += 1
        self._bytes += size
        if self._count > MAX_MEMBERS or self._bytes > MAX_BYTES:
            raise DataError(
                f"{self._path} must have at most {MAX_MEMBERS:,} members and {MAX_BYTES:,} unpacked bytes."
            )

    def add(self, name: str, size: int, time: int, reason: str, file: "OpenMember") -> None:
        """Add a member if it may be a picture; `reason` says why it must not be read, if it must not."""
        if any(is_hidden(part) for part in name.split("/")):
            return
        reason = reason or _escapes(name) or ("is too large" if size > MAX_MEMBER_BYTES else "")
        if reason:
            self.entries.add_bad(name, reason)
        elif has_picture_suffix(name):
            self.entries.add(name, size, time)
        elif name.rpartition("/")[2] in METADATA:
            self.entries.metadata[name] = file.read(MAX_METADATA)
        elif is_picture(file.read(START)):
            self.entries.add(name, size, time)
        else:
            self.entries.ignore(name)


class OpenMember:
    """A member that is opened when it is read."""

    def __init__(
        self, archive: zipfile.ZipFile | tarfile.TarFile, info: zipfile.ZipInfo | tarfile.TarInfo
    ) -> None:
        self._archive, self._info = archive, info

    def read(self, most: int) -> bytes:
        """Return up to `most` bytes of the member."""
        file: IO[bytes] | None
        if isinstance(self._archive, zipfile.ZipFile):
            file = self._archive.open(self._info)  # type: ignore[arg-type]
        else:
            file = self._archive.extractfile(self._info)  # type: ignore[arg-type]
        if file is None:
            return b""
        with file:
            return file.read(most)


def _escapes(name: str) -> str:
    """Return why a member of this name must not be read; empty if it stays in the folder where it is unpacked."""
    if name.startswith("/") or re.match(r"[A-Za-z]:", name):
        return "has an absolute path"
    if "\\" in name:
        return "has a path with backslashes"
    return "has a path that leads out of the archive" if ".." in name.split("/") else ""


def _list_zip(contents: ArchiveContents) -> Entries:
    members = _Members(contents.path)
    with zipfile.ZipFile(contents.path) as archive:
        infos = {info.filename: info for info in archive.infolist() if not info.is_dir()}
        for name, info in infos.items():
            members.count(info.file_size)
            reason = "is encrypted" if info.flag_bits & 1 else ""
            if stat.S_ISLNK(info.external_attr >> 16):
                reason = "is a link within an archive"
            # the checksum stands for the time, which archives often keep constant
            members.add(name, info.file_size, info.CRC, reason, OpenMember(archive, info))
    return members.entries


def _list_tar(contents: ArchiveContents) -> Entries:
    path = contents.path
    members = _Members(path)
    last: dict[str, int] = {}
    for position, (name, info, _) in enumerate(_tar_members(path)):
        members.count(info.size)
        if info.size > 2**20 and info.offset_data > MAX_RATIO * max(1, contents.state[0]):
            raise DataError(f"{path} must unpack to at most {MAX_RATIO} times its size, got more.")
        last[name] = position
    for position, (name, info, archive) in enumerate(_tar_members(path)):
        if last[name] != position or info.isdir():
            continue
        reason = ""
        if not info.isreg():
            reason = "is a link within an archive" if info.islnk() or info.issym() else "is a device or pipe"
        time = hash((int(info.mtime), contents.state)) & (
            2**62 - 1
        )  # another archive: decode its members again
        members.add(name, info.size, time, reason, OpenMember(archive, info))
    return members.entries


def _tar_members(path: pathlib.Path) -> Iterator[tuple[str, tarfile.TarInfo, tarfile.TarFile]]:
    """Yield name, description and archive of each member, in the order of the archive."""
    with tarfile.open(path) as archive:
        for info in archive:
            archive.members = []  # type: ignore[attr-defined]  # it would keep a description of each
            yield info.name.removeprefix("./"), info, archive


def _zip_contents(path: pathlib.Path, names: Iterable[str]) -> Iterator[bytes]:
    with zipfile.ZipFile(path) as archive:
        for name in names:
            try:
                content = OpenMember(archive, archive.getinfo(name)).read(MAX_MEMBER_BYTES + 1)
            except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError):
                content = b""  # damaged, or of an unknown compression; the others may be sound
            yield content if len(content) <= MAX_MEMBER_BYTES else b""


def _tar_contents(path: pathlib.Path, names: Iterable[str]) -> Iterator[bytes]:
    """Yield the members of these names, which are in the order of the archive: it is read once."""
    remaining = iter(names)
    name = next(remaining, None)
    if name is None:
        return
    for member, info, archive in _tar_members(path):
        if member == name and info.isreg():
            yield OpenMember(archive, info).read(MAX_MEMBER_BYTES)
            name = next(remaining, None)
            if name is None:
                return
    raise DataError(f"{path} has no member {name!r} where it was listed.", hint="Try again.")
