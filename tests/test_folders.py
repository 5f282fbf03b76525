"""Folders: their files appear together, and what counts as empty."""

import errno
import os
import pathlib
import stat
import sys

import pytest

from vaecli import files, folders
from vaecli.errors import OutputError

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="links, permissions and limits are those of POSIX")
BAD_ENDS = [ValueError("bad"), OSError(5, "Input/output error"), KeyboardInterrupt(), SystemExit(1)]
SYSTEM_ENTRIES = [
    ".DS_Store", "Thumbs.db", "thumbs.db", "desktop.ini", "Desktop.ini", "lost+found", "._a.png", ".nfs0001",
    ".directory", "System Volume Information",
]  # fmt: skip


def fill(path, content, **options):
    """Write files `name: content` into a folder."""
    with folders.replacing_folder(path, **options) as folder:
        for name, text in content.items():
            (folder / name).write_bytes(text)


def below(folder):
    """Return each file of a folder with its content."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_require_free(tmp_path):
    """A file or a folder with something in it is refused, unless forced; nothing and an empty folder are free."""
    taken, empty = tmp_path / "taken", tmp_path / "empty"
    empty.mkdir()
    taken.mkdir()
    (taken / "file").touch()
    for path in (tmp_path / "new", empty):
        folders.require_free(path)
    for path in (taken, taken / "file"):
        with pytest.raises(OutputError, match="--force"):
            folders.require_free(path)
        folders.require_free(path, force=True)


@POSIX
def test_a_broken_link_is_not_free(tmp_path):
    """A symbolic link that leads nowhere is a name that is taken."""
    link = tmp_path / "a.png"
    link.symlink_to(tmp_path / "gone")
    with pytest.raises(OutputError, match="exists already"):
        folders.require_free(link)


@POSIX
def test_devices_and_pipes_are_refused(tmp_path):
    """Devices and pipes are refused, with `force` too."""
    os.mkfifo(tmp_path / "pipe.npy")
    for path in (tmp_path / "pipe.npy", pathlib.Path("/dev/null")):
        with pytest.raises(OutputError, match="device, pipe or socket"):
            folders.require_free(path, force=True)


@pytest.mark.parametrize("name", SYSTEM_ENTRIES)
def test_entries_of_the_system_do_not_count(tmp_path, name):
    """A folder with nothing but entries that systems make counts as empty; with a file of the user it does not."""
    (tmp_path / name).mkdir() if name == "lost+found" else (tmp_path / name).touch()
    assert folders.is_empty(tmp_path)
    folders.require_free(tmp_path)
    (tmp_path / "notes.txt").touch()
    assert not folders.is_empty(tmp_path)


def test_what_another_process_writes_does_not_count(tmp_path):
    """A folder counts as empty while another process writes its temporary file there."""
    with files.replacing(tmp_path / "a"):
        assert folders.is_empty(tmp_path)


def test_replacing_a_folder(tmp_path):
    """A new folder appears whole; in an existing one files of the same name are replaced, others stay."""
    out = tmp_path / "out"
    with folders.replacing_folder(out) as folder:
        (folder / "0").write_bytes(b"first")
        (folder / "1").write_bytes(b"kept")
        assert not out.exists()
    fill(out, {"0": b"second"})
    assert below(out) == {"0": b"second", "1": b"kept"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("error", BAD_ENDS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("before", [{}, {"out/0.png": b"old"}], ids=["new", "old"])
def test_an_error_of_the_body_changes_nothing(tmp_path, contents, before, error):
    """Any error of the body passes unchanged, and no file appears or changes."""
    for name, content in before.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(content)
    snapshot = contents(tmp_path)
    with pytest.raises(type(error)) as caught, folders.replacing_folder(tmp_path / "out") as folder:
        (folder / "0.png").write_bytes(b"half")
        raise error
    assert caught.value is error
    assert contents(tmp_path) == snapshot


def test_outdated_files_go_last(tmp_path):
    """Outdated files are removed once the new ones are complete; other files stay."""
    out = tmp_path / "out"
    fill(out, {"0.png": b"old", "1.png": b"old", "notes": b"mine"})
    with (
        pytest.raises(ValueError, match="bad"),
        folders.replacing_folder(out, is_outdated=lambda path: path.suffix == ".png"),
    ):
        raise ValueError("bad")
    assert len(below(out)) == 3
    fill(out, {"0.png": b"new"}, is_outdated=lambda path: path.suffix == ".png")
    assert below(out) == {"0.png": b"new", "notes": b"mine"}


@pytest.mark.parametrize("exists", [True, False])
def test_two_series_do_not_mix(tmp_path, exists):
    """With `refuse`, the second of two writers to end is refused, whether the folder existed or not."""
    out = tmp_path / "out"
    if exists:
        out.mkdir()
    with (
        pytest.raises(OutputError, match="out is a folder that is not empty"),
        folders.replacing_folder(out, if_taken="refuse") as late,
    ):
        (late / "5").write_bytes(b"late")
        fill(out, {"0": b"early", "1": b"early"}, if_taken="refuse")
    assert below(out) == {"0": b"early", "1": b"early"}


@pytest.mark.parametrize("where", ["missing/a", "file/a", "file"])
def test_places_that_cannot_be_written(tmp_path, contents, where):
    """A missing parent, a file in its place, and a file in the folder's place are errors."""
    (tmp_path / "file").touch()
    before = contents(tmp_path)
    with pytest.raises(OutputError):
        fill(tmp_path / where, {"0": b""})
    assert contents(tmp_path) == before


def test_a_folder_where_a_file_must_go(tmp_path):
    """A folder in the place of a new file is an error before any file has moved."""
    out = tmp_path / "out"
    (out / "1").mkdir(parents=True)
    with pytest.raises(OutputError, match=r"out.1: it is a folder"):
        fill(out, {"0": b"new", "1": b"new"})
    assert [path.name for path in out.iterdir()] == ["1"]


@POSIX
def test_a_link_to_a_folder(tmp_path):
    """The target of a link is filled, whether it exists or not, and the link stays."""
    (tmp_path / "there").mkdir()
    for name in ("there", "new"):
        link = tmp_path / f"link-to-{name}"
        link.symlink_to(name)
        fill(link, {"0": b"x"})
        assert link.is_symlink()
        assert below(tmp_path / name) == {"0": b"x"}


WITHOUT_RIGHTS = """
import os, pathlib
from vaecli import folders
if os.geteuid() == 0:
    os.seteuid(65534)
with folders.replacing_folder(pathlib.Path("parent/out")) as folder:
    (folder / "0").write_bytes(b"x")
"""


@POSIX
def test_a_folder_in_a_read_only_one(process, here):
    """A writable folder in a read-only one, such as a mounted volume, is filled."""
    here.chmod(0o755)
    out = here / "parent" / "out"
    out.mkdir(parents=True)
    out.chmod(0o777)
    out.parent.chmod(0o555)
    try:
        assert process(code=WITHOUT_RIGHTS).stderr == b""
        assert below(out) == {"0": b"x"}
    finally:
        out.parent.chmod(0o755)


@pytest.mark.parametrize("exists", [True, False])
def test_file_systems_without_rename(tmp_path, monkeypatch, exists):
    """Where neither folders nor files can be renamed, the files are copied."""

    def refuse(*_arguments, **_options):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(os, "rename", refuse)
    monkeypatch.setattr(os, "replace", refuse)
    if exists:
        (tmp_path / "out").mkdir()
    fill(tmp_path / "out", {"0": b"x", "1": b"y"})
    assert below(tmp_path / "out") == {"0": b"x", "1": b"y"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_rename_that_fails(tmp_path, monkeypatch):
    """Another error of the rename is an error that names the folder, and nothing is left."""

    def refuse(*_arguments, **_options):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(OutputError, match=f"Cannot write .*out: {os.strerror(errno.EACCES)}"):
        fill(tmp_path / "out", {"0": b"x"})
    assert list(tmp_path.iterdir()) == []


def test_systems_without_file_locks(tmp_path, monkeypatch):
    """Files move also where Python has no fcntl, as on Windows."""
    monkeypatch.setitem(sys.modules, "fcntl", None)
    (tmp_path / "out").mkdir()
    fill(tmp_path / "out", {"0": b"x"})
    assert below(tmp_path / "out") == {"0": b"x"}


@POSIX
def test_folders_have_usual_permissions(tmp_path):
    """A folder is as open as the umask allows."""
    before = os.umask(0o027)
    try:
        fill(tmp_path / "out", {"0": b""})
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o750


KILLED = """
import os, pathlib, signal
from vaecli import files, folders
with files.replacing(pathlib.Path("a")) as file, folders.replacing_folder(pathlib.Path("b")) as folder:
    (folder / "0").touch()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@POSIX
def test_leftovers_of_a_killed_process(process, here):
    """Temporary files and folders are removed; hidden and partial files of other programs stay."""
    others = [".a.part", ".vaecli-notes", "download.part"]
    for name in others:
        (here / name).touch()
    process(code=KILLED)
    assert len(list(here.iterdir())) == len(others) + 2
    folders.remove_leftovers(here)
    assert sorted(path.name for path in here.iterdir()) == others
