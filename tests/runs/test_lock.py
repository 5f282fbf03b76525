"""One process at a time trains a run, tested with real processes and a real kill."""

import errno
import json
import os
import socket
import subprocess
import sys

import pytest

from vaecli.errors import OutputError, TrainingError
from vaecli.runs.lock import locked

HOLDER = """
import pathlib, sys
from vaecli.runs.lock import locked
with locked(pathlib.Path("lock")):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def holder(here):
    """Another process that holds the lock."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", HOLDER], cwd=here, **pipes) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def is_free(path):
    """Return whether the lock can be acquired now."""
    try:
        with locked(path):
            return True
    except TrainingError:
        return False


def test_a_second_process_is_refused(holder, here):
    """While one process holds the lock, another is refused; the error names the folder."""
    with pytest.raises(TrainingError, match="being trained by another process"), locked(here / "lock"):
        raise AssertionError("two processes hold the lock")


def test_the_lock_ends_with_the_body(holder, here):
    """When the holder has ended, the lock is free."""
    holder.communicate("done\n", timeout=600)
    assert is_free(here / "lock")


def test_a_killed_holder_holds_nothing(holder, here):
    """SIGKILL leaves no stale lock: the kernel releases it."""
    holder.kill()
    holder.wait(30)
    assert is_free(here / "lock")


def test_within_one_process(tmp_path):
    """Two holders in one process exclude each other too; an error in the body releases the lock."""
    path = tmp_path / "lock"
    with locked(path):
        assert not is_free(path)
    with pytest.raises(ZeroDivisionError), locked(path):
        raise ZeroDivisionError
    assert is_free(path)


@pytest.fixture
def no_locks(monkeypatch):
    """A file system whose `flock` fails with a given error number, as on network drives."""
    fcntl = pytest.importorskip("fcntl", reason="POSIX alone has flock")

    def no_locks(number):
        def refuse(descriptor, operation):
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(fcntl, "flock", refuse)

    return no_locks


@pytest.mark.parametrize(
    "number", [errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.EINVAL]
)
def test_a_file_system_without_locks(tmp_path, no_locks, number):
    """Training continues with a warning; a file takes the place of the lock, and is removed when the body ends."""
    no_locks(number)
    warnings = []
    with locked(tmp_path / "lock", warn=warnings.append):
        assert not is_free(tmp_path / "lock")
    assert is_free(tmp_path / "lock") and [path.name for path in tmp_path.iterdir()] == ["lock"]
    (warning,) = warnings
    assert "has no locks" in warning and os.strerror(number) in warning


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM])
def test_a_lock_that_is_not_permitted(tmp_path, no_locks, number):
    """The real reason is named; no other process is blamed."""
    no_locks(number)
    with (
        pytest.raises(OutputError, match=f"Cannot lock .*{os.strerror(number)}"),
        locked(tmp_path / "lock"),
    ):
        raise AssertionError("a lock that was refused")


@pytest.mark.parametrize(
    ("holder", "expected"),
    [
        ({"host": socket.gethostname(), "process": 2**22 + 1}, True),  # above the largest number of Linux
        ({"host": socket.gethostname(), "process": os.getpid()}, True),  # of a container that was restarted
        ({"host": socket.gethostname(), "process": os.getppid()}, False),
        ({"host": "another-machine", "process": 2**22 + 1}, False),
        ("half a file", False),
    ],
)
def test_a_holder_that_is_gone(tmp_path, no_locks, holder, expected):
    """Without locks, the file of a process that is gone is taken over; one that may be alive is respected."""
    no_locks(errno.ENOSYS)
    (tmp_path / "lock.holder").write_text(json.dumps(holder)[: None if isinstance(holder, dict) else 5])
    assert is_free(tmp_path / "lock") == expected
    if not expected:
        message = r"If no such process exists.*remove .*lock\.holder"
        with pytest.raises(TrainingError, match=message), locked(tmp_path / "lock"):
            raise AssertionError("a lock that is held")


def test_a_place_that_cannot_be_written(tmp_path):
    """A folder that does not exist is an OutputError."""
    with pytest.raises(OutputError), locked(tmp_path / "missing" / "lock"):
        raise AssertionError("a lock without a file")
