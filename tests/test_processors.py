"""The number of processors: the affinity or a cgroup's quota, whichever is less."""

import os
import pathlib

import pytest

from vaecli import processors

NOWHERE = pathlib.Path("no", "such", "file")


@pytest.fixture
def cgroup(tmp_path, monkeypatch):
    """Make the root of the cgroups with this cpu.max, on a machine where 8 processors may be used."""
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
    """The quota is rounded up, at least 1 and at most the affinity; a file without a quota is ignored."""
    assert processors.available(cgroup(text), NOWHERE) == count


@pytest.mark.parametrize(
    ("membership", "count"),
    [
        ("0::/a/b\n", 3),
        ("0::/a\n", 5),
        ("0::/\n", 6),
        ("0::/a/c\n", 4),
        ("0::/gone/away\n", 6),
        ("0::/../../other\n", 6),
        ("1:cpu:/a/b\n0::/a\n", 5),
        ("12:cpu,cpuacct:/a/b\n", 6),
        ("nonsense", 6),
    ],
)
def test_the_own_cgroup(cgroup, tmp_path, membership, count):
    """The quotas of the cgroup that the process is in count, and those of the cgroups around it."""
    root = cgroup("600000 100000")
    for name, limit in {"a": 500_000, "a/b": 300_000, "a/c": 400_000}.items():
        (root / name).mkdir()
        (root / name / "cpu.max").write_text(f"{limit} 100000\n")
    own = tmp_path / "own"
    own.write_text(membership)
    assert processors.available(root, own) == count


@pytest.mark.parametrize(
    ("quota", "period", "count"),
    [
        ("200000\n", "100000\n", 2),
        ("250000\n", "100000\n", 3),
        ("10000\n", "100000\n", 1),
        ("-1\n", "100000\n", 8),
        ("0\n", "100000\n", 1),
        ("200000\n", "0\n", 8),
        ("200000\n", None, 8),
        ("", "", 8),
        ("nonsense", "100000", 8),
    ],
)
@pytest.mark.parametrize(
    ("folder", "membership"),
    [
        ("cpu", "4:cpu,cpuacct:/docker/abc\n0::/\n"),
        ("cpu,cpuacct", "4:cpu,cpuacct:/docker/abc\n"),
        ("cpu/docker/abc", "3:memory:/\n4:cpu:/docker/abc\n"),
        ("cpu,cpuacct/docker", "4:cpu,cpuacct:/docker/abc\n"),
    ],
    ids=["in a container", "mounted by both names", "on the host", "around"],
)
def test_quotas_of_version_1(cgroup, tmp_path, folder, membership, quota, period, count):
    """The older cgroups count as well: a quota in microseconds a period, -1 for none."""
    root = cgroup(None)
    (root / folder).mkdir(parents=True)
    for name, text in {"cpu.cfs_quota_us": quota, "cpu.cfs_period_us": period}.items():
        if text is not None:
            (root / folder / name).write_text(text)
    (tmp_path / "own").write_text(membership)
    assert processors.available(root, tmp_path / "own") == count


def test_quotas_of_other_controllers_do_not_count(cgroup, tmp_path):
    """A process may be in other cgroups for memory or cpuset than for its processors."""
    root = cgroup(None)
    (root / "cpuset" / "a").mkdir(parents=True)
    (root / "cpuset" / "a" / "cpu.cfs_quota_us").write_text("100000")
    (root / "cpuset" / "a" / "cpu.cfs_period_us").write_text("100000")
    (tmp_path / "own").write_text("5:cpuset:/a\n")
    assert processors.available(root, tmp_path / "own") == 8


def test_a_tighter_cgroup_around(cgroup, tmp_path):
    """A cgroup of 7 processors inside one of 2 has 2."""
    root = cgroup("200000 100000")
    (root / "pod").mkdir()
    (root / "pod" / "cpu.max").write_text("700000 100000\n")
    (tmp_path / "own").write_text("0::/pod\n")
    assert processors.available(root, tmp_path / "own") == 2


def test_affinity(cgroup, monkeypatch):
    """A process bound to 2 of 64 processors has 2."""
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 7}, raising=False)
    assert processors.available(cgroup("max 100000"), NOWHERE) == 2


def test_without_affinity(cgroup, monkeypatch):
    """Where the system has no affinity, it is the machine's count; 1 if that is not known either."""
    monkeypatch.delattr(os, "sched_getaffinity")
    for count, expected in ((6, 6), (None, 1)):
        monkeypatch.setattr(os, "cpu_count", lambda count=count: count)
        assert processors.available(cgroup(None), NOWHERE) == expected


def test_here():
    """On this machine it is at least 1 and at most the machine's count."""
    assert 1 <= processors.available() <= (os.cpu_count() or 1)
