"""One process trains a run: an operating-system lock, which the kernel releases when the process dies."""

import contextlib
import pathlib
import sys
from collections.abc import Iterator

from vaecli.errors import OutputError, TrainingError
from vaecli.files import translating


@contextlib.contextmanager
def locked(path: pathlib.Path) -> Iterator[None]:
    """Hold the lock file `path` while the body runs.

    Raises:
        TrainingError: another process holds it.
        OutputError: the file cannot be written, or its file system knows no locks.
    """
    with translating(path):
        file = path.open("ab")
    with file:
        try:
            _acquire(file.fileno())
        except (
            BlockingIOError,
            PermissionError,
        ) as error:  # what POSIX and Windows say of a lock that is held
            raise TrainingError(
                f"{path.parent} is being trained by another process.",
                hint="Wait until it ends, or stop it with Ctrl-C.",
            ) from error
        except OSError as error:
            raise OutputError(
                f"Cannot lock {path}: {error.strerror or error}.",
                hint="Runs need a file system with locks, such as a disk of this machine.",
            ) from error
        yield


if sys.platform == "win32":
    import msvcrt

    def _acquire(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _acquire(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
