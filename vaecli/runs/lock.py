"""One process at a time trains a run.

It holds a lock of the operating system, which the kernel releases when the process ends. Some network file systems
have no locks. There a file that names the holder takes its place; it is taken over when that process is gone.
"""

import contextlib
import errno
import json
import os
import pathlib
import socket
import sys
from collections.abc import Callable, Iterator

from vaecli import files
from vaecli.errors import OutputError, TrainingError
from vaecli.files import translating

HELD = {errno.EWOULDBLOCK, errno.EAGAIN}
NO_LOCKS = files.NOT_SUPPORTED | {errno.ENOLCK}
_held_here: set[str] = (
    set()
)  # holder files of this process: after a restart in a container its number is the same
if sys.platform == "win32":
    HELD |= {errno.EACCES, errno.EDEADLK}  # what msvcrt reports for a lock that is held


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
    with contextlib.ExitStack() as stack:
        with translating(path):
            file = stack.enter_context(path.open("ab"))
        try:
            _acquire(file.fileno())
        except OSError as error:
            if error.errno in HELD:
                raise _held(path) from error
            if error.errno not in NO_LOCKS:
                raise OutputError(
                    f"Cannot lock {path}: {error.strerror or error}.",
                    hint="Check the permissions of that file and its folder.",
                ) from error
            stack.enter_context(_holding_file(path.with_name(f"{path.name}.holder")))
            warn(
                f"The file system of {path.parent} has no locks ({error.strerror or error}). Another machine could "
                "train the same run at the same time: make sure that none does."
            )
        yield


@contextlib.contextmanager
def _holding_file(path: pathlib.Path) -> Iterator[None]:
    """Keep a file that names this process while the body runs.

    Raises:
        TrainingError: a process that may be alive has such a file.
        OutputError: the file cannot be written.
    """
    this_process = {"host": socket.gethostname(), "process": os.getpid()}
    name = os.path.realpath(path)
    with translating(path):
        try:
            _create(path, this_process)
        except FileExistsError:
            if _may_be_alive(path):
                raise _held(path) from None
            path.unlink(missing_ok=True)
            try:
                _create(path, this_process)
            except FileExistsError:  # another process was faster
                raise _held(path) from None
    _held_here.add(name)
    try:
        yield
    finally:
        _held_here.discard(name)
        with contextlib.suppress(OSError):
            path.unlink()


def _create(path: pathlib.Path, holder: dict[str, object]) -> None:
    with path.open("x", encoding="utf-8") as file:
        json.dump(holder, file)


def _may_be_alive(path: pathlib.Path) -> bool:
    """Return whether the process that a file names may be alive; of other machines' processes, that is unknown."""
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        host, process = str(holder["host"]), int(holder["process"])
    except (OSError, ValueError, KeyError, TypeError):
        return path.exists()
    if host != socket.gethostname():
        return True
    if process == os.getpid():
        return os.path.realpath(path) in _held_here
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # it belongs to another user
        return True
    return True


def _held(path: pathlib.Path) -> TrainingError:
    hint = "Wait until it ends, or stop it with Ctrl-C."
    if path.name.endswith(".holder"):
        hint = f"Wait until it ends. If no such process exists, on any machine, remove {path}."
    return TrainingError(f"{path.parent} is being trained by another process.", hint=hint)


if sys.platform == "win32":
    import msvcrt

    def _acquire(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _acquire(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
