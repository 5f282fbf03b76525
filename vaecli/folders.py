"""Folders whose files appear together or not at all, and what counts as an empty folder."""

import contextlib
import errno
import os
import pathlib
import shlex
import shutil
from collections.abc import Callable, Iterator
from typing import Literal

from vaecli.errors import OutputError
from vaecli.files import (
    NOT_RENAMED,
    TAKEN_HINT,
    TEMPORARY_PREFIX,
    TEMPORARY_SUFFIX,
    IfTaken,
    followed,
    move,
    require_writable,
    temporary_name,
    translating,
)

# Entries that systems make by themselves, in lower case; a folder with nothing else counts as empty.
_SYSTEM_ENTRIES = {
    ".ds_store", ".localized", "thumbs.db", "ehthumbs.db", "desktop.ini", "lost+found", ".directory", "@eadir",
    ".spotlight-v100", ".trashes", ".fseventsd", "system volume information", "$recycle.bin",
    "__macosx",
}  # fmt: skip
_SYSTEM_PREFIXES = ("._", ".nfs", ".fuse_hidden", ".trash-", TEMPORARY_PREFIX)


def is_empty(folder: pathlib.Path) -> bool:
    """Return whether a folder holds only system entries, such as .DS_Store or lost+found, or nothing."""
    return all(is_system_entry(entry.name) for entry in folder.iterdir())


def is_system_entry(name: str) -> bool:
    """Return whether the operating system, or vaecli for temporary files, makes entries of this name."""
    lower = name.lower()
    return lower in _SYSTEM_ENTRIES or lower.startswith(_SYSTEM_PREFIXES)


def require_free(path: pathlib.Path, *, force: bool = False) -> None:
    """Refuse a target that would replace something; an empty folder is free.

    Raises:
        OutputError: `force` is not set and `path` is a file or a non-empty folder; or `path` is neither file nor
            folder, such as a pipe or a device.
    """
    if path.is_dir():
        occupied = "is a folder that is not empty" if not is_empty(path) else ""
    else:
        if path.exists() and not path.is_file():
            raise OutputError(f"{path} must be a file or folder; it is a device, pipe or socket.")
        occupied = "exists already" if os.path.lexists(path) else ""
    if occupied and not force:
        raise OutputError(f"{path} {occupied}.", hint=TAKEN_HINT)


def require_place(path: pathlib.Path, *, if_taken: IfTaken, is_folder: bool = False) -> None:
    """Refuse, before anything is computed, a file or folder that could not be written at the end.

    Raises:
        OutputError: its folder is missing or not writable, or `path` exists and `if_taken` is `refuse`.
    """
    with translating(path):
        if if_taken != "number":
            require_free(path, force=if_taken == "replace")
        real = followed(path)
        if not real.parent.is_dir():
            raise _no_folder(path, real.parent)
        if is_folder and path.exists() and not path.is_dir():
            raise OutputError(
                f"Cannot write the folder {path}: a file has this name.", hint="Choose another name."
            )
        require_writable(real if is_folder and real.is_dir() else real.parent)


@contextlib.contextmanager
def replacing_folder(
    path: pathlib.Path,
    *,
    if_taken: Literal["replace", "refuse"] = "replace",
    is_outdated: Callable[[pathlib.Path], bool] = lambda _path: False,
) -> Iterator[pathlib.Path]:
    """Yield a new folder to fill with files, which move to `path` if the body ends without an error.

    If `path` is a folder already, files of the same names are replaced. Of its other files, those for which
    `is_outdated` returns True are removed. Wrap what the body writes in `translating`.

    Raises:
        OutputError: the place cannot be written; or, with `refuse`, `path` is not empty at the end.
    """
    with translating(path):
        target = followed(path)
        temporary = (target if target.is_dir() else target.parent) / temporary_name()
        temporary.mkdir()
    try:
        yield temporary
        with translating(path):
            if target.is_dir() or not _renamed(temporary, target):
                _merge(temporary, target, force=if_taken == "replace", is_outdated=is_outdated)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def remove_leftovers(folder: pathlib.Path) -> None:
    """Remove the temporary files and folders that a killed process left in a folder.

    The caller holds the lock that every writer takes: otherwise a file may belong to a process that still writes.
    """
    with translating(folder):
        for path in folder.glob(f"{TEMPORARY_PREFIX}*{TEMPORARY_SUFFIX}"):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def _renamed(source: pathlib.Path, target: pathlib.Path) -> bool:
    """Rename a folder to `target`; return False if something is there or the file system cannot rename folders."""
    try:
        source.rename(target)
    except OSError as error:
        if error.errno not in NOT_RENAMED | {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}:
            raise
        return False
    return True


def _merge(
    source: pathlib.Path, target: pathlib.Path, *, force: bool, is_outdated: Callable[[pathlib.Path], bool]
) -> None:
    """Move all files of `source` into `target`, then remove other files there for which `is_outdated` is True."""
    target.mkdir(exist_ok=True)
    with _locked(target):
        require_free(target, force=force)
        new = sorted(path.name for path in source.iterdir())
        others = {path.name for path in target.iterdir()} - set(new)
        for path in (target / name for name in new):
            if path.is_dir():
                raise OutputError(f"Cannot write {path}: it is a folder.", hint="Choose another name.")
        for name in new:
            move(source / name, target / name)
        for path in (target / name for name in others):
            if is_outdated(path):
                path.unlink()


@contextlib.contextmanager
def _locked(folder: pathlib.Path) -> Iterator[None]:
    """Keep other processes from merging into `folder` while the body runs, where the system has such locks."""
    try:
        import fcntl  # noqa: PLC0415  # POSIX
    except ImportError:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _no_folder(target: pathlib.Path, folder: pathlib.Path) -> OutputError:
    """Return the error for a target whose folder is missing, with the command that makes it."""
    blocking = [path for path in (folder, *folder.parents) if os.path.lexists(path) and not path.is_dir()]
    if blocking:
        return OutputError(
            f"Cannot write {target}: {blocking[0]} is not a folder.", hint="Choose another place."
        )
    end_of_options = ["--"] if str(folder).startswith("-") else []
    make = shlex.join(["mkdir", "-p", *end_of_options, str(folder)])
    return OutputError(f"Cannot write {target}: the folder {folder} does not exist.", hint=f"Make it: {make}")
