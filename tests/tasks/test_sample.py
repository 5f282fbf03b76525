"""`vaecli.tasks.sample`: the prior to files of every kind, in numbered pieces of one endless series."""

import math

import numpy as np
import PIL.Image
import pytest

from vaecli.errors import OptionError, OutputError
from vaecli.pixels import to_uint8
from vaecli.tasks.sample import CHUNK, sample


@pytest.fixture(scope="module")
def wanted(model):
    """Pictures 0 to 19 of seed 3, straight from the model."""
    return to_uint8(model.sample(20, seed=3))


def test_arrays(model, wanted, tmp_path):
    """`.npy` and `.npz` hold the pictures (n, H, W, C), as uint8 or as float32 in [0, 1]."""
    np.testing.assert_array_equal(np.load(sample(model, n=20, seed=3, out=tmp_path / "a.npy")), wanted)
    with np.load(sample(model, n=20, seed=3, out=tmp_path / "a.npz")) as archive:
        np.testing.assert_array_equal(archive["images"], wanted)
    floats = np.load(sample(model, n=20, seed=3, out=tmp_path / "f.npy", dtype="float32"))
    assert floats.dtype == np.float32
    np.testing.assert_array_equal(floats, model.sample(20, seed=3))


def test_a_folder(model, wanted, tmp_path):
    """One PNG each, named by the picture's number in the series."""
    folder = sample(model, n=3, seed=3, first=7, out=f"{tmp_path}/shard/")
    assert sorted(path.name for path in folder.iterdir()) == ["000007.png", "000008.png", "000009.png"]
    for number in (7, 8, 9):
        with PIL.Image.open(folder / f"{number:06d}.png") as picture:
            np.testing.assert_array_equal(np.asarray(picture), wanted[number, ..., 0])


def test_a_gif(model, tmp_path):
    """One frame a picture."""
    with PIL.Image.open(sample(model, n=5, seed=3, out=tmp_path / "a.gif")) as picture:
        assert picture.format == "GIF"
        assert picture.n_frames == 5


def test_a_sheet(model, wanted, tmp_path):
    """The pictures stand in the sheet in reading order: each is found in its cell, pixel for pixel."""
    with PIL.Image.open(sample(model, n=6, seed=3, out=tmp_path / "a.PNG")) as picture:
        page = np.asarray(picture)
    columns, rows = 3, 2
    height, width = (page.shape[0] / rows, page.shape[1] / columns)
    scale = int(width // 28)
    for number in range(6):
        row, column = divmod(number, columns)
        top = round(row * height + (height - 28 * scale) / 2)
        left = round(column * width + (width - 28 * scale) / 2)
        cell = page[top + scale // 2 :: scale, left + scale // 2 :: scale][:28, :28]
        assert np.abs(cell.astype(int) - wanted[number, ..., 0]).mean() < 1, number


def test_the_next_free_name(model, here):
    """Left out, the target is samples.png, then samples-2.png; nothing is overwritten."""
    names = [sample(model, n=1).name for _ in range(3)]
    assert names == ["samples.png", "samples-2.png", "samples-3.png"]


def test_shards_are_parts_of_one_whole(model, wanted, tmp_path):
    """Whatever the cuts, the parts put together are the whole, byte for byte."""
    parts = []
    for first, n in ((0, 1), (1, 12), (13, 7)):
        parts.append(np.load(sample(model, n=n, first=first, seed=3, out=tmp_path / f"{first}.npy")))
    np.testing.assert_array_equal(np.concatenate(parts), wanted)


def test_chunks_leave_no_seam(model, tmp_path):
    """More pictures than are decoded at a time: the ones around the seam are the right ones."""
    path = sample(model, n=CHUNK + 2, out=tmp_path / "a.npy", seed=1)
    found = np.load(path, mmap_mode="r")
    assert found.shape == (CHUNK + 2, 28, 28, 1)
    np.testing.assert_array_equal(found[CHUNK - 1 :], to_uint8(model.sample(3, first=CHUNK - 1, seed=1)))
    np.testing.assert_array_equal(found[:2], to_uint8(model.sample(2, seed=1)))


def test_far_along_the_series(model, tmp_path):
    """Picture 10^15 is there as soon as picture 0."""
    far = np.load(sample(model, n=2, first=10**15, out=tmp_path / "far.npy"))
    near = np.load(sample(model, n=2, first=10**15 + 1, out=tmp_path / "near.npy"))
    np.testing.assert_array_equal(far[1], near[0])


def test_temperature(model, tmp_path):
    """0 gives one picture over and over; 1 does not."""
    cold = np.load(sample(model, n=4, temperature=0.0, out=tmp_path / "cold.npy"))
    warm = np.load(sample(model, n=4, temperature=1.0, out=tmp_path / "warm.npy"))
    assert (cold == cold[0]).all()
    assert not (warm == warm[0]).all()


def test_progress_ends_at_all(model, tmp_path):
    """Progress counts up to n."""
    heard = []
    sample(model, n=CHUNK + 5, out=tmp_path / "a.npy", progress=lambda *told: heard.append(told))
    assert [told[0] for told in heard] == [CHUNK, CHUNK + 5]


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({"n": 0}, "-n"),
        ({"n": -5}, "-n"),
        ({"first": -1}, "--first"),
        ({"seed": -1}, "--seed"),
        ({"seed": 2**64}, "--seed"),
        ({"temperature": -0.1}, "--temperature"),
        ({"temperature": math.nan}, "--temperature"),
        ({"temperature": math.inf}, "--temperature"),
        ({"out": "a.jpg"}, "--out"),
        ({"out": "a.png", "n": 10**16}, "-n"),
        ({"out": "a.gif", "n": 10**4}, "-n"),
    ],
    ids=str,
)
def test_out_of_range(model, here, given, option):
    """A number out of its range, an unknown suffix: the option is named, and nothing is left behind."""
    with pytest.raises(OptionError) as caught:
        sample(model, **{"out": "a.npy"} | given)
    assert caught.value.option == option
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("out", ["a.npy", "a.png", "folder/", "folder"])
def test_what_is_there_stays(model, here, contents, out):
    """A file, a folder that is not empty: refused without force, and byte for byte as it was."""
    (here / "folder").mkdir()
    for name in ("a.npy", "a.png", "folder/000000.png"):
        (here / name).write_bytes(b"mine")
    was = contents(here)
    with pytest.raises(OutputError, match="--force"):
        sample(model, n=2, out=out)
    assert contents(here) == was
    sample(model, n=2, out=out, force=True)
    assert contents(here) != was


def test_a_break_in_the_middle(model, here, contents):
    """Ctrl-C after the first chunk leaves what was there before, and no more; even with force."""
    (here / "a.npy").write_bytes(b"mine")
    was = contents(here)

    def interrupt(*_):
        raise KeyboardInterrupt

    for out in ("a.npy", "b.npz", "c/", "d.gif"):
        with pytest.raises(KeyboardInterrupt):
            sample(model, n=10, out=out, force=True, progress=interrupt)
        assert contents(here) == was
