"""`vaecli.tasks.sample`: pictures from the prior, in files of every kind and in parts of one endless series."""

import math
import shutil
import subprocess
import sys

import numpy as np
import PIL.Image
import pytest

from vaecli.errors import OptionError, OutputError
from vaecli.pixels import to_uint8
from vaecli.runtime.model import Model
from vaecli.tasks.sample import CHUNK, TRAINED_WITH_A_MIXTURE, sample


@pytest.fixture(scope="module")
def expected(model):
    """Return pictures 0 to 19 of seed 3 from the model itself."""
    return to_uint8(model.sample(20, seed=3))


def test_arrays(model, expected, tmp_path):
    """`.npy` and `.npz` hold the pictures (n, H, W, C), as uint8 or as float32 in [0, 1]."""
    np.testing.assert_array_equal(np.load(sample(model, n=20, seed=3, out=tmp_path / "a.npy")), expected)
    with np.load(sample(model, n=20, seed=3, out=tmp_path / "a.npz")) as archive:
        np.testing.assert_array_equal(archive["images"], expected)
    floats = np.load(sample(model, n=20, seed=3, out=tmp_path / "f.npy", dtype="float32"))
    assert floats.dtype == np.float32
    np.testing.assert_array_equal(floats, model.sample(20, seed=3))


def test_a_folder(model, expected, tmp_path):
    """A folder gets one PNG a picture, named by its number in the series."""
    folder = sample(model, n=3, seed=3, first=7, out=f"{tmp_path}/shard/")
    assert sorted(path.name for path in folder.iterdir()) == ["000007.png", "000008.png", "000009.png"]
    for number in (7, 8, 9):
        with PIL.Image.open(folder / f"{number:06d}.png") as picture:
            np.testing.assert_array_equal(np.asarray(picture), expected[number, ..., 0])


def test_a_gif(model, tmp_path):
    """A GIF has one frame a picture."""
    with PIL.Image.open(sample(model, n=5, seed=3, out=tmp_path / "a.gif")) as picture:
        assert picture.format == "GIF"
        assert picture.n_frames == 5


def test_a_sheet(model, expected, tmp_path):
    """A sheet shows the pictures in reading order, each in its cell, pixel for pixel."""
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
        assert np.abs(cell.astype(int) - expected[number, ..., 0]).mean() < 1, number


def test_the_next_free_name(model, here):
    """Without `out`, the target is samples.png, then samples-2.png; nothing is replaced."""
    names = [sample(model, n=1).name for _ in range(3)]
    assert names == ["samples.png", "samples-2.png", "samples-3.png"]


def test_two_at_once_have_two_names(model, here):
    """Without `out`, a call that begins before another has ended takes another name, and returns it."""
    paths = []

    def meanwhile(_done, _total):
        if not paths:
            paths.append(sample(model, n=1, seed=2))

    paths.append(sample(model, n=1, seed=1, progress=meanwhile))
    assert [str(path) for path in paths] == ["samples.png", "samples-2.png"]
    assert paths[0].read_bytes() != paths[1].read_bytes()


PROCESS = """
import sys
from vaecli import Model
from vaecli.tasks.sample import sample
print(sample(Model.open(sys.argv[1], threads=1), n=16, seed=int(sys.argv[2])))
"""


def test_processes_at_once_have_a_file_each(model_folder, here):
    """Four processes at once, without `out`: four files, each under the name that its process prints."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(model_folder), str(seed)], stdout=subprocess.PIPE, text=True
        )
        for seed in range(4)
    ]
    names = [process.communicate(timeout=600)[0].strip() for process in processes]
    assert sorted(names) == sorted(path.name for path in here.iterdir())
    assert len({(here / name).read_bytes() for name in names}) == 4


def test_another_series_replaces_the_first(model, expected, tmp_path):
    """With force, a folder holds the pictures of the second call only."""
    sample(model, n=5, seed=8, out=f"{tmp_path}/out/")
    sample(model, n=2, seed=3, first=3, out=f"{tmp_path}/out/", force=True)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["000003.png", "000004.png"]
    with PIL.Image.open(tmp_path / "out" / "000004.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), expected[4, ..., 0])


def test_numbers_of_numpy(model, expected, tmp_path):
    """Numbers of numpy types are accepted."""
    path = sample(
        model, n=np.int64(3), seed=3, first=np.uint8(2), temperature=np.float32(1), out=tmp_path / "a.npy"
    )
    np.testing.assert_array_equal(np.load(path), expected[2:5])


def test_shards_are_parts_of_one_whole(model, expected, tmp_path):
    """Parts of any length, put together, equal the whole series byte for byte."""
    parts = []
    for first, n in ((0, 1), (1, 12), (13, 7)):
        parts.append(np.load(sample(model, n=n, first=first, seed=3, out=tmp_path / f"{first}.npy")))
    np.testing.assert_array_equal(np.concatenate(parts), expected)


def test_chunks_leave_no_seam(model, tmp_path):
    """With more pictures than are decoded at a time, those around the end of a chunk are right."""
    path = sample(model, n=CHUNK + 2, out=tmp_path / "a.npy", seed=1)
    pictures = np.load(path, mmap_mode="r")
    assert pictures.shape == (CHUNK + 2, 28, 28, 1)
    np.testing.assert_array_equal(pictures[CHUNK - 1 :], to_uint8(model.sample(3, first=CHUNK - 1, seed=1)))
    np.testing.assert_array_equal(pictures[:2], to_uint8(model.sample(2, seed=1)))


def test_far_along_the_series(model, tmp_path):
    """Picture 10^15 takes no longer than picture 0, and does not depend on where the call starts."""
    far = np.load(sample(model, n=2, first=10**15, out=tmp_path / "far.npy"))
    near = np.load(sample(model, n=2, first=10**15 + 1, out=tmp_path / "near.npy"))
    np.testing.assert_array_equal(far[1], near[0])


def test_temperature(model, tmp_path):
    """Temperature 0 gives equal pictures, 1 does not."""
    cold = np.load(sample(model, n=4, temperature=0.0, out=tmp_path / "cold.npy"))
    warm = np.load(sample(model, n=4, temperature=1.0, out=tmp_path / "warm.npy"))
    assert (cold == cold[0]).all()
    assert not (warm == warm[0]).all()


def test_normal_of_a_model_trained_with_a_mixture(mixed_folder, forge, tmp_path):
    """A warning says that the pictures will be poor; other priors and other models have none."""
    folder = shutil.copytree(mixed_folder, tmp_path / "model")
    training = Model.open(folder).info.training
    stopped = shutil.copytree(mixed_folder, tmp_path / "stopped before the mixture")
    for path, since in ((folder, training["best_epoch"]), (stopped, training["best_epoch"] + 1)):
        for file in path.glob("*.onnx"):
            forge.change_info(file, {"training": training | {"mixture_epochs": 6, "mixture_since": since}})
    for path, prior, expected in (
        (folder, "normal", [TRAINED_WITH_A_MIXTURE]),
        (folder, None, []),
        (stopped, "normal", []),
        (mixed_folder, "normal", []),
    ):
        warnings = []
        model = Model.open(path)
        sample(model, n=2, prior=prior, out=tmp_path / "x.npy", force=True, warn=warnings.append)
        assert warnings == expected


def test_progress_ends_at_all(model, tmp_path):
    """Progress counts up to n."""
    calls = []
    sample(model, n=CHUNK + 5, out=tmp_path / "a.npy", progress=lambda *counts: calls.append(counts))
    assert [done for done, _total in calls] == [CHUNK, CHUNK + 5]


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({"n": 0}, "-n"),
        *[({"n": value}, "-n") for value in (-5, 2.5, True, "3", math.nan)],
        *[({"first": value}, "--first") for value in (-1, 0.5, True)],
        ({"n": 2**64 + 1}, "-n"),
        ({"n": 2, "first": 2**64 - 1}, "-n"),
        ({"first": 2**64}, "--first"),
        ({"seed": -1}, "--seed"),
        ({"seed": 2**64}, "--seed"),
        ({"temperature": -0.1}, "--temperature"),
        ({"temperature": math.nan}, "--temperature"),
        *[({"temperature": value}, "--temperature") for value in (math.inf, True, "1", None)],
        *[({"dtype": value}, "--dtype") for value in ("float64", "uint16", np.uint8, None)],
        *[({"out": value}, "--out") for value in ("", "-", ".png")],
        ({"out": "a.jpg"}, "--out"),
        ({"out": "a.png", "n": 10**16}, "-n"),
        ({"out": "a.gif", "n": 10**4}, "-n"),
    ],
    ids=str,
)
def test_out_of_range(model, here, given, option):
    """A value out of its range is an error that names the option, and no file is left."""
    with pytest.raises(OptionError) as caught:
        sample(model, **{"out": "a.npy"} | given)
    assert caught.value.option == option
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("out", ["a.npy", "a.png", "folder/", "folder"])
def test_what_is_there_stays(model, here, contents, out):
    """Without force, a file or a folder that is not empty is refused and stays as it was, byte for byte."""
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
    """Ctrl-C after the first chunk leaves exactly what was there before, with force too."""
    (here / "a.npy").write_bytes(b"mine")
    was = contents(here)

    def interrupt(*_):
        raise KeyboardInterrupt

    for out in ("a.npy", "b.npz", "c/", "d.gif"):
        with pytest.raises(KeyboardInterrupt):
            sample(model, n=10, out=out, force=True, progress=interrupt)
        assert contents(here) == was
