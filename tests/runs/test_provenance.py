"""Where a run comes from: what is written holds, in a git checkout and outside of one."""

import datetime
import json
import shutil
import subprocess
import sys

import pytest

from vaecli.runs import provenance


def test_versions_are_of_this_interpreter():
    """Python, vaecli and what it runs on are there; a package that is not installed is left out."""
    found = provenance.versions()
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert {"vaecli", "numpy", "onnxruntime"} <= set(found)
    assert set(found) <= {"python", *provenance.PACKAGES}


def test_now_sorts():
    """Times are UTC, and text order is time order."""
    times = [provenance.now() for _ in range(50)]
    assert times == sorted(times)
    parsed = datetime.datetime.fromisoformat(times[0])
    assert parsed.utcoffset() == datetime.timedelta(0)
    assert abs(parsed - datetime.datetime.now(datetime.UTC)) < datetime.timedelta(minutes=1)


def test_describe_outside_of_git(here, monkeypatch):
    """All of it can be written as JSON; without a repository `git` is null; threads are as told."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(here.parent))
    facts = json.loads(json.dumps(provenance.describe(3)))
    assert facts["git"] is None
    assert facts["machine"]["threads"] == 3
    assert facts["command"] == sys.argv


def test_describe_without_git(here, monkeypatch):
    """A machine that has no git is no reason to fail."""
    monkeypatch.setenv("PATH", "")
    assert provenance.describe(1)["git"] is None


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_describe_in_git(here):
    """In a repository: its commit, and whether something is not committed."""
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], [*who, "commit", "-q", "--allow-empty", "-m", "first"]):
        subprocess.run(["git", *command], cwd=here, check=True)
    git = provenance.describe(1)["git"]
    assert len(git["commit"]) == 40
    assert git["changed"] is False
    (here / "new").touch()
    assert provenance.describe(1)["git"] == git | {"changed": True}
