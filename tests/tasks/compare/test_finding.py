"""The saved evaluation of what a user names."""

import pathlib
import shutil

import numpy as np
import pytest

from vaecli.commands import command
from vaecli.errors import DataError, ModelError
from vaecli.metrics.saved import file
from vaecli.modelfile.metadata import KEY_DIGEST
from vaecli.modelfile.read import read_file
from vaecli.tasks.compare.finding import find, saved_in


@pytest.fixture
def run(here, model_folder):
    """A run folder with a model."""
    shutil.copytree(model_folder, here / "my run" / "model")
    (here / "my run" / "config.toml").write_text("epochs = 1\n")
    return here / "my run"


@pytest.fixture
def evaluation(make_saved, model_folder):
    """An evaluation of that model."""
    digest = read_file(model_folder / "decoder.onnx").metadata[KEY_DIGEST]
    return make_saved(model__decoder_sha256=digest, model__settings={"decoder": "float32"})


def test_an_evaluation_of_a_file_that_is_not_there(run, evaluation, make_saved, model_folder):
    """The fp16 files may have been moved away, but the weights must be those of the run."""
    model_id = read_file(model_folder / "decoder.onnx").info.model_id
    settings = {"decoder": "fp16"}
    file.write(run / "evaluation.npz", make_saved(model__model_id=model_id, model__settings=settings))
    assert find("my run").evaluation.model.model_id == model_id
    file.write(run / "evaluation.npz", make_saved(model__settings=settings), if_taken="replace")
    with pytest.raises(DataError, match=r"evaluation\.npz is the evaluation of other weights"):
        find("my run")


@pytest.mark.parametrize("name", ["evaluation.npz", "evaluation-normal.npz"])
@pytest.mark.parametrize("named", ["my run", "my run/", "my run/model", "my run/model/decoder.onnx"])
def test_a_run_stands_for_the_evaluation_in_it(run, evaluation, name, named):
    """By the folder, its model, or the decoder file."""
    file.write(run / name, evaluation)
    found = find(named)
    assert (found.label, found.path.name) == (named, name)
    assert found.evaluation.conditions == evaluation.conditions


def test_a_run_without_an_evaluation_names_the_command(run):
    """Which is quoted for the shell."""
    with pytest.raises(DataError, match="my run has no saved evaluation") as refusal:
        find("my run")
    target = pathlib.Path("my run", "evaluation.npz")
    assert refusal.value.hint == f"Make one: {command('eval', '-m', 'my run', '--save', target)}"


def test_several_evaluations_in_a_run(run, evaluation):
    """The usual name goes first; other names are listed, and arrays of other kinds are no evaluations."""
    np.savez(run / "evaluation-notes.npz", z=np.zeros(3))
    for name in ("evaluation-a.npz", "evaluation-b.npz"):
        file.write(run / name, evaluation)
    assert [path.name for path in saved_in(run)] == ["evaluation-a.npz", "evaluation-b.npz"]
    with pytest.raises(
        DataError, match=r"several saved evaluations: evaluation-a.npz, evaluation-b.npz. Name one"
    ):
        find("my run")
    file.write(run / "evaluation.npz", evaluation)
    assert find("my run").path.name == "evaluation.npz"


def test_an_evaluation_of_other_weights_is_refused(run, make_saved):
    """After further training or another prior, the run is not what was measured; the file alone can be used."""
    file.write(run / "evaluation.npz", make_saved(model__settings={"decoder": "float32"}))
    with pytest.raises(DataError, match="of other weights or another prior") as refusal:
        find("my run")
    assert refusal.value.hint.endswith("evaluation.npz' --force")
    assert find("my run/evaluation.npz").evaluation


def test_a_damaged_evaluation_in_a_run_is_named(run, evaluation):
    """It is not taken for a run without one."""
    path = file.write(run / "evaluation.npz", evaluation)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"evaluation.npz is damaged"):
        find("my run")


def test_what_is_no_evaluation(here, run):
    """A missing path, a folder of something else, another file, a run without a model."""
    (here / "pictures").mkdir()
    (here / "a.txt").write_text("text")
    for name, words in (
        ("missing.npz", "There is no file or folder missing.npz. Make one: vaecli eval --save"),
        ("pictures", "pictures must be a saved evaluation, a run or a model folder"),
        ("a.txt", "a.txt is not a saved evaluation"),
    ):
        with pytest.raises(DataError, match=words):
            find(name)
    shutil.rmtree(run / "model")
    with pytest.raises(ModelError, match="has no model yet"):
        find("my run")
