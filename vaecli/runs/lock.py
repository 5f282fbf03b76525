"""One process trains a run: an operating-system lock, which the kernel releases when the process dies."""

import contextlib
import pathlib
import sys
from collections.abc import Iterator

from vaecli.errors import TrainingError
from vaecli.files import translating


@contextlib.contextmanager
def locked(path: pathlib.Path) -> Iterator[None]:
    """Hold the lock file `path` while the body runs.

    Raises:
        TrainingError: another process holds it.
    """
    with translating(path):
        file = path.open("ab")
    with file:
        try:
            _acquire(file.fileno())
        except OSError as error:
            raise TrainingError(
                f"{path.parent} is being trained by another process.",
                hint="Wait for it, or choose another --out.",
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
