"""One process trains a run: real processes, a real kill."""

import errno
import subprocess
import sys

import pytest

from vaecli.errors import OutputError, TrainingError
from vaecli.runs import lock
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
    """Whether the lock can be had now."""
    try:
        with locked(path):
            return True
    except TrainingError:
        return False


def test_a_second_process_is_refused(holder, here):
    """While one process holds the lock, another is told so, and which folder it is."""
    with pytest.raises(TrainingError, match="being trained by another process"), locked(here / "lock"):
        raise AssertionError("two processes hold the lock")


def test_the_lock_ends_with_the_body(holder, here):
    """When the holder is done, the lock is free, the file still there or not."""
    holder.communicate("done\n", timeout=30)
    assert is_free(here / "lock")


def test_a_killed_holder_holds_nothing(holder, here):
    """SIGKILL leaves no stale lock: the kernel frees it."""
    holder.kill()
    holder.wait(30)
    assert is_free(here / "lock")


def test_within_one_process(tmp_path):
    """Two holders in one process exclude each other too, and an error in the body frees the lock."""
    path = tmp_path / "lock"
    with locked(path):
        assert not is_free(path)
    with pytest.raises(ZeroDivisionError), locked(path):
        raise ZeroDivisionError
    assert is_free(path)


def test_a_file_system_without_locks(tmp_path, monkeypatch):
    """NFS without its lock service: nobody else trains, and the message does not say so."""

    def refuse(descriptor):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(lock, "_acquire", refuse)
    with (
        pytest.raises(OutputError, match=r"Cannot lock .*No locks available"),
        locked(tmp_path / "a"),
    ):
        raise AssertionError("a lock where there are none")


def test_a_place_that_cannot_be_written(tmp_path):
    """A lock in a folder that is not there is an error of ours."""
    with pytest.raises(OutputError), locked(tmp_path / "missing" / "lock"):
        raise AssertionError("a lock without a file")
