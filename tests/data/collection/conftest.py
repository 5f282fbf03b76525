"""Folders of real pictures, and their listings, made by hand: nothing here depends on how folders are walked."""

import pathlib

import numpy as np
import pytest
from PIL import Image

from vaecli.data.collection.listing import PARTS, Listing


class Folder:
    """The contents of the pictures in a folder: their paths."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, names):
        return (self.folder / name for name in names)


class Members:
    """The contents of the pictures in an archive: their bytes."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, names):
        return ((self.folder / name).read_bytes() for name in names)


def make_listing(folder, *, contents=Folder, labels=None, class_names=(), bad_files=()):
    """Return the listing of a folder; the part of a picture is its first folder, `train` if there is none."""
    folder = pathlib.Path(folder)
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    statuses = [(folder / name).stat() for name in names]
    parts = [name.split("/")[0] if name.split("/")[0] in PARTS else "train" for name in names]
    return Listing(
        name=folder.name,
        location=str(folder),
        layout="flat",
        names=names,
        sizes=np.array([status.st_size for status in statuses], np.int64),
        times=np.array([status.st_mtime_ns for status in statuses], np.int64),
        parts=np.array([PARTS.index(part) for part in parts], np.uint8),
        labels=labels,
        class_names=class_names,
        contents=contents(folder),
        bad_files=bad_files,
    )


def make_pixels(seed, height=32, width=32, channels=1):
    """Return the random pixels (H, W) or (H, W, 3) of a picture."""
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def write_pictures(folder, count, *, height=32, width=32, channels=1, start=0):
    """Write PNG files of random pixels."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(start, start + count):
        Image.fromarray(make_pixels(number, height, width, channels)).save(folder / f"{number:04d}.png")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The user's cache, empty."""
    monkeypatch.setenv("VAECLI_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def pictures(tmp_path):
    """A folder for pictures."""
    folder = tmp_path / "my pictures"
    folder.mkdir()
    return folder


@pytest.fixture
def listing_of():
    return make_listing


@pytest.fixture
def members():
    return Members


@pytest.fixture
def write():
    return write_pictures


@pytest.fixture
def pixels_of():
    return make_pixels
