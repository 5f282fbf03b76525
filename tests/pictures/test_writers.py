"""Writers: what is read back is what was written, and nothing is lost or half written."""

import itertools
import os
import re
import signal
import sys
import threading
import tracemalloc

import numpy as np
import PIL.Image
import pytest

from vaecli.errors import OptionError, OutputError
from vaecli.pictures.targets import check_target, target_kind
from vaecli.pictures.writers import save_picture, write_images

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (11, 6, 5, 1), dtype=np.uint8)
CHUNKS = [IMAGES[:4], IMAGES[4:5], IMAGES[5:]]
ENDS = ["a.png", "a.npy", "a.npz", "a.gif", "folder"]


def write(path, chunks=None, **options):
    """Write the eleven test images in three chunks."""
    return write_images(
        path, CHUNKS if chunks is None else chunks, **{"count": 11, "shape": (6, 5, 1), **options}
    )


@pytest.mark.parametrize(("name", "load"), [("a.npy", np.load), ("a.npz", lambda p: np.load(p)["images"])])
def test_arrays_come_back(tmp_path, name, load):
    """.npy and .npz hold (N, H, W, C) as uint8 or float32, from chunks of either kind, without pickle."""
    path = tmp_path / name
    for dtype, chunks in itertools.product(
        ["uint8", "float32"], [CHUNKS, [c / np.float32(255) for c in CHUNKS]]
    ):
        write(path, chunks, dtype=dtype, if_taken="replace")
        array = load(path)
        assert array.dtype == dtype
        np.testing.assert_allclose(array, IMAGES if dtype == "uint8" else IMAGES / 255, rtol=1e-6)


def test_a_folder_has_one_png_each(tmp_path):
    """Files are numbered from `first`, with six digits, and hold the pixels."""
    write(tmp_path / "out", first=999_995)
    names = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert len(names) == 11
    assert {"999995.png", "1000005.png"} <= set(names)
    for i, image in enumerate(IMAGES):
        picture = PIL.Image.open(tmp_path / "out" / f"{999_995 + i:06d}.png")
        assert np.array_equal(np.asarray(picture), image[..., 0])


def test_a_png_is_a_sheet_and_a_gif_moves(tmp_path):
    """The sheet shows all images, the GIF one in each frame."""
    write(tmp_path / "a.PNG")
    write(tmp_path / "a.gif")
    sheet = np.asarray(PIL.Image.open(tmp_path / "a.PNG"))
    assert sheet.ndim == 2
    assert set(np.unique(IMAGES)) <= set(np.unique(sheet))
    with PIL.Image.open(tmp_path / "a.gif") as moving:
        assert moving.n_frames == 11


def test_a_new_series_replaces_the_old_one(tmp_path):
    """`replace` removes the numbered PNGs of an earlier call, whatever their numbers; no other file is touched."""
    out = tmp_path / "out"
    write(out, first=999_995)
    others = ["notes.txt", "000001.jpg", "1.png", "0000001.png", "a000001.png", "shirt.png"]
    for name in others:
        (out / name).write_text("mine")
    PIL.Image.fromarray(IMAGES[0, ..., 0]).save(out / "000004.png")  # numbered by someone else
    write_images(out, [IMAGES[:2]], count=2, shape=(6, 5, 1), if_taken="replace")
    assert sorted(path.name for path in out.iterdir()) == sorted(
        [*others, "000000.png", "000001.png", "000004.png"]
    )


def test_a_new_series_that_breaks_off_removes_nothing(tmp_path):
    """The old series goes only after the new one is complete."""
    out = tmp_path / "out"
    write(out)
    before = snapshot(out)
    with pytest.raises(OutputError, match="expected 12 images, got 11"):
        write(out, count=12, if_taken="replace")
    assert snapshot(out) == before


@pytest.mark.parametrize("name", ENDS[:-1])
def test_two_writers_at_once(tmp_path, name):
    """With `number`, a writer that ends first has the name, and the other takes the next one."""
    path = tmp_path / name

    def meanwhile():
        yield IMAGES[:4]
        assert write(path, if_taken="number") == path
        yield IMAGES[4:]

    later = write(path, meanwhile(), if_taken="number")
    assert later == path.with_stem("a-2")
    assert later.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("name", ENDS)
def test_what_is_written_meanwhile_stays(tmp_path, name):
    """With `refuse`, the second of two writers to end is refused, also for a folder."""
    path = tmp_path / name

    def meanwhile():
        yield IMAGES[:4]
        write(path, first=500)
        yield IMAGES[4:]

    with pytest.raises(OutputError, match="--force"):
        write(path, meanwhile())
    assert [entry.name for entry in tmp_path.iterdir()] == [name]
    if name == "folder":
        assert sorted(entry.name for entry in path.iterdir())[0] == "000500.png"


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links of POSIX")
@pytest.mark.parametrize("name", ENDS)
def test_links_are_followed(tmp_path, name):
    """With `replace`, the target of a symbolic link is written, whether it exists or not."""
    link, target = tmp_path / name, tmp_path / "elsewhere" / f"target-{name}"
    target.parent.mkdir()
    link.symlink_to(target)
    for _ in range(2):
        assert write(link, if_taken="replace") == link
        assert link.is_symlink()
        assert target.exists()
    assert len(list(target.parent.iterdir())) == 1


def test_a_folder_with_entries_of_the_system_is_free(tmp_path):
    """A folder with nothing but files of Finder or Explorer is free."""
    (tmp_path / "out").mkdir()
    for name in (".DS_Store", "Thumbs.db"):
        (tmp_path / "out" / name).touch()
    write(tmp_path / "out")
    assert len(list((tmp_path / "out").iterdir())) == 13


def test_unknown_types(tmp_path):
    """Any `dtype` but uint8 and float32 is refused before any image is made."""
    for dtype in ("float64", "uint16", None, np.float32):
        with pytest.raises(OptionError, match="--dtype must be uint8 or float32, got "):
            write(tmp_path / "a.npy", (pytest.fail("images were made") for _ in range(1)), dtype=dtype)
    assert list(tmp_path.iterdir()) == []


def test_equal_images_give_equal_bytes(tmp_path):
    """Files hold no date: two writes are equal to the byte."""
    for name in ENDS[:-1]:
        write(tmp_path / name)
        before = (tmp_path / name).read_bytes()
        write(tmp_path / name, if_taken="replace")
        assert (tmp_path / name).read_bytes() == before


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("name", ENDS)
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError, MemoryError])
def test_nothing_half_written_stays(tmp_path, name, error, threads):
    """Whatever ends the stream, the folder is as it was: empty, or with the old file unchanged."""

    def broken():
        yield IMAGES[:4]
        raise error

    with pytest.raises(error):
        write(tmp_path / name, broken(), threads=threads)
    assert list(tmp_path.iterdir()) == []
    write(tmp_path / name)
    before = snapshot(tmp_path)
    with pytest.raises(error):
        write(tmp_path / name, broken(), if_taken="replace", threads=threads)
    assert snapshot(tmp_path) == before


def size(path):
    """Return width and height of a picture."""
    with PIL.Image.open(path) as picture:
        return picture.size


def snapshot(folder):
    """Return every file under `folder` with its bytes."""
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("name", ENDS)
def test_what_exists_needs_force(tmp_path, name):
    """A second write is refused before the first image is made; with `replace` it is done."""
    write(tmp_path / name)
    before = snapshot(tmp_path)
    with pytest.raises(OutputError, match="--force"):
        write(tmp_path / name, (pytest.fail("images were made") for _ in range(1)))
    assert snapshot(tmp_path) == before
    write(tmp_path / name, if_taken="replace")


@pytest.mark.parametrize("name", ["a.jpg", "a.onnx", "v1.5"])
def test_unknown_suffixes_list_the_right_ones(tmp_path, name):
    """The error names --out and every suffix that works."""
    with pytest.raises(OptionError) as caught:
        check_target(tmp_path / name)
    assert caught.value.option == "--out"
    assert all(end in str(caught.value) for end in (".png", ".npy", ".npz", ".gif", "folder"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "--out must name a file or folder, got ''."),
        ("-", "--out must name a file or folder, got '-'."),
        (".png", "--out must have a name before .png, got '.png'."),
        ("out/.NPY", "--out must have a name before .NPY, got 'out/.NPY'."),
    ],
)
@pytest.mark.parametrize("act", [target_kind, check_target, write])
def test_targets_without_a_name(here, act, name, message):
    """An empty name, a suffix alone and `-` are refused, and nothing is written."""
    (here / "out").mkdir()
    with pytest.raises(OptionError) as caught:
        act(name)
    assert caught.value.option == "--out"
    assert str(caught.value).startswith(message)
    assert [path.name for path in here.rglob("*")] == ["out"]


def test_a_folder_is_known_by_slash_existence_or_no_suffix(tmp_path):
    """A trailing slash, a folder that exists, or a name without a suffix mean a folder."""
    (tmp_path / "v1.5").mkdir()
    for name in (f"{tmp_path}/v2.0/", f"{tmp_path}/v1.5", f"{tmp_path}/plain"):
        assert target_kind(name) == "folder"
    write(f"{tmp_path}/v2.0/")
    assert len(list((tmp_path / "v2.0").iterdir())) == 11


def test_the_home_folder(tmp_path, monkeypatch):
    """A `~` that the shell did not expand is the home folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert write("~/a.npy") == tmp_path / "a.npy"
    assert (tmp_path / "a.npy").exists()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("none/a.png", "none does not exist. Make it: mkdir -p "),
        ("my pictures/a.png", "Make it: mkdir -p '"),
        ("file/a.png", "file is not a folder. Choose another place."),
        ("file/b/a.png", "Choose another place."),
        ("file", "exists already"),
        ("a" * 300 + ".png", "name too long"),
        ("a\0b.png", "null"),
        ("loop.png", "symbolic links"),
    ],
    ids=lambda text: text[:12],
)
@pytest.mark.skipif(sys.platform == "win32", reason="a loop of symbolic links")
def test_places_that_cannot_be_written_are_refused(tmp_path, name, reason):
    """The error names the reason, and for a missing folder the command that makes it."""
    (tmp_path / "file").write_text("mine")
    (tmp_path / "loop.png").symlink_to("loop.png")
    with pytest.raises(OutputError, match=f"(?i){re.escape(reason)}"):
        check_target(f"{tmp_path}/{name}")
    if name == "file":
        with pytest.raises(OutputError, match="a file has this name"):
            check_target(tmp_path / "file", if_taken="replace")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_missing_folder_that_begins_with_a_dash(here):
    """The command that makes it does not take its name for an option."""
    with pytest.raises(OutputError, match="Make it: mkdir -p -- -out"):
        check_target("-out/a.png")


@pytest.mark.skipif(sys.platform != "linux", reason="/dev and /proc of Linux")
def test_devices_are_refused(tmp_path):
    """Standard output, pipes and devices are neither files nor folders, also with `replace`."""
    os.mkfifo(tmp_path / "pipe.npy")
    read_end, write_end = os.pipe()
    for path in ("/dev/null", "/dev/full", tmp_path / "pipe.npy", f"/proc/self/fd/{write_end}"):
        for if_taken in ("refuse", "replace"):
            with pytest.raises(OutputError, match="device, pipe or socket"):
                write(path, if_taken=if_taken)
    os.close(read_end)
    os.close(write_end)
    with pytest.raises(OutputError, match=r"Cannot write /proc/a\.npy"):  # which takes no file from anyone
        check_target("/proc/a.npy")


READ_ONLY = """
import os, pathlib
from vaecli.pictures.targets import check_target
if os.geteuid() == 0:
    os.seteuid(65534)  # nobody: root may write anywhere
check_target("a.png")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_a_read_only_folder_is_refused(process, here):
    """A missing permission is an error before any work."""
    here.chmod(0o555)
    try:
        result = process(code=READ_ONLY)
    finally:
        here.chmod(0o755)
    assert b"OutputError: Cannot write a.png: Permission denied." in result.stderr


@pytest.mark.parametrize(
    ("name", "count"), [("a.png", 10**18), ("a.gif", 10**6), ("a.npy", 0), ("folder", -1)]
)
def test_counts_that_do_not_fit_are_refused_before_any_work(tmp_path, name, count):
    """No images, or more than fit in a PNG or a GIF, are refused before any image is made."""
    with pytest.raises(OptionError) as caught:
        write(tmp_path / name, (pytest.fail("images were made") for _ in range(1)), count=count)
    assert caught.value.option == "-n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ENDS)
@pytest.mark.parametrize("count", [10, 12])
def test_a_wrong_count_is_an_error(tmp_path, name, count):
    """If more or fewer images come than were announced, no file is left."""
    with pytest.raises(OutputError, match="expected"):
        write(tmp_path / name, count=count)
    assert list(tmp_path.iterdir()) == []


def test_progress_counts_images(tmp_path):
    """The callback gets the number of images done after each chunk."""
    counts = []
    write(tmp_path / "a.npy", progress=counts.append)
    assert counts == [4, 5, 11]


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.png"])
def test_memory_stays_flat(tmp_path, name):
    """50 MB of images take less than 5 MB of memory, those of a sheet in two threads too."""
    chunk = np.zeros((1000, 10, 10, 1), np.uint8)
    tracemalloc.start()
    write(tmp_path / name, itertools.repeat(chunk, 500), count=500_000, shape=(10, 10, 1), threads=2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5e6


def test_a_sheet_of_any_count(tmp_path, monkeypatch):
    """On a sheet of 120,000 pictures each is in its cell."""
    monkeypatch.setattr(PIL.Image, "MAX_IMAGE_PIXELS", None)
    chunks = (np.arange(n, n + 1000, dtype=np.uint32).view(np.uint8) for n in range(0, 120_000, 1000))
    images = (chunk.reshape(-1, 2, 2, 1).repeat(14, 1).repeat(14, 2) for chunk in chunks)
    write(tmp_path / "a.png", images, count=120_000, shape=(28, 28, 1), threads=2)
    with PIL.Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (347 * 29 + 1, 346 * 29 + 1)
        page = np.asarray(picture)
    cells = page[1:, 1:].reshape(346, 29, 347, 29)
    assert (cells[:, 28] == 255).all() and (cells[:, :, :, 28] == 255).all()
    corners = np.ascontiguousarray(cells[:, 0:28:14, :, 0:28:14].transpose(0, 2, 1, 3))
    numbers = corners.reshape(-1, 4).view("<u4").ravel()
    assert np.array_equal(numbers[:120_000], np.arange(120_000))
    assert (numbers[120_000:] == 2**32 - 1).all()


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_write_the_same_folder(tmp_path, threads):
    """Every file has its image, in batches smaller and larger than a chunk."""
    images = RNG.integers(0, 256, (300, 6, 5, 1), dtype=np.uint8)
    write(tmp_path / "out", np.split(images, [130, 140, 140]), count=300, first=7, threads=threads)
    assert len(list((tmp_path / "out").iterdir())) == 300
    for number, image in enumerate(images, 7):
        assert np.array_equal(
            np.asarray(PIL.Image.open(tmp_path / "out" / f"{number:06d}.png")), image[..., 0]
        )


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
@pytest.mark.parametrize("threads", [1, 2])
def test_a_full_disk_in_a_thread(tmp_path, threads):
    """One of many files that cannot be written is an OutputError; nothing is left, and no thread goes on."""
    import resource

    large = RNG.integers(0, 256, (300, 100, 100, 1), dtype=np.uint8)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    chunks = [IMAGES.repeat(40, 0), large[:, :6, :5]]
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, limits[1]))
    try:
        write(tmp_path / "small", chunks, count=740, threads=threads)
        with pytest.raises(OutputError, match="too large"):
            write(tmp_path / "out", [large], count=300, shape=(100, 100, 1), threads=threads)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert [path.name for path in tmp_path.iterdir()] == ["small"]
    assert not [thread for thread in threading.enumerate() if "vaecli-ahead" in thread.name]


def test_save_picture_keeps_what_is_there(tmp_path):
    """A strip or plot goes to a free name, replaces what is there, or takes the next free name."""
    path = tmp_path / "strip.png"
    with pytest.raises(OptionError, match="--out must name a file or folder, got ''"):
        save_picture("", np.zeros((1, 1, 1), np.uint8))
    save_picture(path, np.full((2, 3, 1), 7, np.uint8))
    with pytest.raises(OutputError):
        save_picture(path, np.zeros((1, 1, 1), np.uint8))
    assert size(path) == (3, 2)
    save_picture(path, np.zeros((1, 1, 1), np.uint8), if_taken="replace")
    assert size(path) == (1, 1)
    assert save_picture(path, np.zeros((2, 2, 1), np.uint8), if_taken="number").name == "strip-2.png"
    assert (size(path), size(tmp_path / "strip-2.png")) == ((1, 1), (2, 2))
