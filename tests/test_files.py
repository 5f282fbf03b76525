"""Files: whole or absent, however the body ends, and each of two processes has a name of its own."""

import concurrent.futures
import errno
import os
import pathlib
import shutil
import stat
import sys

import numpy as np
import PIL.Image
import pytest

from vaecli import files
from vaecli.errors import OutputError

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="links, permissions and limits are those of POSIX")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes are allowed on Linux")
BAD_ENDS = [ValueError("bad"), OSError(5, "Input/output error"), KeyboardInterrupt(), SystemExit(1)]
UNSUPPORTED = [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS]


def refusing(code):
    """Return a system call that fails with this error number."""

    def refuse(*_arguments, **_options):
        raise OSError(code, os.strerror(code))

    return refuse


def test_replacing_a_file(tmp_path, contents):
    """The new content appears at the end of the body, not before, and nothing else is left."""
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with files.replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert contents(tmp_path) == {"a.bin": b"new"}
    assert file.path == path


@pytest.mark.parametrize("error", BAD_ENDS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("before", [{}, {"a.bin": b"old"}], ids=["new", "old"])
def test_an_error_of_the_body_changes_nothing(tmp_path, contents, before, error):
    """Any error of the body passes unchanged, an OSError of a reader too, and the folder is as it was."""
    for name, content in before.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(type(error)) as caught, files.replacing(tmp_path / "a.bin") as file:
        file.write(b"half")
        raise error
    assert caught.value is error
    assert contents(tmp_path) == before


def test_a_taken_name_is_numbered(tmp_path, contents):
    """`number` takes the name itself, then the first free one of -2, -3, ...; gaps are filled."""
    names = []
    for content in (b"1", b"2", b"3"):
        with files.replacing(tmp_path / "a.b.png", if_taken="number") as file:
            file.write(content)
        names.append(file.path.name)
    assert names == ["a.b.png", "a.b-2.png", "a.b-3.png"]
    assert contents(tmp_path) == {"a.b.png": b"1", "a.b-2.png": b"2", "a.b-3.png": b"3"}
    (tmp_path / "a.b-2.png").unlink()
    with files.replacing(tmp_path / "a.b.png", if_taken="number") as file:
        pass
    assert file.path.name == "a.b-2.png"


def test_a_name_is_taken_at_the_end(tmp_path, contents):
    """With `number`, the writer that is complete first has the name, and the other takes the next one."""
    path = tmp_path / "a.png"
    with files.replacing(path, if_taken="number") as late:
        late.write(b"late")
        with files.replacing(path, if_taken="number") as early:
            early.write(b"early")
    assert (early.path.name, late.path.name) == ("a.png", "a-2.png")
    assert contents(tmp_path) == {"a.png": b"early", "a-2.png": b"late"}


def test_many_writers_have_many_names(tmp_path, contents):
    """Twenty writers in eight threads leave twenty files, each under the name that its writer got back."""

    def write(number):
        with files.replacing(tmp_path / "a.png", if_taken="number") as file:
            file.write(b"%d" % number)
        return file.path

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(write, range(20)))
    assert [path.read_bytes() for path in paths] == [b"%d" % number for number in range(20)]
    assert len(contents(tmp_path)) == 20


def test_a_name_that_is_taken_meanwhile_is_refused(tmp_path, contents):
    """With `refuse`, what another process wrote during the body stays."""
    path = tmp_path / "a.png"
    with (
        pytest.raises(OutputError, match=r"a\.png exists already.*--force"),
        files.replacing(path, if_taken="refuse") as file,
    ):
        file.write(b"late")
        path.write_bytes(b"early")
    assert contents(tmp_path) == {"a.png": b"early"}


@POSIX
@pytest.mark.parametrize("before", [{"there": b"old"}, {}], ids=["target", "dangling"])
@pytest.mark.parametrize("relative", [True, False])
def test_the_target_of_a_link_is_written(tmp_path, before, relative):
    """A symbolic link stays, and its target gets the content, whether it existed or not."""
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, content in before.items():
        (folder / name).write_bytes(content)
    link = tmp_path / "link.png"
    link.symlink_to("folder/there" if relative else folder / "there")
    files.write_bytes(link, b"new")
    assert link.is_symlink()
    assert [(path.name, path.read_bytes()) for path in folder.iterdir()] == [("there", b"new")]


@POSIX
def test_a_link_is_a_taken_name(tmp_path):
    """For `number` and `refuse` a symbolic link is a name that is taken, even if it leads nowhere."""
    link = tmp_path / "a.png"
    link.symlink_to("gone")
    with files.replacing(link, if_taken="number") as file:
        pass
    assert file.path.name == "a-2.png"
    with pytest.raises(OutputError, match="exists already"), files.replacing(link, if_taken="refuse"):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-2.png", "a.png"]


@pytest.mark.parametrize("where", ["missing/a", "file/a", "folder"])
def test_places_that_cannot_be_written(tmp_path, contents, where):
    """A missing folder, a file in its place, and a folder in the file's place are errors that name the path."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inner").touch()
    before = contents(tmp_path)
    with pytest.raises(OutputError, match=pathlib.Path(where).name):
        files.write_bytes(tmp_path / where, b"x")
    assert contents(tmp_path) == before


@pytest.mark.skipif(not pathlib.Path("/proc/version").exists(), reason="/proc is on Linux alone")
def test_a_place_where_nobody_can_write():
    """/proc takes no new file, and the error names the path."""
    with pytest.raises(OutputError, match="/proc/vaecli"):
        files.write_text(pathlib.Path("/proc/vaecli.txt"), "x")


@LINUX
@pytest.mark.parametrize(
    "name", [b"\xff\xfe.png", b"a" * 251 + b".png", "ä".encode() * 125 + b".png"], ids=len
)
def test_names_of_any_bytes_and_255_of_them(tmp_path, name):
    """Names that are not UTF-8, and the longest that the file system takes, are written."""
    path = tmp_path / os.fsdecode(name)
    files.write_bytes(path, b"x")
    assert [os.fsencode(path.name) for path in tmp_path.iterdir()] == [name]


def test_a_name_too_long(tmp_path, contents):
    """A name of 256 bytes is an error that says so, and nothing is left."""
    with pytest.raises(OutputError, match=r"too long.*shorter"):
        files.write_bytes(tmp_path / ("a" * 256), b"x")
    assert contents(tmp_path) == {}


FULL_DISK = """
import pathlib, resource
import numpy as np
import PIL.Image
from vaecli import files
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
noise = np.random.default_rng(0).integers(0, 256, (200, 200), dtype=np.uint8)
bodies = {
    "bytes": lambda file: file.write(bytes(20_000)),
    "small bytes": lambda file: [file.write(bytes(100)) for _ in range(200)],
    "numpy": lambda file: np.savez(file, noise=noise),
    "Pillow": lambda file: PIL.Image.fromarray(noise).save(file, format="GIF"),
}
for name, body in bodies.items():
    try:
        with files.replacing(pathlib.Path("a.bin")) as file:
            body(file)
    except files.OutputError as error:
        print(name, error)
try:
    with files.replacing(pathlib.Path("a.bin")) as file:
        file.write(bytes(9_999))
        file.flush()
        file.write(bytes(100))
        raise KeyboardInterrupt
except KeyboardInterrupt:
    print("interrupted")
"""


@POSIX
def test_a_disk_that_fills_up(process, here):
    """The kernel refuses to let a file grow, as a full disk does: whoever writes, the error names the target.

    An interrupt stays an interrupt, though what is buffered could not be written either.
    """
    result = process(code=FULL_DISK)
    *lines, last = result.stdout.decode().splitlines()
    assert [line.partition(" Cannot write a.bin: File too large. ")[0] for line in lines] == [
        "bytes", "small bytes", "numpy", "Pillow",
    ]  # fmt: skip
    assert last == "interrupted"
    # NumPy 1 leaves its archive to the garbage collector, which finds the file closed.
    assert result.stderr == b"" or result.stderr.startswith(
        b"Exception ignored in: <function ZipFile.__del__"
    )
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("code", UNSUPPORTED, ids=errno.errorcode.get)
def test_file_systems_without_fsync(tmp_path, monkeypatch, code):
    """A file is written also where the file system cannot flush it to the disk."""
    monkeypatch.setattr(os, "fsync", refusing(code))
    files.write_bytes(tmp_path / "a", b"x")
    assert (tmp_path / "a").read_bytes() == b"x"


def test_a_disk_that_breaks(tmp_path, monkeypatch, contents):
    """A flush that fails for another reason is an error."""
    monkeypatch.setattr(os, "fsync", refusing(errno.EIO))
    with pytest.raises(OutputError, match=os.strerror(errno.EIO)):
        files.write_bytes(tmp_path / "a", b"x")
    assert contents(tmp_path) == {}


def test_file_systems_without_permissions_or_links(tmp_path, monkeypatch):
    """Where chmod and hard links are refused (CIFS, NTFS, object stores), files get the mode of the mount."""
    for name in ("chmod", "fchmod", "link"):
        monkeypatch.setattr(os, name, refusing(errno.EPERM), raising=False)
    for if_taken in ("replace", "refuse", "number"):
        with files.replacing(tmp_path / if_taken, if_taken=if_taken) as file:
            file.write(b"x")
        assert (tmp_path / if_taken).read_bytes() == b"x"


@pytest.mark.parametrize("code", [*UNSUPPORTED, errno.EXDEV, errno.EBUSY], ids=errno.errorcode.get)
@pytest.mark.parametrize("if_taken", ["replace", "refuse", "number"])
def test_file_systems_without_rename(tmp_path, monkeypatch, contents, code, if_taken):
    """Where a file cannot be renamed over another, its content is copied."""
    monkeypatch.setattr(os, "replace", refusing(code))
    if if_taken == "replace":
        (tmp_path / "a").write_bytes(b"old")
    with files.replacing(tmp_path / "a", if_taken=if_taken) as file:
        file.write(b"new")
    assert contents(tmp_path) == {"a": b"new"}


def test_a_copy_that_fails(tmp_path, monkeypatch, contents):
    """Where a file cannot be renamed and the disk is full, no half of it is left."""

    def copy_half(_source, target):
        target.write_bytes(b"ha")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", refusing(errno.ENOSYS))
    monkeypatch.setattr(shutil, "copyfile", copy_half)
    with pytest.raises(OutputError, match=r"No space left on device\. Make room there"):
        files.write_bytes(tmp_path / "a", b"half")
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("if_taken", ["replace", "refuse", "number"])
def test_a_rename_that_fails(tmp_path, monkeypatch, contents, if_taken):
    """After another error of the rename no file is left, under the reserved name neither."""
    monkeypatch.setattr(os, "replace", refusing(errno.EACCES))
    with (
        pytest.raises(OutputError, match=os.strerror(errno.EACCES)),
        files.replacing(tmp_path / "a", if_taken=if_taken) as file,
    ):
        file.write(b"x")
    assert contents(tmp_path) == {}


@POSIX
@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_results_have_usual_permissions(tmp_path, mask):
    """A result is as readable as the umask allows."""
    before = os.umask(mask)
    try:
        files.write_text(tmp_path / "a", "x")
        with files.replacing(tmp_path / "b", if_taken="number"):
            pass
    finally:
        assert os.umask(before) == mask
    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in "ab"} == {0o666 & ~mask}


def test_libraries_write_to_the_file(tmp_path):
    """numpy's archives and Pillow's pictures, which seek and ask for descriptors, come back whole."""
    image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    with files.replacing(tmp_path / "a.npz") as file:
        np.savez_compressed(file, image=image)
    with files.replacing(tmp_path / "a.gif") as file:
        PIL.Image.fromarray(image).save(file, format="GIF")
    with np.load(tmp_path / "a.npz") as archive, PIL.Image.open(tmp_path / "a.gif") as picture:
        assert np.array_equal(archive["image"], image)
        assert np.array_equal(np.asarray(picture.convert("L")), image)


def test_text_is_utf8(tmp_path):
    """Text is written as UTF-8, newlines as they are, on every system."""
    files.write_text(tmp_path / "a", "é\n")
    assert (tmp_path / "a").read_bytes() == b"\xc3\xa9\n"


def test_writable_folders(tmp_path, contents):
    """A folder that takes files passes and stays as it is; one that does not raises the system's reason."""
    files.require_writable(tmp_path)
    assert contents(tmp_path) == {}
    with pytest.raises(FileNotFoundError):
        files.require_writable(tmp_path / "missing")
