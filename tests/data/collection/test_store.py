"""The caches of users' pictures, listed and cleared."""

import os
import pathlib
import subprocess
import sys
import time

import pytest

from vaecli.data.collection.load import load_collection
from vaecli.data.photo.reading import ReadingOptions
from vaecli.errors import DataError
from vaecli.tasks.data import caches, clear

LARGE = ReadingOptions(size=(1024, 1024), colour="rgb")  # 3 MB each: 12 stay in the file, under a lock
HOLD = """
import sys, time
sys.path.insert(0, sys.argv[2])
from conftest import make_listing
from vaecli.data.collection.load import load_collection
from vaecli.data.photo.reading import ReadingOptions
images = load_collection(make_listing(sys.argv[1]), "train", ReadingOptions(size=(1024, 1024), colour="rgb"))
print("held", flush=True)
sys.stdin.readline()
print(int(images.images[11].sum()), flush=True)
"""


@pytest.fixture
def source(pictures, write):
    write(pictures, 12)
    return pictures


@pytest.fixture
def user(source, cache):
    """Another process that holds images of the source."""
    command = [sys.executable, "-c", HOLD, str(source), str(pathlib.Path(__file__).parent)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def files_in(cache):
    return [path for path in cache.rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_no_caches():
    assert caches() == [] and clear().freed == 0


def test_caches_are_listed(source, cache, listing_of):
    """Path, pictures, bytes as on the disk, time of the last use, and that nobody uses it."""
    load_collection(listing_of(source), "train", ReadingOptions())
    (state,) = caches()
    assert state.source == os.path.realpath(source) and state.pictures == 12 and state.in_use is False
    assert state.size == sum(path.stat().st_size for path in files_in(cache)) > 12 * 32 * 32
    assert abs(state.last_used - time.time()) < 3600


def test_clear_frees_all(source, cache, listing_of):
    load_collection(listing_of(source), "train", ReadingOptions())
    (state,) = caches()
    cleared = clear()
    assert (cleared.freed, cleared.kept) == (state.size, ()) and files_in(cache) == [] and caches() == []
    assert len(load_collection(listing_of(source), "train", ReadingOptions()).images) == 12


def test_clear_of_one_source(source, write, listing_of):
    """The other stays; a source that the cache does not know is an error."""
    other = source.with_name("other")
    write(other, 3)
    for folder in (source, other):
        load_collection(listing_of(folder), "train", ReadingOptions())
    assert clear(str(source)).freed > 0
    assert [state.source for state in caches()] == [os.path.realpath(other)]
    with pytest.raises(DataError, match="The cache has nothing of"):
        clear(str(source))


def test_images_in_use_are_kept(source, user):
    """A process goes on reading its images: they are reported as kept, and can be cleared when it has ended."""
    (state,) = caches()
    assert state.in_use is True
    assert clear().kept == (os.path.realpath(source),)
    output, _ = user.communicate("go on\n", timeout=600)
    assert int(output) > 0
    assert clear().kept == () and caches() == []


def test_a_build_keeps_what_is_in_use(source, user, write, listing_of):
    """The folder changes during training: the earlier images stay until their reader ends, then they go."""
    write(source, 1, start=50)
    assert len(load_collection(listing_of(source), "train", LARGE).images) == 13
    size = caches()[0].size
    assert size > 25 * 3 * 2**20
    output, _ = user.communicate("go on\n", timeout=600)
    assert int(output) > 0
    load_collection(listing_of(source), "train", LARGE)
    assert caches()[0].size < 14 * 3 * 2**20


def test_the_lock_lives_with_the_images(source, listing_of):
    """Selected images hold it too; without any the cache is free."""
    import numpy as np

    images = load_collection(listing_of(source), "train", LARGE).images.select(np.arange(5))
    assert caches()[0].in_use is True
    del images
    assert caches()[0].in_use is False
