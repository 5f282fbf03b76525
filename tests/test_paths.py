"""Every path that a user can type is expanded, or refused with an error of ours."""

import os
import pathlib
import subprocess
import sys

import pytest

from vaecli.errors import DataError, ModelError, OptionError
from vaecli.paths import shown, user_path

REFUSED = {
    "unknown user": "~no-such-user/a.png",
    "name of 300 characters": "a" * 300,
    "path of 5,000 characters": "/".join(["a" * 99] * 50),
    "zero byte": "a\0b",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_refused_paths(text, here):
    """The error is of the kind that the caller names; the message is short."""
    for error in (DataError, ModelError):
        with pytest.raises(error, match=r"Cannot (use|expand)") as refusal:
            user_path(text, error=error)
        assert len(refusal.value.message) < 400


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a privilege there")
def test_a_loop_of_links_is_refused(here):
    """A link to itself names the loop; a link that leads nowhere is a path with nothing there."""
    (here / "loop").symlink_to("loop")
    (here / "dangling").symlink_to("nowhere")
    with pytest.raises(DataError, match="loop"):
        user_path("loop")
    assert user_path("dangling") == pathlib.Path("dangling")


def test_empty_text_is_a_usage_error():
    """The option is named, and what came."""
    with pytest.raises(OptionError, match=r"^--data must name a file or folder, got ''\.") as refusal:
        user_path("", option="--data")
    assert refusal.value.option == "--data"


def test_home_is_expanded(here, monkeypatch):
    """`~` is the home folder; a file whose own name begins with ~ is that file."""
    monkeypatch.setenv("HOME", str(here))
    assert user_path("~/x") == here / "x"
    (here / "~old.png").touch()
    assert user_path("~old.png") == pathlib.Path("~old.png")


def test_absent_paths_are_the_callers_concern(here):
    """Nothing there, or a file where a folder should be, is no error here."""
    (here / "file").touch()
    assert user_path("absent") == pathlib.Path("absent")
    assert user_path("file/below") == pathlib.Path("file/below")


CLOSED = """
import os, sys
from vaecli.errors import DataError
from vaecli.paths import user_path
os.seteuid(65534)
try:
    user_path(sys.argv[1])
except DataError as error:
    print(error)
"""


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another user"
)
def test_a_folder_that_may_not_be_entered(tmp_path):
    """For a user without the right to look inside, the error gives the system's reason."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    command = [sys.executable, "-c", CLOSED, closed / "a.png"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "Permission denied" in result.stdout


def test_long_paths_are_shortened_in_messages():
    """Both ends of a long path are shown."""
    assert shown("short") == "short"
    assert shown("a" * 500 + "b") == "a" * 100 + "..." + "a" * 99 + "b"
