"""Provenance in a git repository, outside of one, and where little can be found out."""

import datetime
import json
import os
import shutil
import subprocess
import sys

import pytest

from vaecli.runs import provenance


def test_versions_are_of_this_interpreter():
    """Python, vaecli and its packages are there; a package that is not installed is left out."""
    versions = provenance.versions()
    assert versions["python"] == ".".join(map(str, sys.version_info[:3]))
    assert {"vaecli", "numpy", "onnxruntime"} <= set(versions)
    assert set(versions) <= {"python", *provenance.PACKAGES}


def test_now_sorts():
    """Times are UTC, and text order is time order."""
    times = [provenance.now() for _ in range(50)]
    assert times == sorted(times)
    parsed = datetime.datetime.fromisoformat(times[0])
    assert parsed.utcoffset() == datetime.timedelta(0)
    assert abs(parsed - datetime.datetime.now(datetime.UTC)) < datetime.timedelta(hours=1)


def test_describe_outside_of_git(here, monkeypatch):
    """Everything can be written as JSON; outside a repository `git` is null."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(here.parent))
    facts = json.loads(json.dumps(provenance.describe(3)))
    assert facts["git"] is None
    assert facts["machine"]["threads"] == 3
    assert facts["command"] == sys.argv


def test_describe_without_git(here, monkeypatch):
    """Without git, `git` is null."""
    monkeypatch.setenv("PATH", "")
    assert provenance.describe(1)["git"] is None


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_describe_in_git(here):
    """In a repository, `git` has the commit, and whether files have changed since."""
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], [*who, "commit", "-q", "--allow-empty", "-m", "first"]):
        subprocess.run(["git", *command], cwd=here, check=True)
    git = provenance.describe(1)["git"]
    assert len(git["commit"]) == 40
    assert git["changed"] is False
    (here / "new").touch()
    assert provenance.describe(1)["git"] == git | {"changed": True}


GIT_THAT_ASKS = """#!/bin/sh
read answer && exit 0  # never reached if nothing can be typed
[ "$GIT_TERMINAL_PROMPT" = 0 ] || exit 0
printf '\\377\\n'
"""


@pytest.mark.skipif(os.name == "nt", reason="a shell script takes the place of git")
def test_git_that_asks_gets_no_answer(here, monkeypatch):
    """A git that asks for a password reads the end of its input, and what it prints need not be UTF-8."""
    (here / "git").write_text(GIT_THAT_ASKS)
    (here / "git").chmod(0o755)
    monkeypatch.setenv("PATH", os.fspath(here))
    git = provenance.describe(1)["git"]
    assert git == {"commit": "\N{REPLACEMENT CHARACTER}", "changed": True}


def test_describe_without_home(here, monkeypatch):
    """No HOME and no user of that number, as in containers, change nothing."""
    monkeypatch.delenv("HOME", raising=False)
    assert provenance.describe(2)["machine"]["threads"] == 2


def test_arguments_that_are_not_text(monkeypatch):
    """A path that is not UTF-8 on the command line can still be written as JSON in UTF-8."""
    monkeypatch.setattr(sys, "argv", ["vaecli", os.fsdecode(b"run-\xff")])
    json.dumps(provenance.describe(1), ensure_ascii=False).encode()
