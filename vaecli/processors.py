"""How many threads this process may keep busy."""

import os
import pathlib


def available(
    cgroups: pathlib.Path = pathlib.Path("/sys/fs/cgroup"),
    membership: pathlib.Path = pathlib.Path("/proc/self/cgroup"),
) -> int:
    """The least of the processor affinity and the cgroups' quotas, at least 1; not the machine's count.

    Args:
        cgroups: where the second version of cgroups is mounted.
        membership: says which of them this process is in.
    """
    count = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # Linux
        count = len(os.sched_getaffinity(0))
    return max(1, min(_quota(folder, count) for folder in _own(cgroups, membership)))


def _own(cgroups: pathlib.Path, membership: pathlib.Path) -> list[pathlib.Path]:
    """The folder of this process's cgroup and of those around it, any of which may set a quota."""
    try:
        lines = membership.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return [cgroups]
    path = next((line.removeprefix("0::") for line in lines if line.startswith("0::")), "/")
    own = cgroups / path.lstrip("/")
    if ".." in own.parts:  # a cgroup outside of this container
        return [cgroups]
    return [folder for folder in (own, *own.parents) if folder.is_relative_to(cgroups)]


def _quota(cgroup: pathlib.Path, count: int) -> int:
    """What a cgroup grants, rounded up, and no more than `count`."""
    try:
        limit, period = (cgroup / "cpu.max").read_text(encoding="ascii").split()
        return count if limit == "max" else min(count, -(-int(limit) // int(period)))
    except (OSError, ValueError, ZeroDivisionError):
        return count
