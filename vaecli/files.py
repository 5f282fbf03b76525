"""Files that appear whole or not at all, and never in place of another by accident.

The content goes to a temporary name in the same folder and takes its final name at the end. Errors of the operating
system while it is opened, written or renamed become an OutputError that names the target; errors of the body pass
unchanged.
"""

import contextlib
import errno
import io
import itertools
import os
import pathlib
import shutil
from collections.abc import Iterator
from typing import Literal, TypeAlias

from vaecli.errors import OutputError

IfTaken: TypeAlias = Literal["replace", "refuse", "number"]
"""The treatment of a name that is taken by then: replace what is there, also the target of a link;
raise OutputError; or take the next free one of `name-2.ext`, `name-3.ext`, ..."""


def treatment(out: str | os.PathLike[str] | None, *, force: bool) -> IfTaken:
    """Return what a command does with a taken name: of `out`, or of the default where `out` is None."""
    if out is None:
        return "number"
    return "replace" if force else "refuse"


# Temporary names do not contain the target's: with it they could exceed the 255 bytes that a name may have.
TEMPORARY_PREFIX, TEMPORARY_SUFFIX = ".vaecli-", ".part"
NOT_SUPPORTED = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}  # network drives, object stores
NOT_RENAMED = NOT_SUPPORTED | {errno.EXDEV, errno.EBUSY}  # also a single file mounted into a container
_CREATE = os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)

TAKEN_HINT = "Choose another name, or replace it with --force."
_HINTS = {
    errno.ENOSPC: "Make room there, or choose another place.",
    errno.EDQUOT: "Make room there, or choose another place.",
    errno.ENAMETOOLONG: "Choose a shorter name.",
}


@contextlib.contextmanager
def translating(path: pathlib.Path) -> Iterator[None]:
    """Turn an OSError of the body into an OutputError that names `path` and the reason."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        hint = _HINTS.get(error.errno or 0, "Choose a place that exists and can be written.")
        raise OutputError(f"Cannot write {path}: {reason}.", hint=hint) from error


class _RawFile(io.FileIO):
    """An open file whose failed writes are OutputErrors that name the target.

    Its descriptor is hidden: Pillow would write to it directly, and its errors would not be translated.
    """

    def __init__(self, descriptor: int, target: pathlib.Path) -> None:
        super().__init__(descriptor, "w+")
        self._target = target

    def write(self, content: "bytes | memoryview") -> int:  # type: ignore[override]
        with translating(self._target):
            return super().write(content)

    def fileno(self) -> int:
        raise io.UnsupportedOperation("fileno")


class OutputFile(io.BufferedRandom):
    """A binary file to fill; once it is complete, `path` is the name that it took."""

    def __init__(self, descriptor: int, target: pathlib.Path) -> None:
        super().__init__(_RawFile(descriptor, target))
        self.path = target


@contextlib.contextmanager
def replacing(path: pathlib.Path, *, if_taken: IfTaken = "replace") -> Iterator[OutputFile]:
    """Yield a binary file, which is renamed to `path` when the body succeeds and deleted when it fails.

    Raises:
        OutputError: the folder is missing or not writable, the disk is full, or, with `refuse`, `path` exists.
    """
    with translating(path):
        target = followed(path) if if_taken == "replace" else path
        temporary = target.parent / temporary_name()
        descriptor = os.open(temporary, _CREATE | os.O_RDWR, 0o666)
    file = OutputFile(descriptor, path)
    try:
        yield file
        with translating(path):
            file.flush()
            sync(descriptor)
            file.close()
            if if_taken == "replace":
                move(temporary, target)
            else:
                file.path = _move_to_free_name(temporary, path, if_taken)
    except BaseException:
        file.raw.close()  # without writing what is buffered, which could fail again
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def require_writable(folder: pathlib.Path) -> None:
    """Check that files can be made in `folder` by making and removing one: permissions alone do not tell.

    Raises:
        OSError: no file can be made there.
    """
    probe = folder / temporary_name()
    os.close(os.open(probe, _CREATE | os.O_WRONLY, 0o666))
    probe.unlink()


def write_bytes(path: pathlib.Path, content: bytes) -> None:
    """Write a small file whole or not at all."""
    with replacing(path) as file:
        file.write(content)


def write_text(path: pathlib.Path, content: str) -> None:
    """Write a small UTF-8 file whole or not at all."""
    write_bytes(path, content.encode("utf-8"))


def followed(path: pathlib.Path) -> pathlib.Path:
    """Return the target of `path` if it is a symbolic link, else `path` unchanged."""
    return pathlib.Path(os.path.realpath(path)) if path.is_symlink() else path


def temporary_name() -> str:
    """Return a new hidden name, for content that is not complete."""
    return f"{TEMPORARY_PREFIX}{os.urandom(8).hex()}{TEMPORARY_SUFFIX}"


def sync(descriptor: int) -> None:
    """Wait until the content of a file is on the disk; do nothing if the file system has no such call."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in NOT_SUPPORTED:
            raise


def move(source: pathlib.Path, target: pathlib.Path) -> None:
    """Rename a file to `target`, replacing it; where the file system cannot rename, copy and delete the source."""
    try:
        source.replace(target)
    except OSError as error:
        if error.errno not in NOT_RENAMED:
            raise
        try:
            shutil.copyfile(source, target)
        except BaseException:
            target.unlink(missing_ok=True)  # half a file
            raise
        source.unlink()


def _move_to_free_name(source: pathlib.Path, path: pathlib.Path, if_taken: IfTaken) -> pathlib.Path:
    """Rename a file to `path` and return its new path, which never replaces a file.

    If `path` exists and `if_taken` is `number`, the first free of NAME-2, NAME-3 ... is taken. An empty file
    is made under the name first, so that no other process takes the name meanwhile.
    """
    numbered = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in itertools.count(2))
    for candidate in itertools.chain([path], numbered if if_taken == "number" else []):
        try:
            os.close(os.open(candidate, _CREATE | os.O_WRONLY, 0o666))
        except FileExistsError:
            continue
        try:
            move(source, candidate)
        except BaseException:
            candidate.unlink(missing_ok=True)
            raise
        return candidate
    raise OutputError(f"{path} exists already.", hint=TAKEN_HINT)
