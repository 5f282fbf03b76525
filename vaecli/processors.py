"""The number of processors that this process may use, by its affinity and the quotas of its cgroups."""

import os
import pathlib
from collections.abc import Iterator

_CGROUPS = pathlib.Path("/sys/fs/cgroup")
_MEMBERSHIP = pathlib.Path("/proc/self/cgroup")


def available(cgroups: pathlib.Path = _CGROUPS, membership: pathlib.Path = _MEMBERSHIP) -> int:
    """Return the number of processors that this process may use, at least 1.

    Args:
        cgroups: the folder where cgroups are mounted, of version 1 or 2.
        membership: the file that names the cgroups of this process.
    """
    count = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # Linux
        count = len(os.sched_getaffinity(0))
    quotas = (_quota(folder) for folder in _folders(cgroups, membership))
    return max(1, min([count, *(quota for quota in quotas if quota is not None)]))


def _folders(cgroups: pathlib.Path, membership: pathlib.Path) -> Iterator[pathlib.Path]:
    """Yield the folders of this process's cgroups and of those around them: any may set a quota."""
    try:
        lines = membership.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        lines = []
    yield from (cgroups, cgroups / "cpu")  # in a container its own cgroup is mounted there
    for line in lines:
        _, _, rest = line.partition(":")  # such as 0::/a/b of version 2, 4:cpu,cpuacct:/a/b of version 1
        controllers, _, path = rest.partition(":")
        if controllers and "cpu" not in controllers.split(","):
            continue
        root = cgroups / controllers
        own = root / path.lstrip("/")
        if ".." not in own.parts:  # a cgroup outside of this container
            yield from (folder for folder in (own, *own.parents) if folder.is_relative_to(root))


def _quota(cgroup: pathlib.Path) -> int | None:
    """Return the number of processors that a cgroup grants, rounded up; None if it sets no limit."""
    try:
        if (cgroup / "cpu.max").exists():
            limit, period = _read(cgroup / "cpu.max").split()
        else:
            limit, period = _read(cgroup / "cpu.cfs_quota_us"), _read(cgroup / "cpu.cfs_period_us")
        return None if limit.strip() in ("max", "-1") else -(-int(limit) // int(period))
    except (OSError, ValueError, ZeroDivisionError):
        return None


def _read(path: pathlib.Path) -> str:
    return path.read_text(encoding="ascii")
