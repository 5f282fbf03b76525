"""Whole or not there: what `vaecli.files` leaves after good and bad ends."""

import os
import pathlib
import stat
import sys

import pytest

from vaecli import files
from vaecli.errors import OutputError

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="permissions are POSIX's")
BAD_ENDS = [ValueError("bad"), OSError(28, "No space left on device"), KeyboardInterrupt(), SystemExit(1)]


def raised(error):
    """What comes out when `error` is raised inside: an OSError is translated."""
    return OutputError if isinstance(error, OSError) else type(error)


def test_next_free_counts_up(tmp_path):
    """The name itself, then -2, -3 before the suffix; gaps are filled."""
    wanted = tmp_path / "a.b.png"
    names = []
    for _ in range(3):
        free = files.next_free(wanted)
        names.append(free.name)
        free.touch()
    assert names == ["a.b.png", "a.b-2.png", "a.b-3.png"]
    (tmp_path / "a.b-2.png").unlink()
    assert files.next_free(wanted).name == "a.b-2.png"


@POSIX
def test_a_broken_link_is_not_free(tmp_path):
    """A symbolic link that leads nowhere is the user's too: its name is taken."""
    link = tmp_path / "a.png"
    link.symlink_to(tmp_path / "gone")
    assert files.next_free(link).name == "a-2.png"
    with pytest.raises(OutputError, match="exists already"):
        files.require_free(link)


def test_require_free(tmp_path):
    """A file or a folder with something in it is refused, unless forced; nothing and an empty folder are free."""
    taken, empty = tmp_path / "taken", tmp_path / "empty"
    empty.mkdir()
    taken.mkdir()
    (taken / "file").touch()
    for path in (tmp_path / "new", empty):
        files.require_free(path)
    for path in (taken, taken / "file"):
        with pytest.raises(OutputError, match="--force"):
            files.require_free(path)
        files.require_free(path, force=True)


def test_replacing_a_file(tmp_path, contents):
    """The new content appears at the end of the body, not before, and nothing else is left."""
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with files.replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert contents(tmp_path) == {"a.bin": b"new"}


@pytest.mark.parametrize("error", BAD_ENDS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("before", [{}, {"a.bin": b"old"}], ids=["new", "old"])
def test_replacing_leaves_what_was(tmp_path, contents, before, error):
    """Whatever ends the body badly, Ctrl-C too, the folder is byte for byte what it was."""
    for name, content in before.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(raised(error)), files.replacing(tmp_path / "a.bin") as file:
        file.write(b"half")
        raise error
    assert contents(tmp_path) == before


@pytest.mark.parametrize("error", BAD_ENDS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("before", [{}, {"out/0.png": b"old"}], ids=["new", "old"])
def test_replacing_a_folder_leaves_what_was(tmp_path, contents, before, error):
    """The same for a folder: no file of it appears, none that was there is touched."""
    for name, content in before.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(content)
    was = contents(tmp_path)
    with pytest.raises(raised(error)), files.replacing_folder(tmp_path / "out") as folder:
        (folder / "0.png").write_bytes(b"half")
        raise error
    assert contents(tmp_path) == was


def test_replacing_a_folder(tmp_path, contents):
    """A new folder appears whole; into one that is there, files move: same names replaced, others kept."""
    out = tmp_path / "out"
    with files.replacing_folder(out) as folder:
        (folder / "0").write_bytes(b"first")
        (folder / "1").write_bytes(b"kept")
        assert not out.exists()
    with files.replacing_folder(out) as folder:
        (folder / "0").write_bytes(b"second")
    assert {name.replace("\\", "/"): content for name, content in contents(tmp_path).items()} == {
        "out": None,
        "out/0": b"second",
        "out/1": b"kept",
    }


@pytest.mark.parametrize("where", ["missing/a", "file/a", "folder"])
def test_places_that_cannot_be_written(tmp_path, contents, where):
    """A missing folder, a file where a folder should be, a folder where the file should be: one named error."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inner").touch()
    was = contents(tmp_path)
    with pytest.raises(OutputError, match=pathlib.Path(where).name):
        files.write_bytes(tmp_path / where, b"x")
    assert contents(tmp_path) == was


@pytest.mark.parametrize("where", ["missing/a", "file/a", "file"])
def test_folders_that_cannot_be_written(tmp_path, contents, where):
    """The same for a folder."""
    (tmp_path / "file").touch()
    was = contents(tmp_path)
    with pytest.raises(OutputError), files.replacing_folder(tmp_path / where) as folder:
        (folder / "0").touch()
    assert contents(tmp_path) == was


@pytest.mark.skipif(
    not pathlib.Path("/proc/version").exists(), reason="a place where root cannot write either"
)
def test_read_only_even_for_root():
    """/proc takes no new file from anyone: the error says so and names the place."""
    with pytest.raises(OutputError, match="/proc/vaecli"):
        files.write_text(pathlib.Path("/proc/vaecli.txt"), "x")


FULL_DISK = """
import pathlib, resource, sys
from vaecli import files
from vaecli.errors import OutputError
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    files.write_bytes(pathlib.Path("a.bin"), bytes(20_000))
except OutputError as error:
    print("file", error)
try:
    with files.replacing_folder(pathlib.Path("out")) as folder:
        (folder / "0").write_bytes(bytes(5_000))
        (folder / "1").write_bytes(bytes(20_000))
except OutputError as error:
    print("folder", error)
"""


@POSIX
def test_a_disk_that_fills_up(process, here):
    """The kernel refuses to let a file grow, as a full disk does: an error, and no half of anything is left."""
    result = process(code=FULL_DISK)
    assert result.stdout.startswith(b"file Cannot write a.bin: ")
    assert b"folder Cannot write out: " in result.stdout
    assert result.stderr == b""
    assert list(here.iterdir()) == []


@POSIX
@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_results_have_usual_permissions(tmp_path, mask):
    """A temporary file is for its owner alone; the result is as readable as the umask allows."""
    before = os.umask(mask)
    try:
        files.write_text(tmp_path / "a", "x")
        with files.replacing_folder(tmp_path / "out"):
            pass
    finally:
        assert os.umask(before) == mask
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o666 & ~mask
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o777 & ~mask


def test_text_is_utf8(tmp_path):
    """Text is written as UTF-8, newlines as they are, on every system."""
    files.write_text(tmp_path / "a", "é\n")
    assert (tmp_path / "a").read_bytes() == b"\xc3\xa9\n"


@pytest.mark.parametrize("inside", [False, True])
def test_where_a_folder_is_made(tmp_path, inside):
    """Beside the target, so that a kill leaves it empty; or inside, where `remove_leftovers` looks after it."""
    (tmp_path / "out").mkdir()
    with files.replacing_folder(tmp_path / "out", inside=inside) as folder:
        (folder / "a").touch()
        assert folder.parent == (tmp_path / "out" if inside else tmp_path)
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "a"]
