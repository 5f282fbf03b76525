"""One process at a time trains a run."""

import contextlib
import pathlib
from collections.abc import Callable, Iterator

from vaecli import locks
from vaecli.errors import TrainingError


@contextlib.contextmanager
def locked(path: pathlib.Path, *, warn: Callable[[str], None] = lambda _: None) -> Iterator[None]:
    """Hold the lock file `path` while the body runs.

    Args:
        path: the file, in the folder of the run.
        warn: receives a message if the file system has no locks.

    Raises:
        TrainingError: another process holds the lock.
        OutputError: the file cannot be written or locked.
    """

    def report(reason: OSError) -> None:
        warn(
            f"The file system of {path.parent} has no locks ({reason.strerror or reason}). Another machine could "
            "train the same run at the same time: make sure that none does."
        )

    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locks.exclusive(path, without_locks=report))
        except locks.LockHeldError as error:
            message = f"{path.parent} is being trained by another process."
            raise TrainingError(message, hint=error.hint) from error
        yield
