"""`--start-from`: the weights of an earlier run, and the runs that are refused."""

import json
import os
import shutil
import sys

import numpy as np
import pytest

from vaecli.config import read_config
from vaecli.data.named.bundled import load_mini
from vaecli.errors import DataError, ModelError, OptionError, TrainingError
from vaecli.export.describe import model_id
from vaecli.options import merge
from vaecli.runs.layout import Run
from vaecli.runs.progress import Watcher
from vaecli.runs.state import read
from vaecli.runtime.model import Model
from vaecli.tasks.train.dry_run import dry_run
from vaecli.tasks.train.job import begin
from vaecli.tasks.train.train import train

pytestmark = pytest.mark.train

STILL = {"epochs": 1, "learning_rate": 1e-12, "precision": "float32"}  # no weight moves


@pytest.fixture
def others(write_data, tmp_path):
    """A folder of 300 other pictures."""
    return write_data(tmp_path / "others", load_mini("train").images[300:600])


def test_the_initial_weights_are_the_kept_ones(run, others, options, here):
    """After an epoch that moves nothing they are still there; the path of the run stays in config.toml alone."""
    assert shutil.move(run.path, here / "old") and Run(here / "old").checkpoint.exists()
    result = train(options(others, start_from="old", **STILL), out=here / "new")
    before, after = (read(Run(folder).checkpoint).state.best_weights for folder in (here / "old", result.run))
    assert before.keys() == after.keys()
    for name, value in before.items():
        np.testing.assert_allclose(after[name], value, atol=1e-7)
    assert read_config(result.run / "config.toml")["start_from"] == str(here / "old")
    provenance = json.loads((result.run / "provenance.json").read_text("utf-8"))
    assert (
        provenance["start_from"]["model_id"] == model_id(before) and provenance["start_from"]["run"] == "old"
    )
    model = Model.open(result.run)
    assert model.info.training["start_from"] == {"run": "old", "epoch": 2, "model_id": model_id(before)}
    card = (result.run / "model" / "MODEL_CARD.md").read_text("utf-8")
    assert f"| start_from | run old, epoch 2, model_id {model_id(before)} |" in card
    for file in (result.run / "model").iterdir():
        assert str(here).encode() not in file.read_bytes()


def test_the_file_serves_from_another_folder(run, others, options, here, monkeypatch):
    """A relative path is kept as an absolute one: config.toml repeats the run wherever it is read."""
    shutil.move(run.path, here / "old")
    with begin(options(others, start_from="old"), here / "new", Watcher()) as job:
        settings = read_config(job.run.config)
        (here / "elsewhere").mkdir()
        monkeypatch.chdir(here / "elsewhere")
        with begin(merge(settings), None, Watcher()) as again:
            assert again.pretrained.epoch == 2 and read_config(again.run.config) == settings


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no names that are not UTF-8")
def test_a_run_whose_name_is_not_utf8(run, others, options, here):
    """A path that config.toml cannot hold is refused before anything is made."""
    shutil.move(run.path, here / os.fsdecode(b"old-\xff"))
    fit = options(others, start_from=os.fsdecode(b"old-\xff"))
    with (
        pytest.raises(DataError, match="--start-from must be valid UTF-8"),
        begin(fit, here / "new", Watcher()),
    ):
        pass
    assert not (here / "new").exists()


def test_the_other_run_is_not_needed_again(run, data, options, here):
    """A run that was stopped is resumed to the same bits after the other one is gone, also with a new name."""
    fit = options(data, start_from=str(run.path), precision="float32")
    straight = train(fit, out=here / "straight")
    train(fit, out=here / "stopped", stop=iter([None, "stop"]).__next__)
    shutil.rmtree(run.path)
    resumed = train(resume=here / "stopped")
    assert resumed.finished
    first, second = (read(Run(result.run).checkpoint).variables for result in (straight, resumed))
    assert all(np.array_equal(value, second[name]) for name, value in first.items())


@pytest.mark.parametrize(
    ("change", "differences"),
    [
        ({"latent_dim": 3}, ("--latent-dim 2", "--latent-dim 3")),
        ({"width": 17}, ("--width 16", "--width 17")),
        ({"network": "conv", "width": 16}, ("--network classic --depth 2", "--network conv --depth 1")),
        ({"conditional": True}, ("no --conditional", "--conditional (10 classes)")),
        ({"likelihood": "logistic"}, ("--likelihood bernoulli", "--likelihood logistic")),
        ({"image_size": "20x24"}, ("--image-size 28x28", "--image-size 20x24")),
        ({"colour": "rgb"}, ("--grey --width 16", "--rgb --width 144")),
    ],
    ids=str,
)
@pytest.mark.parametrize("only_looked_at", [False, True], ids=["train", "dry run"])
def test_another_network_is_refused(run, data, options, here, change, differences, only_looked_at):
    """Each difference is named as the option that makes it; no folder is made."""
    fit = options(data, start_from=str(run.path), **change)
    with pytest.raises(OptionError) as caught:
        dry_run(fit, Watcher()) if only_looked_at else train(fit, out=here / "new")
    assert caught.value.option == "--start-from" and not (here / "new").exists()
    theirs, ours = differences
    assert f" has {theirs}, and this run would have {ours}." in str(caught.value)
    assert ("Leave --conditional" if "conditional" in change else f"Train with {theirs}") in caught.value.hint


def test_other_classes_of_a_conditional_run_are_refused(options, here):
    """As many classes in another order are named; each has weights of its own."""
    data = load_mini("train")
    arrays = {"x_train": data.images[:100], "y_train": data.labels[:100]}
    for name, names in (("first", data.class_names), ("second", data.class_names[::-1])):
        np.savez(here / name, class_names=np.array(names), **arrays)
    train(options(here / "first.npz", conditional=True), out=here / "conditional")
    again = options(here / "second.npz", conditional=True, start_from=str(here / "conditional"))
    with pytest.raises(
        OptionError, match=r"class 0 of .* is 'T-shirt/top', and that of this run is 'Ankle boot'"
    ):
        train(again, out=here / "new")
    assert not (here / "new").exists()


def test_no_run_to_start_from(run, data, options, here, model_folder):
    """A place without a run, a model, a run without an epoch and a damaged one each have their error."""
    fresh = train(options(data), out=here / "fresh", stop=lambda: "stop").run
    damaged = Run(shutil.copytree(run.path, here / "damaged"))
    damaged.checkpoint.write_bytes(b"damaged")
    shapeless = Run(shutil.copytree(run.path, here / "shapeless"))
    shapeless.provenance.write_text(json.dumps({"data": {"image_shape": [28, 28]}}))
    for path, error, message in (
        (here / "absent", ModelError, "is not a run of vaecli"),
        (model_folder, ModelError, "is not a run of vaecli"),
        (fresh, ModelError, "no completed epoch"),
        (damaged.path, TrainingError, "Cannot read the state"),
        (shapeless.path, ModelError, "no shape"),
    ):
        with pytest.raises(error, match=message):
            train(options(data, start_from=str(path)), out=here / "new")
        assert not (here / "new").exists()


def test_on_the_command_line(call, run, data):
    """The run is named as other runs are; beside --resume it is refused."""
    small = ["--data", data, "--epochs", "1", "--validation-split", "0.2", "-o", "new"]
    code, _, stderr = call("train", *small, "--latent-dim", "3", "--start-from", run.path)
    expected = "--latent-dim 2, and this run would have --latent-dim 3"
    assert code == 2 and expected in " ".join(stderr.replace("│", " ").split())
    code, _, stderr = call("train", *small, "--latent-dim", "2", "--start-from", run.path)
    assert code == 0 and "after its epoch 2 are the initial ones" in " ".join(
        stderr.replace("│", " ").split()
    )
    code, _, stderr = call("train", "--resume", "new", "--start-from", run.path)
    assert code == 2 and "Got --start-from" in " ".join(stderr.replace("│", " ").split())
