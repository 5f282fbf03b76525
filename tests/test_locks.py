"""Locks that are shared, held alone, or waited for; tests/runs/test_lock.py has those of processes."""

import sys
import threading

import pytest

from vaecli import locks

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no shared locks")


def alone(path):
    return locks.exclusive(path, without_locks=lambda _: None)


def test_many_share(tmp_path):
    """While anyone shares it nobody holds it alone; the last to close frees it."""
    path = tmp_path / "lock"
    first, second = locks.shared(path), locks.shared(path)
    assert locks.is_unused(path) is False
    first.close()
    with pytest.raises(locks.LockHeldError, match="Another process uses"), alone(path):
        raise AssertionError("held alone while it is shared")
    second.close()
    assert locks.is_unused(path) is True
    with alone(path):
        assert locks.is_unused(path) is False


def test_the_end_of_the_object_is_the_end_of_the_lock(tmp_path):
    lock = locks.shared(tmp_path / "lock")
    assert locks.is_unused(tmp_path / "lock") is False
    del lock
    assert locks.is_unused(tmp_path / "lock") is True


def test_shared_while_held_alone(tmp_path):
    with alone(tmp_path / "lock"), pytest.raises(locks.LockHeldError):
        locks.shared(tmp_path / "lock")


def test_waiting_is_reported_once(tmp_path):
    """A lock that is freed later is had then."""
    path, reports = tmp_path / "lock", []
    holder = locks.shared(path)

    def waiting():
        reports.append("waits")
        threading.Timer(0.5, holder.close).start()

    with locks.exclusive_after(path, waiting=waiting):
        assert locks.is_unused(path) is False
    assert reports == ["waits"]


def test_a_free_lock_is_not_reported(tmp_path):
    reports = []
    with locks.exclusive_after(tmp_path / "lock", waiting=lambda: reports.append("waits")):
        assert reports == []


def test_a_missing_folder(tmp_path):
    """Nothing there, nothing known."""
    assert locks.is_unused(tmp_path / "absent" / "lock") is None
