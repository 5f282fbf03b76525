"""What a saved evaluation knows of its model: everything that distinguishes two runs except the seed."""

import json
import shutil

import pytest

from vaecli.metrics.saved import file
from vaecli.modelfile import protobuf
from vaecli.modelfile.metadata import KEY_DIGEST, KEY_INFO
from vaecli.modelfile.write import with_metadata
from vaecli.runtime.model import Model
from vaecli.tasks.compare.saving import save
from vaecli.tasks.evaluate import evaluate


@pytest.fixture
def saved_of(here, model_folder):
    """Evaluates a run whose model has other training options; returns what was saved."""

    def saved_of(name="run", start_from=None, in_file=None, **training):
        folder = shutil.copytree(model_folder, here / name / "model")
        (here / name / "config.toml").write_text("epochs = 12\n")
        provenance = {"started": "now"} | ({"start_from": start_from} if start_from else {})
        (here / name / "provenance.json").write_text(json.dumps(provenance))
        content = (folder / "decoder.onnx").read_bytes()
        entries = {key: text for key, (text, _) in protobuf.metadata(content).items() if key != KEY_DIGEST}
        info = json.loads(entries[KEY_INFO])
        info["training"] |= training | ({"start_from": in_file} if in_file else {})
        entries[KEY_INFO] = json.dumps(info)
        (folder / "decoder.onnx").write_bytes(with_metadata(content, entries))
        model = Model.open(here / name)
        evaluation = evaluate(model, names=["kl"], data="fashion-mnist-mini", split="test")
        return file.read(save(evaluation, model, here / name / "evaluation.npz"))

    return saved_of


def test_runs_of_two_seeds_have_the_same_settings(saved_of):
    """And the seeds stand beside them."""
    first, second = (
        saved_of("a", seed=0),
        saved_of("b", seed=7, val_loss=250.0, best_epoch=11, examples=False),
    )
    assert first.model.settings == second.model.settings
    assert (first.model.seed, second.model.seed) == (0, 7)
    assert second.model.figures["val_loss"] == 250.0


@pytest.mark.parametrize(
    "change",
    [
        {"beta": 2.0},
        {"network": "conv"},
        {"augment": "flip"},
        {"learning_rate": 0.1},
        {"precision": "bfloat16"},
    ],
)
def test_every_option_but_the_seed_is_a_setting(saved_of, change):
    """A run with another one is another setting."""
    first, second = saved_of("a"), saved_of("b", **change)
    names = {
        name for name in first.model.settings if first.model.settings[name] != second.model.settings[name]
    }
    assert names == {"training_precision" if name == "precision" else name for name in change}


@pytest.mark.parametrize(
    ("training", "stopped"),
    [
        ({"epochs_done": 12, "best_epoch": 12}, None),
        ({"epochs_done": 5, "best_epoch": 5}, 5),
        ({"epochs_done": 11, "best_epoch": 1, "patience": 10}, None),
        ({"epochs_done": 11, "best_epoch": 2, "patience": 10}, 11),
        ({"epochs_done": None}, None),
        ({"epochs_done": 11, "best_epoch": 1, "patience": "ten"}, None),
    ],
    ids=["to the end", "stopped", "out of patience", "stopped before", "not known", "forged"],
)
def test_a_run_that_was_stopped_is_another_setting(saved_of, training, stopped):
    """Ctrl-C after five epochs is not early stopping."""
    assert saved_of(**training).model.settings["stopped_after_epoch"] == stopped


def test_a_run_that_began_with_other_weights_is_another_setting(saved_of):
    """The run's provenance names them."""
    saved = saved_of(start_from={"model_id": "abc"})
    assert saved.model.settings["start_from"] == {"model_id": "abc"}


@pytest.mark.parametrize("in_file", [{"model_id": "abc"}, "forged"], ids=str)
def test_the_file_itself_says_with_which_weights_it_began(saved_of, in_file):
    """So a copy of the model without its run does, too; anything else than a table is no such statement."""
    settings = saved_of(in_file=in_file).model.settings
    assert settings.get("start_from") == (in_file if isinstance(in_file, dict) else None)
