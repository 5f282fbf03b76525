"""The walk through a folder of pictures. Nothing outside of the folder is opened."""

import errno
import os
import pathlib
import stat
from collections.abc import Iterable, Iterator

from vaecli.data.collection.entries import (
    Entries,
    has_picture_suffix,
    is_hidden,
    is_metadata,
    is_picture,
    printable,
)
from vaecli.errors import DataError
from vaecli.foreign import START
from vaecli.paths import shown


class FolderContents:
    """Gives the paths of pictures in a folder."""

    def __init__(self, root: pathlib.Path) -> None:
        self._root = root

    def __call__(self, names: Iterable[str]) -> Iterator[pathlib.Path]:
        """Yield the path of each picture."""
        return (self._root / name for name in names)


class _Walk:
    """One walk through a folder; links are collected, and followed at its end."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = os.fspath(root)  # as given: a folder above it may be closed
        self.resolved = os.path.realpath(root)
        self.entries = Entries()
        self._folders = [("", False)]  # and whether a link led there
        self._links: list[str] = []
        self._targets: set[str] = set()  # what links led to
        self._listed: set[str] = set()  # folders that were listed by way of links

    def run(self) -> Entries:
        """List all files below the root."""
        while self._folders or self._links:
            if self._folders:
                self._list(*self._folders.pop())
            else:
                name = self._links.pop()
                try:
                    self._follow(name)
                except OSError as error:
                    self.entries.add_bad(name, f"cannot be read: {error.strerror or error}")
        return self.entries

    def _list(self, folder: str, linked: bool) -> None:
        """List one folder, given with a `/` at its end; the root is empty."""
        try:
            if linked and self._is_known(folder):
                return
            with os.scandir(os.path.join(self.root, folder)) as scan:  # noqa: PTH118
                for entry in scan:
                    if not is_hidden(entry.name):
                        self._take(folder + entry.name, entry, linked)
        except OSError as error:
            if not folder:
                raise DataError(
                    f"Cannot read the folder {shown(self.root)}: {error.strerror or error}."
                ) from error
            self.entries.add_bad(folder, f"is a folder that cannot be read: {error.strerror or error}")

    def _is_known(self, folder: str) -> bool:
        """Return whether another link has led to a folder already; remember it."""
        target = os.path.realpath(os.path.join(self.root, folder), strict=True)  # noqa: PTH118
        known = target in self._listed
        self._listed.add(target)
        return known

    def _take(self, name: str, entry: os.DirEntry[str], linked: bool) -> None:
        if entry.is_symlink():
            self._links.append(name)
        elif entry.is_dir(follow_symlinks=False):
            self._folders.append((name + "/", linked))
        else:
            try:
                self._file(name, entry.path, entry.stat(follow_symlinks=False))
            except OSError as error:
                self.entries.add_bad(name, f"cannot be read: {error.strerror or error}")

    def _file(self, name: str, path: str, status: os.stat_result) -> None:
        """Take a file if it may be a picture; devices and pipes are never opened."""
        if not stat.S_ISREG(status.st_mode):
            if has_picture_suffix(name):
                self.entries.add_bad(name, "is a device, pipe or socket, not a file")
            else:
                self.entries.ignore(name)
        elif is_metadata(name):
            self.entries.add_metadata(name, status.st_size, lambda most: _read(path, most))
        elif has_picture_suffix(name) or _may_be_picture(path):
            self.entries.add(name, status.st_size, status.st_mtime_ns)
        else:
            self.entries.ignore(name)

    def _follow(self, name: str) -> None:
        """Take what a link leads to, if it is within the folder and not listed by itself."""
        path = os.path.join(self.root, name)  # noqa: PTH118
        try:
            target = os.path.realpath(path, strict=True)
            status = os.stat(target)  # noqa: PTH116
        except OSError as error:
            circular = error.errno == errno.ELOOP
            self.entries.add_bad(
                name, "is a link that goes round in circles" if circular else "is a broken link"
            )
            return
        inside = (
            os.path.relpath(target, self.resolved).replace(os.sep, "/")
            if _below(target, self.resolved)
            else None
        )
        if inside is None:
            self.entries.add_bad(name, "is a link that leaves the folder")
        elif _below(os.path.join(self.resolved, name), target):  # noqa: PTH118
            self.entries.add_bad(name, "is a link that goes round in circles")
        elif stat.S_ISREG(status.st_mode) and (is_metadata(name) or not _may_be_picture(target)):
            self._file(name, target, status)
        elif target in self._targets or not any(is_hidden(part) for part in inside.split("/")):
            self.entries.add_bad(name, f"is a link to {printable(inside)}, which is listed already")
        else:
            self._targets.add(target)
            if stat.S_ISDIR(status.st_mode):
                self._folders.append((name + "/", True))
            else:
                self._file(name, target, status)


def walk(root: pathlib.Path) -> Entries:
    """List the files below a folder that may be pictures; each is looked at once.

    Links are followed within the folder only. One to something that is listed anyway is a bad file, so that no
    picture is there twice.

    Raises:
        DataError: the folder cannot be read.
    """
    return _Walk(root).run()


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _may_be_picture(path: str) -> bool:
    return has_picture_suffix(path) or is_picture(_read(path, START))


def _read(path: str, most: int) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read(most)
