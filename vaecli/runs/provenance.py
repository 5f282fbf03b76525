"""Where a run comes from: versions, command line, git state, machine."""

import datetime
import importlib.metadata
import platform
import subprocess
import sys

PACKAGES = ("vaecli", "tensorflow", "keras", "tf2onnx", "onnxruntime", "numpy")


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that matter, as far as they are installed."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def now() -> str:
    """The time, ISO 8601 in UTC, microseconds included so that runs sort."""
    return datetime.datetime.now(datetime.UTC).isoformat()


def describe(threads: int) -> dict[str, object]:
    """Everything but the data and the options, for provenance.json."""
    return {
        "started": now(),
        "command": sys.argv,
        "versions": versions(),
        "git": _git(),
        "machine": {"system": platform.platform(), "processor": _processor(), "threads": threads},
    }


def _git() -> dict[str, object] | None:
    try:
        commit = _run("git", "rev-parse", "HEAD")
        return {"commit": commit, "changed": bool(_run("git", "status", "--porcelain"))}
    except (OSError, subprocess.SubprocessError):
        return None


def _run(*command: str) -> str:
    result = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
    return result.stdout.strip()


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123
            names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
        return names[0] if names else platform.processor()
    except OSError:
        return platform.processor()
