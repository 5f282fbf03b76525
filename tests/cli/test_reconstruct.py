"""`vaecli reconstruct`, through the program's own `main`: sheets, arrays, unreadable pictures and refusals."""

import json
import shutil

import numpy as np
import PIL.Image
import pytest

from vaecli.data.named.bundled import load_mini
from vaecli.pixels import to_uint8

MINI = load_mini("test")


@pytest.fixture
def reconstruct(call, model_folder):
    """`vaecli reconstruct -m MODEL ...` in an empty folder: (exit code, stdout, stderr)."""
    return lambda *arguments: call("reconstruct", "-m", model_folder, *arguments)


@pytest.fixture
def broken(here):
    """`pics`: three pictures, of which the second is damaged."""
    (here / "pics").mkdir()
    for number in range(3):
        PIL.Image.fromarray(MINI.images[number, ..., 0]).save(here / "pics" / f"{number}.png")
    (here / "pics" / "1.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return here / "pics"


def test_the_model_reconstructs(model):
    """`Model.reconstruct` decodes the posterior means."""
    images = MINI.images[:5]
    np.testing.assert_array_equal(model.reconstruct(images), model.decode(model.encode(images)[0]))


def test_a_sheet(reconstruct, here):
    """It has colours for the differences and is large enough to see; stdout is its path."""
    assert reconstruct("test:0:3", "-o", "sheet.png") == (0, "sheet.png\n", "")
    with PIL.Image.open("sheet.png") as sheet:
        assert sheet.mode == "RGB"
        assert sheet.width > 3 * 3 * 28
        assert len(sheet.getcolors(2**20)) > 100
    assert reconstruct("test:0:3")[1] == "reconstruction.png\n"
    assert reconstruct("test:0:3")[1] == "reconstruction-2.png\n"


@pytest.mark.parametrize("out", ["a.npy", "a.npz", "a/"])
def test_arrays_and_folders(reconstruct, model, here, out):
    """They hold the reconstructions alone, in order."""
    assert reconstruct("test:0:5", "-o", out)[0] == 0
    if out == "a/":
        images = np.stack([np.asarray(PIL.Image.open(path)) for path in sorted((here / "a").iterdir())])[
            ..., None
        ]
    else:
        loaded = np.load(out)
        images = loaded["images"] if out == "a.npz" else loaded
    expected = to_uint8(model.reconstruct(MINI.images[:5]))
    assert images.shape == expected.shape
    assert np.abs(images.astype(int) - expected).max() <= 1


def test_one_broken_among_many(reconstruct, broken):
    """It is named on stderr, its place is blank, and the exit code is 1."""
    code, stdout, stderr = reconstruct("pics", "-o", "sheet.png")
    assert (code, stdout) == (1, "sheet.png\n")
    assert stderr.splitlines()[0].startswith("Cannot read pics/1.png: ")
    assert stderr.splitlines()[1] == "Error: 1 of 3 pictures cannot be read."
    assert reconstruct("pics", "-o", "a.npy")[0] == 1
    images = np.load("a.npy")
    assert images.shape == (3, 28, 28, 1)
    assert images[1].max() == 0 < min(images[0].max(), images[2].max())


def test_json(reconstruct, broken, check_schema):
    """`--json` prints one object."""
    code, stdout, _ = reconstruct("pics", "-o", "sheet.png", "--json")
    document = json.loads(stdout)
    check_schema("reconstruct", document)
    assert (code, document["pictures"], document["unreadable_count"]) == (1, 3, 1)
    assert document["out"] == "sheet.png"


@pytest.mark.parametrize(
    ("names", "again"), [(["test:0:3", "val:1"], "test:0:3 val:1"), (["pics/0.png"], None), ([], "test::")]
)
def test_the_recipe(reconstruct, call, broken, names, again):
    """A sheet carries how it was made; `vaecli info` gives the command where no files are needed."""
    arguments = names or ["--split", "test"]
    assert reconstruct(*arguments, "-o", "sheet.png")[0] == 0
    document = json.loads(call("info", "sheet.png", "--json")[1])
    assert document["recipe"]["kind"] == "reconstruct"
    expected = again and f"vaecli reconstruct -m MODEL {again} -o reconstruction.png"
    assert document["command"] == expected


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ([], 2, "at least one picture"),
        (["test:0", "-o", "a.gif"], 2, "--out must end in .png"),
        (["test:0", "-o", "a.bmp"], 2, "--out must end in .png"),
        (["test:0", "-o", "a.npy", "--scale", "2"], 2, "--scale must be left out"),
        (["test:0:100", "--scale", "300"], 2, "--scale must be at most"),
        (["test:0", "-o", "none/a.png"], 1, "mkdir -p none"),
        (["empty"], 1, "must hold pictures, got nothing"),
    ],
)
def test_refusals(reconstruct, here, arguments, code, says):
    """A short error, and nothing is written."""
    (here / "empty").mkdir()
    actual, stdout, stderr = reconstruct(*arguments)
    assert (actual, stdout) == (code, "")
    assert says in " ".join(stderr.replace("│", " ").split())
    assert [path.name for path in here.iterdir()] == ["empty"]


def test_output_on_top_of_an_input(reconstruct, broken, contents):
    """A picture that is read is never replaced, with or without --force."""
    before = contents(broken)
    for out in ("pics/0.png", "./pics/0.png"):
        assert reconstruct("pics", "-o", out)[0] == 1
        code, _, stderr = reconstruct("pics", "-o", out, "--force")
        assert code == 2 and "must not be one of the pictures" in " ".join(stderr.replace("│", " ").split())
    code, _, stderr = reconstruct("pics", "-o", "pics/", "--force")
    assert code == 2 and "must not hold one of the pictures" in " ".join(stderr.replace("│", " ").split())
    assert contents(broken) == before


def test_a_decoder_without_its_encoder(call, here, model_folder):
    """The error says what is missing, and nothing is written."""
    shutil.copy(model_folder / "decoder.onnx", here)
    code, stdout, stderr = call("reconstruct", "-m", "decoder.onnx", "test:0")
    assert (code, stdout) == (1, "")
    assert "encoder.onnx" in stderr
    assert [path.name for path in here.iterdir()] == ["decoder.onnx"]


def test_strange_pictures_are_warned_of(call, scored_folder, here):
    """Each picture above the 99th percentile of validation images is named, at most five of them; --quiet: none."""
    rng = np.random.default_rng(0)
    np.save("noise.npy", rng.integers(0, 256, (8, 28, 28)).astype(np.uint8))
    arguments = ("reconstruct", "-m", scored_folder, "noise.npy", "-o")
    code, stdout, stderr = call(*arguments, "a.png")
    assert (code, stdout) == (0, "a.png\n")
    *named, last = stderr.splitlines()
    assert [line.split()[0] for line in named] == [f"noise.npy:{number}" for number in range(5)]
    assert all("less like the training images" in line for line in named)
    assert last == "3 more pictures are as unlike the training images."
    assert call(*arguments, "b.npy", "--quiet") == (0, "b.npy\n", "")
    assert "noise.npy" not in call("reconstruct", "-m", scored_folder, "test:0", "-o", "c.png")[2]
