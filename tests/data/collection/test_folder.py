"""The walk through a folder of pictures."""

import os
import subprocess
import sys

import pytest

from vaecli.data.collection.folder import FolderContents, walk
from vaecli.data.collection.source import open_source
from vaecli.errors import DataError

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="links, pipes and permissions are those of POSIX")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse names that are not UTF-8")
WITHOUT_RIGHTS = """
import os, pathlib
from vaecli.data.collection.folder import walk
if os.geteuid() == 0:
    os.seteuid(65534)
try:
    entries = walk(pathlib.Path("pictures"))
    print(sorted(entries.names), sorted(entries.bad_files))
except Exception as error:
    print(type(error).__name__, error)
"""


def listed(folder):
    """Return the sorted names that a walk gives, and the reasons of bad files."""
    entries = walk(folder)
    return sorted(entries.names), dict(entries.bad_files)


def put(folder, *names):
    """Write files, with the folders that they need; their contents do not matter."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode("utf-8", "surrogateescape"))


def test_names_sizes_and_times(pictures):
    """Pictures of all folders are listed with their sizes and times; contents are their paths."""
    put(pictures, "a.png", "sub/deep/b.jpg")
    os.utime(pictures / "a.png", ns=(0, 1234567890123456700))
    entries = walk(pictures)
    assert sorted(entries.names) == ["a.png", "sub/deep/b.jpg"]
    position = entries.names.index("a.png")
    assert (entries.sizes[position], entries.times[position]) == (5, 1234567890123456700)
    assert list(FolderContents(pictures)(["sub/deep/b.jpg"])) == [pictures / "sub/deep/b.jpg"]


def test_hidden_files_and_those_of_systems(pictures):
    """Hidden files, and files and folders that systems make, are skipped without a word."""
    put(
        pictures,
        "a.png",
        ".hidden.png",
        ".git/b.png",
        "__MACOSX/c.png",
        "._a.png",
        "Thumbs.db",
        "@eaDir/d.png",
    )
    assert listed(pictures) == (["a.png"], {})


def test_content_decides(pictures, write):
    """A picture without a suffix, or with a wrong one, is one; other files are ignored, not bad."""
    write(pictures, 2)
    (pictures / "0000.png").rename(pictures / "none")
    (pictures / "0001.png").rename(pictures / "wrong.txt")
    (pictures / "notes.txt").write_text("These are my pictures.")
    (pictures / "empty").touch()
    entries = walk(pictures)
    assert sorted(entries.names) == ["none", "wrong.txt"]
    assert (entries.ignored, sorted(entries.ignored_names)) == (2, ["empty", "notes.txt"])


@pytest.mark.parametrize("name", ["a b", "quote'\"", "кошка", "-rf", "100%", "a#b", "~x", "$HOME", "*"])
def test_odd_names(pictures, name):
    """Any name of a file or folder is listed as it is."""
    put(pictures, f"{name}.png", f"{name}/{name}.png")
    assert listed(pictures) == (sorted([f"{name}.png", f"{name}/{name}.png"]), {})


@LINUX
@pytest.mark.parametrize("name", ["two\nlines", "byte\udcff", "\x1b[2J", "back\\slash"])
def test_names_that_cannot_be_printed(pictures, name):
    """Names with control characters, or bytes that are not UTF-8, are listed as they are."""
    put(pictures, f"{name}/{name}.png", "z/1.png")
    listing = open_source(pictures)
    assert f"{name}/{name}.png" in listing.names
    assert all(path.exists() for path in listing.contents(listing.names))
    assert all(class_name.isprintable() for class_name in listing.class_names)


@POSIX
def test_links_to_what_is_listed(pictures):
    """Links to pictures and folders that are listed anyway are left out, so that no picture is there twice."""
    put(pictures, "all/1.png")
    (pictures / "cat").mkdir()
    (pictures / "cat/1.png").symlink_to("../all/1.png")
    (pictures / "dog").symlink_to("all")
    names, bad = listed(pictures)
    assert names == ["all/1.png"]
    assert bad == {
        "cat/1.png": "is a link to all/1.png, which is listed already",
        "dog": "is a link to all, which is listed already",
    }


@POSIX
def test_links_to_hidden_folders(pictures):
    """Links to what is hidden are followed once, as tools that store pictures by their content make them."""
    put(pictures, ".store/1.png", ".store/sub/2.png")
    (pictures / "a.png").symlink_to(".store/1.png")
    (pictures / "b.png").symlink_to(".store/1.png")
    (pictures / "sub").symlink_to(".store/sub")
    names, bad = listed(pictures)
    assert len(names) == 2
    assert "sub/2.png" in names
    assert len(bad) == 1


@POSIX
def test_links_that_leave_the_folder(pictures, tmp_path):
    """Links to files and folders outside are left out, also through a second link."""
    put(tmp_path, "outside/1.png", "my pictures 2/1.png")
    put(pictures, "good.png")
    (pictures / "file.png").symlink_to(tmp_path / "outside/1.png")
    (pictures / "folder").symlink_to(tmp_path / "outside")
    (pictures / "twice").symlink_to("folder")
    (pictures / "alike").symlink_to(tmp_path / "my pictures 2")
    names, bad = listed(pictures)
    assert names == ["good.png"]
    assert bad == dict.fromkeys(["file.png", "folder", "twice", "alike"], "is a link that leaves the folder")


@POSIX
def test_loops(pictures):
    """Links that go round in circles, to themselves or to a folder above, end."""
    put(pictures, "sub/1.png", ".hidden/sub/2.png")
    (pictures / "self.png").symlink_to("self.png")
    (pictures / "sub/up").symlink_to("..")
    (pictures / "into").symlink_to(".hidden/sub")
    (pictures / ".hidden/sub/up").symlink_to("..")
    names, bad = listed(pictures)
    assert names == ["into/2.png", "sub/1.png"]
    assert bad["self.png"] == bad["sub/up"] == "is a link that goes round in circles"


@POSIX
def test_a_broken_link(pictures):
    """A link to nothing is left out, with the reason."""
    put(pictures, "a.png")
    (pictures / "b.png").symlink_to("gone.png")
    assert listed(pictures) == (["a.png"], {"b.png": "is a broken link"})


@POSIX
def test_a_linked_root(pictures, tmp_path):
    """The folder itself may be a link; links within it still stay inside."""
    put(pictures, "a.png", ".b/b.png")
    (pictures / "b.png").symlink_to(pictures / ".b/b.png")
    (tmp_path / "link").symlink_to(pictures)
    assert listed(tmp_path / "link") == (["a.png", "b.png"], {})
    assert open_source(tmp_path / "link").name == "my pictures"


@POSIX
def test_pipes(pictures):
    """A pipe is never opened, which would wait forever; it is bad if it has the name of a picture."""
    put(pictures, "a.png")
    os.mkfifo(pictures / "pipe.png")
    os.mkfifo(pictures / "pipe")
    (pictures / "link.png").symlink_to("pipe")
    names, bad = listed(pictures)
    assert names == ["a.png"]
    assert bad["pipe.png"] == "is a device, pipe or socket, not a file"


@POSIX
def test_a_link_to_a_device(pictures):
    """A device outside is never opened."""
    put(pictures, "a.png")
    (pictures / "zero").symlink_to("/dev/zero")
    assert listed(pictures) == (["a.png"], {"zero": "is a link that leaves the folder"})


def test_deep_folders(pictures):
    """Folders within folders, 200 deep, are listed."""
    deep = "/".join(["d"] * 200)
    put(pictures, f"{deep}/a.png")
    assert listed(pictures) == ([f"{deep}/a.png"], {})


@POSIX
def test_a_folder_without_permission(process, here):
    """A subfolder that may not be read is a bad file; the rest is listed."""
    here.chmod(0o755)
    put(here / "pictures", "a.png", "shut/b.png", "text")
    (here / "pictures/shut").chmod(0)
    (here / "pictures/text").chmod(0)
    try:
        output = process(code=WITHOUT_RIGHTS).stdout.decode()
    finally:
        (here / "pictures/shut").chmod(0o755)
    assert output.startswith("['a.png'] ")
    assert "file='shut/', reason='is a folder that cannot be read: Permission denied'" in output
    assert "file='text', reason='cannot be read: Permission denied'" in output


@POSIX
def test_a_root_without_permission(process, here):
    """A folder that may not be read is an error that names it."""
    here.chmod(0o755)
    put(here / "pictures", "a.png")
    (here / "pictures").chmod(0)
    try:
        output = process(code=WITHOUT_RIGHTS).stdout.decode()
    finally:
        (here / "pictures").chmod(0o755)
    assert output.startswith("DataError Cannot read the folder ")
    assert "Permission denied" in output


def test_a_folder_that_is_gone(tmp_path):
    """A folder that vanished is an error that names it."""
    with pytest.raises(DataError, match=r"Cannot read the folder .*gone: No such file"):
        walk(tmp_path / "gone")


@POSIX
def test_links_to_other_files(pictures):
    """A link to a table of labels is followed; one to a file that is no picture is ignored as that file is."""
    put(pictures, "a.png")
    (pictures / "labels-2.csv").write_text("file_name,label\na.png,x\n")
    (pictures / "metadata.csv").symlink_to("labels-2.csv")
    (pictures / "read me").symlink_to("labels-2.csv")
    entries = walk(pictures)
    assert (entries.names, entries.bad_files) == (["a.png"], [])
    assert list(entries.metadata) == ["metadata.csv"]


@LINUX
def test_folders_too_deep_for_a_path(here, pictures):
    """Folders deeper than the system's paths reach are a bad file; what is above is listed."""
    put(pictures, "a.png")
    at = os.open(pictures, os.O_RDONLY)
    for _ in range(2500):
        os.mkdir("d", dir_fd=at)
        deeper = os.open("d", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = deeper
    os.close(at)
    try:
        names, bad = listed(pictures)
    finally:
        subprocess.run(["rm", "-rf", "--", pictures], check=True)  # Python's own removal is recursive
    assert names == ["a.png"]
    assert list(bad.values()) == ["is a folder that cannot be read: File name too long"]
