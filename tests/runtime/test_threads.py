"""How many threads: the processor affinity and the cgroup's quota, whichever is less."""

import os

import pytest

from vaecli.runtime import threads


@pytest.fixture
def cgroup(tmp_path, monkeypatch):
    """A cgroup folder with this cpu.max, on a machine where 8 processors may be used."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)

    def cgroup(text):
        if text is not None:
            (tmp_path / "cpu.max").write_text(text)
        return tmp_path

    return cgroup


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("max 100000\n", 8),
        ("200000 100000\n", 2),
        ("250000 100000\n", 3),
        ("50000 100000\n", 1),
        ("1 100000\n", 1),
        ("1600000 100000\n", 8),
        ("0 100000\n", 1),
        (None, 8),
        ("", 8),
        ("nonsense", 8),
        ("max", 8),
        ("1 0\n", 8),
        ("200000 100000 3", 8),
        ("ä ö", 8),
    ],
)
def test_quota(cgroup, text, count):
    """The quota rounded up, at least 1, never more than the affinity; a file that says nothing is left aside."""
    assert threads.available(cgroup(text)) == count


def test_affinity(cgroup, monkeypatch):
    """A process bound to 2 of 64 processors has 2."""
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 7}, raising=False)
    assert threads.available(cgroup("max 100000")) == 2


def test_without_affinity(cgroup, monkeypatch):
    """Where the system has no affinity, the machine's count; 1 if not even that is known."""
    monkeypatch.delattr(os, "sched_getaffinity")
    for count, expected in ((6, 6), (None, 1)):
        monkeypatch.setattr(os, "cpu_count", lambda count=count: count)
        assert threads.available(cgroup(None)) == expected


def test_here():
    """On this machine it is a number that makes sense."""
    assert 1 <= threads.available() <= (os.cpu_count() or 1)
