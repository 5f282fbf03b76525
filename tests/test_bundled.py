"""The model that comes with vaecli: its name, its files, and what wins over it."""

import pathlib
import shutil

import numpy as np
import pytest

import vaecli
from vaecli import bundled
from vaecli.errors import ModelError
from vaecli.modelfile.find import DECODERS, ENCODERS, locate
from vaecli.runs.layout import Run

NAME = pathlib.Path(bundled.MODEL)
FOLDER = pathlib.Path(vaecli.__file__).parent / "bundled_models" / bundled.MODEL


def test_the_files(here):
    """The package holds both halves in fp16 and the card: at most 2.5 MB, and no path of another machine."""
    files = {path.name: path.read_bytes() for path in FOLDER.iterdir()}
    assert files.keys() == {ENCODERS["fp16"], DECODERS["fp16"], "MODEL_CARD.md"}
    assert sum(map(len, files.values())) <= 2_500_000
    assert all(
        mark not in content for content in files.values() for mark in (b"/tmp", b"/work", b"/home", b"/usr")
    )
    card = files["MODEL_CARD.md"].decode("utf-8")
    for name in (ENCODERS["fp16"], DECODERS["fp16"]):
        assert f"| `{name}` | {len(files[name]):,} |" in card
    assert "`encoder.onnx`" not in card and "`decoder.onnx`" not in card
    assert "--seed 0" in card and "vaecli eval -m fashion-mnist" in card


def test_the_public_api(here):
    """`Model.open` takes the name: it samples, also by class, encodes, interpolates and scores."""
    model = vaecli.Model.open("fashion-mnist")
    pictures = model.sample(9, seed=3, label="boot")
    assert pictures.shape == (9, 28, 28, 1) and model.info.name == bundled.MODEL
    assert np.abs(model.reconstruct(pictures) - pictures).mean() < 0.1
    assert model.interpolate(pictures[0], pictures[1], steps=5).shape == (5, 28, 28, 1)
    assert model.score(pictures).percentile.shape == (9,)
    assert [*here.iterdir()] == []


@pytest.mark.parametrize("label", [None, "boot"])
def test_pictures_of_a_mixture_do_not_depend_on_those_beside_them(here, label):
    """Picture i of a seed is the same in any part of the series, under the mixture and under that of a class."""
    model = vaecli.Model.open("fashion-mnist")
    complete = model.sample(40, seed=3, label=label)
    for cut in (1, 17):
        parts = [
            model.sample(cut, seed=3, label=label),
            model.sample(40 - cut, seed=3, first=cut, label=label),
        ]
        np.testing.assert_allclose(np.concatenate(parts), complete, rtol=0, atol=1e-5)
    assert np.abs(model.sample(40, seed=3, label=label, first=1) - complete).mean() > 0.01


@pytest.mark.parametrize("precision", ["float32", "fp16"])
def test_locate(here, precision):
    """The name leads to the fp16 files, whichever of the two precisions is named."""
    assert locate(NAME, precision) == (FOLDER / DECODERS["fp16"], FOLDER / ENCODERS["fp16"])


def test_there_is_no_int8_file(here):
    """The error names no command that would write into the package."""
    with pytest.raises(ModelError, match="is in fp16, got --precision int8") as caught:
        vaecli.Model.open("fashion-mnist", precision="int8")
    assert "export" not in caught.value.hint


@pytest.mark.parametrize("kind", ["a model folder", "a run", "a run without a model", "a file"])
def test_what_wins(here, model_folder, kind):
    """A model folder, a run, finished or not, and a file of that name win over the bundled model."""
    if kind == "a file":
        shutil.copy(model_folder / "decoder.onnx", NAME)
    elif kind == "a run without a model":
        NAME.mkdir()
        (NAME / "config.toml").touch()
    else:
        shutil.copytree(model_folder, NAME / "model" if kind == "a run" else NAME)
    assert bundled.is_name_taken(NAME) and bundled.model_folder(NAME) is None
    if kind == "a run without a model":
        with pytest.raises(ModelError, match="The run fashion-mnist has no model yet"):
            vaecli.Model.open("fashion-mnist")
    else:
        assert vaecli.Model.open("fashion-mnist").latent_dim == 2


def test_what_does_not_win(here):
    """A folder of data of that name, as `--data` may name it, does not hide the model."""
    NAME.mkdir()
    (NAME / "train-images-idx3-ubyte.gz").touch()
    (NAME / "boot.png").touch()
    assert not bundled.is_name_taken(NAME)
    assert vaecli.Model.open("fashion-mnist").latent_dim == 16


def test_other_paths_are_not_the_name(here):
    """Only the name alone is the model: a path that ends in it is not."""
    with pytest.raises(ModelError, match="There is no"):
        vaecli.Model.open("models/fashion-mnist")
    with pytest.raises(ModelError, match="There is no") as caught:
        vaecli.Model.open("fashion_mnist")
    assert "-m fashion-mnist" in caught.value.hint


def test_it_is_no_run(here):
    """`export`, `prior`, `--resume` and `--start-from`, which need a run, get an error that says what it is."""
    with pytest.raises(ModelError, match="must be a run, got the model that comes with vaecli"):
        Run(NAME).read_provenance()


def test_a_damaged_installation(process, here, monkeypatch):
    """Without its files, from a copy of the package that lacks them, the error says how to install them again."""
    for name in ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START"):
        monkeypatch.delenv(name, raising=False)  # the copy would count as a second package, mostly never run
    package = pathlib.Path(vaecli.__file__).parent
    shutil.copytree(package, here / "vaecli", ignore=shutil.ignore_patterns("bundled_models", "__pycache__"))
    result = process("sample")
    assert (result.returncode, result.stdout) == (1, b"")
    error = result.stderr.decode().splitlines()[-1]
    assert error.startswith(
        "Error: fashion-mnist, the model that comes with vaecli, is missing. Install vaecli anew:"
    )
