"""The provenance of a run: versions, command line, git state, machine. What cannot be found out is left out."""

import contextlib
import datetime
import importlib.metadata
import os
import platform
import subprocess
import sys

PACKAGES = ("vaecli", "tensorflow", "keras", "tf2onnx", "onnxruntime", "numpy")
GIT_SECONDS = 5  # for each command
_NEVER_ASK = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "SSH_ASKPASS": "", "GIT_OPTIONAL_LOCKS": "0"}


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that decide the results, those that are installed."""
    installed = {"python": platform.python_version()}
    for package in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            installed[package] = importlib.metadata.version(package)
    return installed


def now() -> str:
    """Return the time, ISO 8601 in UTC with microseconds, so that texts sort by time."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds")


def describe(threads: int) -> dict[str, object]:
    """Describe this process for provenance.json: everything but data and options."""
    return {
        "started": now(),
        "command": [argument.encode(errors="replace").decode() for argument in sys.argv],
        "versions": versions(),
        "git": _git(),
        "machine": {"system": platform.platform(), "processor": _processor(), "threads": threads},
    }


def _git() -> dict[str, object] | None:
    """Return the commit of the current folder and whether files have changed since; None outside a repository."""
    commit = _run_git("rev-parse", "HEAD")
    if not commit:
        return None
    status = _run_git("status", "--porcelain")
    return {"commit": commit, "changed": None if status is None else bool(status)}


def _run_git(*arguments: str) -> str | None:
    """Return what git prints; None if there is no git, it fails, or it takes too long."""
    try:
        result = subprocess.run(
            ["git", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=GIT_SECONDS,
            check=True,
            env=os.environ | _NEVER_ASK,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return result.stdout.decode(errors="replace").strip()


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor()
