"""How many threads this process may keep busy."""

import os
import pathlib


def available(cgroup: pathlib.Path = pathlib.Path("/sys/fs/cgroup")) -> int:
    """The least of the processor affinity and the cgroup's quota, at least 1; not the machine's count."""
    count = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # Linux
        count = len(os.sched_getaffinity(0))
    return max(1, min(count, _quota(cgroup, count)))


def _quota(cgroup: pathlib.Path, default: int) -> int:
    try:
        limit, period = (cgroup / "cpu.max").read_text(encoding="ascii").split()
        return default if limit == "max" else -(-int(limit) // int(period))
    except (OSError, ValueError, ZeroDivisionError):
        return default
