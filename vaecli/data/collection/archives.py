"""The pictures of a .zip or .tar archive, which is never unpacked to disk."""

import array
import contextlib
import dataclasses
import lzma
import pathlib
import re
import struct
import tarfile
import zlib
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from vaecli.data.collection.entries import Entries, has_picture_suffix, is_hidden, is_metadata, is_picture
from vaecli.errors import DataError
from vaecli.foreign import START
from vaecli.paths import shown

_DAMAGED = (
    tarfile.TarError, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, RuntimeError, ValueError,
    OverflowError,
)  # fmt: skip


@dataclasses.dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits of what an archive may hold.

    Attributes:
        members: files and folders.
        member_bytes: of one file, unpacked.
        ratio: unpacked bytes of all files for each byte of the archive; pictures are below 50.
        unpacked_bytes: of all files, allowed whatever the ratio.
    """

    members: int = 2_000_000
    member_bytes: int = 2**28
    ratio: int = 200
    unpacked_bytes: int = 2**30


@dataclasses.dataclass(frozen=True)
class ArchiveState:
    """An archive as it was when it was listed."""

    path: pathlib.Path
    size: int
    time: int  # nanoseconds

    @classmethod
    def of(cls, path: pathlib.Path) -> "ArchiveState":
        """Return the present state of a file.

        Raises:
            OSError: it cannot be looked at.
        """
        status = path.stat()
        return cls(path, status.st_size, status.st_mtime_ns)

    def require_same(self) -> None:
        """Check that the archive is as it was.

        Raises:
            DataError: it has changed.
            OSError: it cannot be looked at.
        """
        if ArchiveState.of(self.path) != self:
            raise DataError(
                f"The archive {shown(self.path)} changed while it was read.", hint="Run the command again."
            )


class Members:
    """The members of an archive while they are listed, counted against the limits.

    Attributes:
        entries: those that may be pictures, and what is left out.
        rows: where each of them is, the same number of values each.
    """

    def __init__(self, state: ArchiveState, limits: Limits) -> None:
        self.entries = Entries()
        self.rows = array.array("q")
        self.state, self.limits = state, limits
        self._count = self._bytes = 0
        self._most = max(limits.unpacked_bytes, limits.ratio * state.size)

    def count(self, size: int) -> None:
        """Count a member and its unpacked bytes.

        Raises:
            DataError: there are too many of either.
        """
        self._count += 1
        self._bytes += size
        path = shown(self.state.path)
        if self._count > self.limits.members:
            raise DataError(
                f"The archive {path} must have at most {self.limits.members:,} members, got more.",
                hint="Unpack it and name the folder.",
            )
        if size < 0 or self._bytes > self._most:
            raise DataError(
                f"The archive {path} must unpack to at most {self._most:,} bytes, got more: its"
                f" {self.state.size:,} bytes may be made to fill a disk.",
                hint="If you trust it, unpack it and name the folder.",
            )

    def add(
        self,
        name: str,
        size: int,
        *,
        row: tuple[int, ...],
        reason: str,
        time: Callable[[], int],
        read: Callable[[int], bytes],
    ) -> None:
        """Add a member if it may be a picture.

        Args:
            name: as the archive has it.
            size: unpacked bytes.
            row: where it is.
            reason: why it must not be read; empty if it may be.
            time: gives the number that changes with its content.
            read: gives up to so many of its bytes; raises a DataError if it is damaged.

        Raises:
            DataError: a table of labels is damaged or too large.
        """
        reason = reason or _escapes(name)
        name = _normalised(name) if not reason else name
        if any(is_hidden(part) for part in re.split(r"[/\\]", name) if part != ".."):
            return
        if not reason and size > self.limits.member_bytes:
            reason = f"is larger than {self.limits.member_bytes:,} bytes"
        if reason:
            self.entries.add_bad(name, reason)
        elif is_metadata(name):
            self.entries.add_metadata(name, size, read)
        elif has_picture_suffix(name) or _is_picture(read):
            self.entries.add(name, size, time())
            self.rows.extend(row)
        else:
            self.entries.ignore(name)


@contextlib.contextmanager
def translating(path: pathlib.Path) -> Iterator[None]:
    """Turn an error of the body that a damaged archive causes into a DataError that names it."""
    try:
        yield
    except DataError:
        raise
    except _DAMAGED as error:
        system = error.strerror if isinstance(error, OSError) else None
        reason = system or str(error) or type(error).__name__
        raise DataError(
            f"Cannot read the archive {shown(path)}: {reason.rstrip('.')}.",
            hint="" if system else "It may be damaged or cut short: download or copy it again.",
        ) from error


def last_of_each_name(names: list[str], order: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return an order without members that a later one of the same name replaces, as unpacking does.

    Args:
        names: (N,) in the order of the archive.
        order: (N,) positions by name, those of equal names in the order of the archive.
    """
    last = np.ones(len(order), np.bool_)
    for place in range(len(order) - 1):
        last[place] = names[order[place]] != names[order[place + 1]]
    return order[last]


def find(names: list[str], name: str, start: int) -> int:
    """Return the position of a name, looked for from `start` on; names are asked for in order as a rule.

    Raises:
        DataError: there is none.
    """
    for first in (start, 0):
        with contextlib.suppress(ValueError):
            return names.index(name, first)
    raise DataError(f"The archive has no member {name!r} where it was listed.", hint="Run the command again.")


def _is_picture(read: Callable[[int], bytes]) -> bool:
    """Return whether a member begins as a picture, or is damaged: then it may be one."""
    try:
        return is_picture(read(START))
    except DataError:
        return True


def _escapes(name: str) -> str:
    """Return why a member of this name must not be read; empty if it stays in the folder where it is unpacked."""
    if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:[/\\]", name):
        return "has an absolute path"
    if ".." in re.split(r"[/\\]", name):
        return "has a path that leads out of the archive"
    return "has a name with a zero byte" if "\0" in name else ""


def _normalised(name: str) -> str:
    """Return a name without empty parts and dots, as `tar` writes them: ./a//b is a/b."""
    if "//" in name or "./" in name:
        return "/".join(part for part in name.split("/") if part not in ("", "."))
    return name
