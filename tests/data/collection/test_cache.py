"""The cache under faults: killed builds, two processes, a full disk, damaged files, files that change."""

import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
from PIL import Image

from vaecli.data.collection.load import load_collection
from vaecli.data.photo.reading import ReadingOptions
from vaecli.errors import DataError, OutputError

OPTIONS = ReadingOptions(size=(32, 32), colour="grey")
COUNT = 400
CODE = f"""
import pathlib, sys
sys.path.insert(0, {str(pathlib.Path(__file__).parent)!r})
from conftest import make_listing
from vaecli.data.collection.load import load_collection
from vaecli.data.photo.reading import ReadingOptions

def load(progress=lambda *report: None, warn=lambda text: None):
    options = ReadingOptions(size=(32, 32), colour="grey")
    return load_collection(make_listing(sys.argv[1]), "train", options, progress=progress, warn=warn)
"""


def start(code, *arguments):
    """Start a process that can call `load`."""
    command = [sys.executable, "-c", CODE + code, *map(str, arguments)]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


class Counted:
    """A listing whose contents are counted: which pictures were opened."""

    def __init__(self, listing):
        self.opened = []
        self.listing = dataclasses.replace(listing, contents=self)
        self.contents = listing.contents

    def __call__(self, names):
        for name in names:
            self.opened.append(name)
            yield from self.contents([name])

    def load(self, **options):
        return load_collection(self.listing, "train", OPTIONS, **options)


@pytest.fixture
def filled(pictures, write):
    """A folder of pictures."""
    write(pictures, COUNT)
    return pictures


def expected(pixels_of, count=COUNT):
    return np.array([pixels_of(number) for number in range(count)])[..., None]


def generations(cache):
    return sorted(path.parent for path in cache.glob("pictures/*/*/about.json"))


def test_a_killed_build_continues(filled, cache, listing_of, pixels_of):
    """After SIGKILL in the middle, the rest is decoded, and only the rest."""
    kill = (
        "import os, signal\nload(lambda _, done, total: done >= 200 and os.kill(os.getpid(), signal.SIGKILL))"
    )
    process = start(kill, filled)
    process.communicate(timeout=600)
    assert process.returncode == -signal.SIGKILL
    counted = Counted(listing_of(filled))
    assert np.array_equal(counted.load().images, expected(pixels_of))
    assert 0 < len(counted.opened) <= COUNT - 200
    assert len(generations(cache)) == 1


@pytest.mark.parametrize("name", ["pixels", "records", "bad.jsonl"])
@pytest.mark.parametrize("damage", ["torn", "zeros", "garbage"])
def test_the_torn_end_of_a_build(filled, cache, listing_of, pixels_of, name, damage):
    """The files on the disk are checked before an interrupted build goes on; the result is always right."""
    for number in (7, 300):
        (filled / f"{number:04d}.png").write_bytes(b"")
    before = Counted(listing_of(filled)).load().images
    (folder,) = generations(cache)
    (folder / "complete.json").unlink()
    path, length = folder / name, (folder / name).stat().st_size
    with path.open("r+b") as file:
        if damage == "torn":
            file.truncate(length * 2 // 3 + 1)
        else:
            file.seek(length * 2 // 3)
            file.write(bytes(40) if damage == "zeros" else b"\xff" * 40)
    counted = Counted(listing_of(filled))
    images = counted.load()
    assert np.array_equal(images.images, before) and len(images.report.bad_files) == 2
    assert 0 < len(counted.opened) < COUNT


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("pixels", "cut"),
        ("pixels", "flipped"),
        ("pixels", "gone"),
        ("records", "cut"),
        ("records", "flipped"),
        ("records", "gone"),
        ("complete.json", "cut"),
        ("complete.json", "list"),
        ("about.json", "cut"),
        ("about.json", "list"),
        ("about.json", "gone"),
        ("bad.jsonl", "list"),
        ("bad.jsonl", "gone"),
    ],
)
def test_a_damaged_cache(filled, cache, listing_of, pixels_of, name, damage):
    """It is noticed and built again; most rows are copied; nothing wrong is ever used."""
    (filled / "0100.png").write_bytes(b"")
    before = Counted(listing_of(filled)).load().images
    (folder,) = generations(cache)
    path = folder / name
    content = path.read_bytes()
    middle = len(content) // 2
    path.write_bytes(
        {
            "cut": content[:middle],
            "flipped": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
            "list": b"[[[1]]]",
            "gone": b"",
        }[damage]
    )
    if damage == "gone":
        path.unlink()
    for _ in range(2):
        images = Counted(listing_of(filled)).load()
        assert np.array_equal(images.images, before) and images.report.bad_files[0].file == "0100.png"
    again = Counted(listing_of(filled))
    again.load()
    assert again.opened == []


def test_only_what_changed_is_decoded(filled, cache, listing_of, pixels_of):
    """Changed, new, renamed and removed files: unchanged ones are copied; the earlier generation goes."""
    (filled / "0005.png").write_bytes(b"")
    Counted(listing_of(filled)).load()
    Image.fromarray(pixels_of(1000)).save(filled / "0010.png")
    Image.fromarray(pixels_of(1001)).save(filled / "0010a.png")
    (filled / "0011.png").unlink()
    (filled / "0012.png").rename(filled / "0399a.png")
    counted = Counted(listing_of(filled))
    images = counted.load()
    assert sorted(counted.opened) == ["0010.png", "0010a.png", "0399a.png"]
    numbers = [*range(5), *range(6, 10), 1000, 1001, *range(13, COUNT), 12]
    assert np.array_equal(images.images[..., 0], [pixels_of(number) for number in numbers])
    assert [bad.file for bad in images.report.bad_files] == ["0005.png"]
    assert len(generations(cache)) == 1


def test_a_file_of_the_same_size_and_another_time(filled, listing_of, pixels_of):
    """Time decides where the size does not."""
    Counted(listing_of(filled)).load()
    content = (filled / "0001.png").read_bytes()
    status = (filled / "0000.png").stat()
    (filled / "0000.png").write_bytes(content[: status.st_size].ljust(status.st_size, b"\0"))
    os.utime(filled / "0000.png", ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000))
    images = Counted(listing_of(filled)).load()
    assert not np.array_equal(images.images[0, ..., 0], pixels_of(0))


def test_readings_live_side_by_side(filled, cache, listing_of):
    """Another size is another generation; going back decodes nothing."""
    Counted(listing_of(filled)).load()
    load_collection(listing_of(filled), "train", ReadingOptions(size=(16, 8)))
    counted = Counted(listing_of(filled))
    counted.load()
    assert counted.opened == [] and len(generations(cache)) == 2


def test_an_unreadable_file_is_tried_again(filled, cache, listing_of, pixels_of):
    """A file that was gone for a while is decoded when it is back unchanged; until then nothing is built again."""
    path = filled / "0003.png"
    listing, content, status = listing_of(filled), path.read_bytes(), path.stat()
    path.unlink()
    assert len(load_collection(listing, "train", OPTIONS).images) == COUNT - 1
    (first,) = generations(cache)
    assert len(load_collection(listing, "train", OPTIONS).images) == COUNT - 1
    assert generations(cache) == [first]
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    counted = Counted(listing)
    assert np.array_equal(counted.load().images, expected(pixels_of))
    assert set(counted.opened) == {"0003.png"}


def test_two_processes_at_once(filled, cache, listing_of, pixels_of):
    """The second waits, says so once, and decodes nothing itself."""
    first = start(
        "print('begun', flush=True)\n"
        "def hold(_, done, total):\n    if done > 100 and not sys.argv[2:]:\n"
        "        sys.argv.append('held'); print('held', flush=True); sys.stdin.readline()\n"
        "load(hold)",
        filled,
    )
    assert [first.stdout.readline() for _ in range(2)] == ["begun\n", "held\n"]
    warnings, counted, results = [], Counted(listing_of(filled)), []

    def warn(text):
        warnings.append(text)
        first.stdin.write("go on\n")
        first.stdin.flush()

    thread = threading.Thread(target=lambda: results.append(counted.load(warn=warn)))
    thread.start()
    thread.join(60)
    assert first.wait(60) == 0, first.stderr.read()
    assert np.array_equal(results[0].images, expected(pixels_of))
    assert counted.opened == [] and len(generations(cache)) == 1
    (warning,) = warnings
    assert "Waiting for another process" in warning and str(filled) in warning
    first.communicate()


@pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has neither limits of file sizes nor this module"
)
def test_a_full_disk(filled, cache, listing_of, pixels_of):
    """The error names the place and what to do; the next run continues and is right."""
    code = (
        "import resource\nfrom vaecli.errors import OutputError\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({COUNT * 512}, {COUNT * 512}))\n"
        "try:\n    load()\nexcept OutputError as error:\n    print(error)"
    )
    output, errors = start(code, filled).communicate(timeout=600)
    assert f"Cannot write the cache {cache}" in output and "continues where it stopped" in output, errors
    assert "VAECLI_CACHE" in output and "vaecli data clear" in output
    counted = Counted(listing_of(filled))
    assert np.array_equal(counted.load().images, expected(pixels_of))
    assert 0 < len(counted.opened) < COUNT - 100


def test_the_wait_can_be_interrupted(filled, listing_of):
    """Ctrl-C ends a process that waits for the lock."""
    holder = start(
        "def hold(_, done, total):\n    print('held', flush=True); sys.stdin.readline()\nload(hold)", filled
    )
    assert holder.stdout.readline() == "held\n"
    waiting = start("load(warn=lambda text: print('waits', flush=True))", filled)
    assert waiting.stdout.readline() == "waits\n"
    waiting.send_signal(signal.SIGINT)
    _, errors = waiting.communicate(timeout=600)
    assert errors.strip().endswith("KeyboardInterrupt")
    holder.kill()
    holder.communicate()


def test_a_stop_says_that_the_work_is_kept(filled, listing_of):
    """And it is: the next run opens fewer pictures. An error says nothing of the kind."""
    warnings = []

    def stop(_what, done, _total):
        if done > 100:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_collection(listing_of(filled), "train", OPTIONS, progress=stop, warn=warnings.append)
    assert warnings == ["The pictures that were read are kept: the same command goes on from there."]
    counted = Counted(listing_of(filled))
    counted.load()
    assert 0 < len(counted.opened) <= COUNT - 100


def test_no_place_for_the_cache(filled, listing_of, monkeypatch):
    monkeypatch.setenv("VAECLI_CACHE", "")
    monkeypatch.setenv("HOME", "")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    with pytest.raises(DataError, match="export VAECLI_CACHE="):
        load_collection(listing_of(filled), "train", OPTIONS)


def test_a_cache_that_cannot_be_written(filled, cache, listing_of):
    """A file in the place of the cache's folder: the error names the place and the variable."""
    cache.write_text("in the way")
    with pytest.raises(OutputError, match=r"Cannot write the cache .*VAECLI_CACHE") as caught:
        load_collection(listing_of(filled), "train", OPTIONS)
    assert "Make room" not in str(caught.value)  # there is enough


def test_names_that_are_not_utf8(pictures, listing_of, pixels_of):
    """Bytes of a name that are not UTF-8, newlines and quotes pass through cache and report."""
    names = [
        b"caf\xe9.png",
        b"new\nline.png",
        b"'quoted\".png",
        "\N{SNOWMAN} \N{HIRAGANA LETTER A}.png".encode(),
    ]
    for number, name in enumerate(names):
        try:
            with (pictures / os.fsdecode(name)).open("wb") as file:
                Image.fromarray(pixels_of(number)).save(file, "PNG")
        except (OSError, UnicodeError):
            pytest.skip("the file system takes no names that are not UTF-8")
    (pictures / os.fsdecode(b"bad\xff.png")).touch()
    for _ in range(2):
        images = load_collection(listing_of(pictures), "train", OPTIONS, allow_bad=True)
        assert len(images.images) == 4 and os.fsencode(images.report.bad_files[0].file) == b"bad\xff.png"


def test_about_is_plain_json(filled, cache, listing_of):
    """No path of the pictures is in a generation; the versions of the decoders are."""
    load_collection(listing_of(filled), "train", OPTIONS)
    (folder,) = generations(cache)
    about = json.loads((folder / "about.json").read_text())
    assert "Pillow" in about["decoders"] and about["reading"] == [32, 32, 1, "pad"]
