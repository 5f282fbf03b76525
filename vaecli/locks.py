"""Locks between processes.

They are locks of the operating system, which the kernel releases when a process ends. Some network file systems
have none. There a file that names the holder takes the place of an exclusive lock; it is taken over when that
process is gone.
"""

import contextlib
import errno
import io
import json
import os
import pathlib
import socket
import sys
import time
from collections.abc import Callable, Iterator

from vaecli import files
from vaecli.errors import OutputError
from vaecli.files import translating

HELD = {errno.EWOULDBLOCK, errno.EAGAIN}
NO_LOCKS = files.NOT_SUPPORTED | {errno.ENOLCK}
_PATIENCE, _PAUSE = 0.5, 0.1  # seconds until a wait is reported, and between two attempts
_held_here: set[str] = (
    set()
)  # holder files of this process: after a restart in a container its number is the same
if sys.platform == "win32":
    HELD |= {errno.EACCES, errno.EDEADLK}  # what msvcrt reports for a lock that is held


class LockHeldError(OutputError):
    """A lock that another process holds; `holder` is the file naming that process, None with system locks."""

    def __init__(self, path: pathlib.Path, holder: pathlib.Path | None = None) -> None:
        hint = "Wait until it ends, or stop it with Ctrl-C."
        if holder is not None:
            hint = f"Wait until it ends. If no such process exists, on any machine, remove {holder}."
        super().__init__(f"Another process uses {path.parent}.", hint=hint)


@contextlib.contextmanager
def exclusive(path: pathlib.Path, *, without_locks: Callable[[OSError], None]) -> Iterator[None]:
    """Hold the lock file `path` alone while the body runs.

    Args:
        path: the file; it is created if it is missing.
        without_locks: receives the reason if the file system has no locks.

    Raises:
        LockHeldError: another process holds the lock.
        OutputError: the file cannot be written or locked.
    """
    with contextlib.ExitStack() as stack:
        with translating(path):
            file = stack.enter_context(path.open("ab"))
        try:
            _acquire(file.fileno())
        except OSError as error:
            if error.errno in HELD:
                raise LockHeldError(path) from error
            if error.errno not in NO_LOCKS:
                raise OutputError(
                    f"Cannot lock {path}: {error.strerror or error}.",
                    hint="Check the permissions of that file and its folder.",
                ) from error
            stack.enter_context(_holding_file(path.with_name(f"{path.name}.holder")))
            without_locks(error)
        yield


@contextlib.contextmanager
def exclusive_after(path: pathlib.Path, *, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock file `path` alone while the body runs; wait as long as another process holds it.

    Args:
        path: the file.
        waiting: called once, if the lock is not free within half a second.

    Raises:
        OutputError: the file cannot be written or locked.
    """
    start, reported = time.monotonic(), False
    with contextlib.ExitStack() as stack:
        while True:
            try:
                stack.enter_context(exclusive(path, without_locks=lambda _: None))
                break
            except LockHeldError:
                if not reported and time.monotonic() - start > _PATIENCE:
                    waiting()
                    reported = True
                time.sleep(_PAUSE)  # not a blocking lock: Ctrl-C must work
        yield


class SharedLock:
    """A lock that several processes may hold at once, until `close` or the end of this object."""

    def __init__(self, file: io.BufferedWriter) -> None:
        self._file = file

    def close(self) -> None:
        """Release the lock."""
        self._file.close()

    def __del__(self) -> None:
        self._file.close()


def shared(path: pathlib.Path) -> SharedLock | None:
    """Share the lock file `path`; return None where the system has no such locks.

    Raises:
        LockHeldError: a process holds it alone.
        OutputError: the file cannot be written.
    """
    with translating(path):
        file = path.open("ab")
    deadline = time.monotonic() + _PATIENCE  # `is_unused` of another process holds it for a moment
    while True:
        try:
            if _acquire_shared(file.fileno()):
                return SharedLock(file)
            break
        except OSError as error:
            if error.errno not in HELD:
                break
            if time.monotonic() > deadline:
                file.close()
                raise LockHeldError(path) from error
            time.sleep(_PAUSE)
    file.close()
    return None


def is_unused(path: pathlib.Path) -> bool | None:
    """Return whether no process holds or shares the lock file `path`; None where that cannot be known."""
    if sys.platform == "win32":
        return None
    try:
        with path.open("ab") as file:
            _acquire(file.fileno())
    except OSError as error:
        return False if error.errno in HELD else None
    return True


@contextlib.contextmanager
def _holding_file(path: pathlib.Path) -> Iterator[None]:
    """Keep a file that names this process while the body runs.

    Raises:
        LockHeldError: a process that may be alive has such a file.
        OutputError: the file cannot be written.
    """
    this_process = {"host": socket.gethostname(), "process": os.getpid()}
    name = os.path.realpath(path)
    with translating(path):
        try:
            _create(path, this_process)
        except FileExistsError:
            if _may_be_alive(path):
                raise LockHeldError(path, path) from None
            path.unlink(missing_ok=True)
            try:
                _create(path, this_process)
            except FileExistsError:  # another process was faster
                raise LockHeldError(path, path) from None
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
    """Return whether the process that the file `path` names may be alive: True for one of another machine."""
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


if sys.platform == "win32":
    import msvcrt

    def _acquire(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _acquire_shared(_descriptor: int) -> bool:
        return False

else:
    import fcntl

    def _acquire(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _acquire_shared(descriptor: int) -> bool:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return True
