"""Files that are whole or not there: temporary name, flush, rename."""

import contextlib
import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterator
from typing import IO

from vaecli.errors import OutputError


def next_free(path: pathlib.Path) -> pathlib.Path:
    """`path` itself if nothing is there, else the first free of `name-2.ext`, `name-3.ext`, ..."""
    candidate, number = path, 2
    while os.path.lexists(candidate):  # a link that leads nowhere is something too
        candidate = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return candidate


def require_free(path: pathlib.Path, *, force: bool = False) -> None:
    """Refuse a target that would overwrite something; an empty folder is free.

    Raises:
        OutputError: a file, or a folder with something in it, is there and `force` is not set.
    """
    taken = any(path.iterdir()) if path.is_dir() else os.path.lexists(path)
    if taken and not force:
        what = "is a folder that is not empty" if path.is_dir() else "exists already"
        raise OutputError(f"{path} {what}.", hint="Choose another name, or write over it with --force.")


@contextlib.contextmanager
def translating(path: pathlib.Path) -> Iterator[None]:
    """Turn an OSError of the body into an OutputError that names `path` and the reason."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            f"Cannot write {path}: {reason}.", hint="Choose a place that exists and can be written."
        ) from error


@contextlib.contextmanager
def replacing(path: pathlib.Path) -> Iterator[IO[bytes]]:
    """A binary file that takes the place of `path` when the body ends well, and vanishes when it does not.

    Raises:
        OutputError: the folder is missing or not writable, the disk is full.
    """
    with translating(path):
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        temporary = pathlib.Path(name)
        try:
            with os.fdopen(descriptor, "w+b") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def replacing_folder(path: pathlib.Path, *, inside: bool = False) -> Iterator[pathlib.Path]:
    """A folder to fill, whose files move to `path` when the body ends well.

    Files of the same name are replaced, others that lie in `path` stay. Ask `require_free` first. The temporary
    folder lies beside `path`, or, where `remove_leftovers` looks after `path`, inside it.

    Raises:
        OutputError: the place cannot be written.
    """
    with translating(path):
        place = path if inside else path.parent
        temporary = pathlib.Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=place))
        try:
            yield temporary
            temporary.chmod(0o777 & ~_umask())
            if not path.exists():
                temporary.replace(path)
                return
            for entry in sorted(temporary.iterdir()):
                entry.replace(path / entry.name)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def remove_leftovers(folder: pathlib.Path) -> None:
    """Remove the temporary files and folders of `replacing` that a killed process left in a folder.

    Ask for a lock first: they may belong to a process that is writing.
    """
    with translating(folder):
        for path in folder.glob(".*.part"):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def write_bytes(path: pathlib.Path, content: bytes) -> None:
    """Write a small file whole or not at all."""
    with replacing(path) as file:
        file.write(content)


def write_text(path: pathlib.Path, content: str) -> None:
    """Write a small UTF-8 file whole or not at all."""
    write_bytes(path, content.encode("utf-8"))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
