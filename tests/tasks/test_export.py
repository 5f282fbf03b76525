"""The export task: weights and figures come from the run's state, whatever ended the run."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from vaecli.commands import command
from vaecli.errors import ConfigError, ModelError, TrainingError, VaecliError
from vaecli.modelfile.find import read_all
from vaecli.modelfile.read import read_file as read_model
from vaecli.runs import kept
from vaecli.runs.history import read_metrics, write_metrics
from vaecli.runs.layout import Run
from vaecli.runs.progress import Watcher
from vaecli.runs.state import read
from vaecli.runtime.model import Model
from vaecli.tasks.export import ExportOptions, export, is_current
from vaecli.tasks.train.train import train

pytestmark = pytest.mark.train


class KilledError(BaseException):
    """Stands for a killed process: nothing catches it, and nothing more is written."""


class Killer(Watcher):
    """A watcher that kills the run after an epoch has been saved."""

    def __init__(self, epoch):
        self._epoch = epoch

    def epoch_ended(self, epoch):
        if epoch.row["epoch"] == self._epoch:
            raise KilledError


def killed(epoch, *arguments, **more):
    with pytest.raises(KilledError):
        train(*arguments, watch=Killer(epoch), **more)


def require_best(folder, run):
    """Assert that a folder holds the best weights of a run's state, with their figures."""
    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.vae import build

    state, model = read(run.checkpoint).state, Model.open(folder)
    row = state.history[state.best_epoch - 1]
    training = model.info.training
    assert (training["best_epoch"], training["epochs_done"]) == (state.best_epoch, state.epoch)
    assert training["val_loss"] == row["val_loss"]
    vae = build("classic", likelihood("bernoulli"), (28, 28, 1), 2, seed=0)
    for variable, value in zip(vae.variables, state.best_weights.values(), strict=True):
        variable.assign(value)
    z = np.ones((3, 2), np.float32)
    np.testing.assert_allclose(model.outputs(z)["logits"], vae.decode({"z": z})["logits"].numpy(), atol=1e-4)


def test_examples_travel_unless_they_are_left_out(run, tmp_path):
    """Decoders carry the facts of the run's state; --no-examples leaves out the latents of single images alone."""
    facts = []
    for examples in (True, False):
        exported = export(run.path, ExportOptions(tmp_path / str(examples), examples=examples))
        facts.append(read_model(exported.folder / "decoder.onnx").facts().arrays())
    assert facts[0].keys() - facts[1].keys() == {"examples", "example_labels"}
    state = read(run.checkpoint).state
    for name, array in facts[0].items():
        np.testing.assert_array_equal(array, state.best_facts[name])


def test_a_run_killed_in_its_extension_exports_its_best_weights_so_far(run, tmp_path):
    """The .keras files and the model folder are older than the state, so nothing comes from them."""
    before = Model.open(run.path).info
    killed(4, resume=run.path, changes={"epochs": 9})
    assert read(run.checkpoint).state.best_epoch > 2
    export(run.path, ExportOptions(out=tmp_path / "x"))
    require_best(tmp_path / "x", run)
    assert Model.open(run.path).info == before
    export(run.path, ExportOptions(force=True))
    require_best(run.model, run)


def test_a_run_killed_before_its_end_exports(data, options, tmp_path):
    """A run without .keras files gets them from the export of its own model."""
    killed(1, options(data), out=tmp_path / "run")
    run = Run(tmp_path / "run")
    assert not run.encoder.exists()
    export(run.path)
    require_best(run.model, run)
    assert run.encoder.exists() and run.decoder.exists()


def test_a_run_that_failed_exports(data, options, tmp_path, monkeypatch):
    """Training that ends with a loss that is not finite keeps the best weights so far."""

    class Breaker(Watcher):
        def epoch_ended(self, epoch):
            monkeypatch.setattr("vaecli.training.steps.TrainingSteps.is_finite", lambda engine: False)

    with pytest.raises(TrainingError, match="NaN or infinite in epoch 2"):
        train(options(data), out=tmp_path / "run", watch=Breaker())
    export(tmp_path / "run")
    require_best(tmp_path / "run" / "model", Run(tmp_path / "run"))


def test_mixed_keras_files_are_not_taken(run, tmp_path):
    """The .keras files are results, so one of another run changes nothing."""
    run.encoder.write_bytes(b"of another run")
    export(run.path, ExportOptions(out=tmp_path / "x"))
    require_best(tmp_path / "x", run)


def test_a_tie_names_the_epoch_of_the_weights(run, rewrite_state, tmp_path):
    """Two epochs that are equal in the seven digits of metrics.csv are told apart by the state."""
    history = read(run.checkpoint).state.history
    history[0]["val_loss"] = history[1]["val_loss"] + 1e-7
    rewrite_state(run, history=history)
    write_metrics(run.metrics, history)
    assert len({row["val_loss"] for row in read_metrics(run.metrics)}) == 1
    export(run.path, ExportOptions(out=tmp_path / "x"))
    assert Model.open(tmp_path / "x").info.training["best_epoch"] == 2


def test_a_run_without_a_state_is_refused(run, tmp_path):
    """The message names the file, and nothing is written."""
    run.checkpoint.unlink()
    with pytest.raises(TrainingError, match=r"state\.npz: No such file"):
        export(run.path, ExportOptions(out=tmp_path / "x"))
    assert not (tmp_path / "x").exists()


def test_a_run_without_an_epoch_is_refused(data, options, tmp_path):
    """The message has the command that continues the training, quoted for the shell."""
    run = tmp_path / "my [run] 1"
    train(options(data), out=run, stop=lambda: "at once")
    with pytest.raises(ModelError, match="no completed epoch") as refusal:
        export(run)
    assert refusal.value.hint.endswith(command("train", "--resume", run))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ("latent_dim = 3", "latent_dim was 2 and is 3"),
        ('likelihood = "gaussian"', "likelihood was 'bernoulli' and is 'gaussian'"),
        ("binarize = true", "binarize was False and is True"),
        ("width = 99999", r"config\.toml: --width must be at most"),
    ],
)
def test_other_options_than_those_of_the_training_are_refused(run, tmp_path, changed, message):
    """Also those with which the weights fit: the file would say something else than what was trained."""
    name = changed.split(" ")[0]
    kept_lines = [line for line in run.config.read_text().splitlines() if not line.startswith(f"{name} ")]
    run.config.write_text("\n".join([*kept_lines, changed]) + "\n")
    with pytest.raises((TrainingError, ConfigError), match=message):
        export(run.path, ExportOptions(out=tmp_path / "x"))
    assert not (tmp_path / "x").exists()


@pytest.fixture(scope="module")
def exported(data, options, tmp_path_factory):
    """A finished run with decoders of all precisions, of a network that is quantised fast. Not to be written to."""
    path = train(options(data, network="dense", width=32), out=tmp_path_factory.mktemp("all") / "run").run
    export(path, ExportOptions(precisions=["int8", "fp16"], force=True))
    return path


@pytest.fixture
def with_all(exported, tmp_path):
    """A copy of a finished run with decoders of all precisions."""
    return Run(shutil.copytree(exported, tmp_path / "run"))


def test_an_extended_run_updates_all_decoders(with_all):
    """Every file in the model folder has the new weights and figures."""
    train(resume=with_all.path, changes={"epochs": 3})
    files = read_all(with_all.model)
    assert [file.info.precision for file in files] == ["float32", "float32", "fp16", "fp16", "int8"]
    assert {file.info.training["epochs_done"] for file in files} == {3}


@pytest.mark.parametrize("name", ["encoder.onnx", "decoder.onnx", "MODEL_CARD.md"])
def test_a_missing_file_is_written_again(with_all, name):
    """A run whose model lacks a float32 file or the card is not current, whatever else is there."""
    assert is_current(with_all)
    (with_all.model / name).unlink()
    assert not is_current(with_all)
    train(resume=with_all.path)
    assert is_current(with_all)


def test_a_decoder_that_degrades_too_much_is_removed(with_all, monkeypatch):
    """The run is exported without it, a note says so, and no file of the old weights stays."""
    notes, watch = [], Watcher()
    monkeypatch.setattr(watch, "note", notes.append)
    monkeypatch.setattr("vaecli.export.degradation.MAE_BOUNDS", {"int8": 0.0, "fp16": 0.0})
    train(resume=with_all.path, changes={"epochs": 3}, watch=watch)
    assert "without decoder.fp16.onnx and decoder.int8.onnx: " in " ".join(notes)
    assert [file.info.training["epochs_done"] for file in read_all(with_all.model)] == [3, 3]


def test_an_export_leaves_no_file_of_other_weights(with_all):
    """After a kill, an export without a precision removes its outdated decoder and keeps a current one."""
    killed(4, resume=with_all.path, changes={"epochs": 9})
    export(with_all.path, ExportOptions(precisions=["fp16"], force=True))
    assert [file.info.precision for file in read_all(with_all.model)] == [
        "float32",
        "float32",
        "fp16",
        "fp16",
    ]
    export(with_all.path, ExportOptions(force=True))
    assert len(read_all(with_all.model)) == 4  # fp16 has the same weights


def test_a_stale_decoder_counts_as_missing(with_all, model_folder):
    """A decoder of another model in the model folder is replaced when the run is resumed."""
    stale = with_all.model / "decoder.int8.onnx"
    stale.write_bytes((model_folder / "decoder.onnx").read_bytes())
    train(resume=with_all.path)
    assert len({file.info.model_id for file in read_all(with_all.model)}) == 1
    assert read_model(stale).info.precision == "int8"


def constants(path):
    """Return all arrays of a graph, sorted: names differ from process to process."""
    import onnx.numpy_helper

    arrays = map(onnx.numpy_helper.to_array, onnx.load(path).graph.initializer)
    return sorted((array.dtype.str, array.shape, array.tobytes()) for array in arrays)


def require_equal(path, other_path):
    """Assert that two files hold the same weights, golden vectors and figures."""
    assert constants(path) == constants(other_path)
    a, b = read_model(path), read_model(other_path)
    assert (a.info.training, a.info.quantisation) == (b.info.training, b.info.quantisation)
    for name, values in a.golden().outputs.items():
        np.testing.assert_array_equal(values, b.golden().outputs[name])


def test_the_training_process_exports_what_a_new_process_exports(data, options, tmp_path):
    """Parity and calibration run in float32, although training may have computed in bfloat16."""
    run = Run(train(options(data, epochs=1), out=tmp_path / "run").run)
    export(run.path, ExportOptions(out=tmp_path / "here", precisions=["int8"]))
    command = [sys.executable, "-m", "vaecli", "export", "-m", run.path, "-o", tmp_path / "fresh", "--int8"]
    subprocess.run(command, check=True, timeout=600, capture_output=True)
    for name in ("encoder.onnx", "decoder.onnx", "decoder.int8.onnx"):
        require_equal(tmp_path / "here" / name, tmp_path / "fresh" / name)


def test_a_run_that_is_being_trained_is_not_written_to(run, tmp_path):
    """While another process holds its lock, the run cannot be written, but another folder can."""
    holder = (
        "import pathlib, sys\nfrom vaecli.runs.lock import locked\n"
        f"with locked(pathlib.Path({str(run.lock)!r})):\n    print(1, flush=True)\n    sys.stdin.readline()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", holder], **pipes) as process:
        assert process.stdout.readline() == "1\n"
        with pytest.raises(TrainingError, match="being trained by another process"):
            export(run.path, ExportOptions(force=True))
        export(run.path, ExportOptions(out=tmp_path / "elsewhere"))
        process.communicate("\n", timeout=600)
    require_best(tmp_path / "elsewhere", run)


def test_an_export_elsewhere_leaves_the_run_as_it_was(run, contents, tmp_path):
    """Nothing in the run changes, so a run that may only be read can be exported; a link to the run works."""
    before = contents(run.path)
    link = tmp_path / "a link"
    link.symlink_to(run.path)
    exported = export(link, ExportOptions(out=tmp_path / "new [folder]" / "x", precisions=["fp16"]))
    assert contents(run.path) == before
    encoder, decoder = (file.info for file in read_all(exported.folder) if file.info.precision == "fp16")
    assert exported.degradations == {"fp16": decoder.quantisation | encoder.quantisation}


def damage_images(run):
    content = bytearray(run.kept.read_bytes())
    content[len(content) // 2] ^= 4
    run.kept.write_bytes(content)


def cut_state(run):
    run.checkpoint.write_bytes(run.checkpoint.read_bytes()[:-100])


def damage_state(run):
    content = bytearray(run.checkpoint.read_bytes())
    content[len(content) // 3] ^= 16
    run.checkpoint.write_bytes(content)


def lose_data_table(run):
    document = json.loads(run.provenance.read_text())
    del document["data"]
    run.provenance.write_text(json.dumps(document))


def change_data_table(run):
    document = json.loads(run.provenance.read_text())
    document["data"]["image_shape"] = "28"
    run.provenance.write_text(json.dumps(document))


def change_polarity(run):
    document = json.loads(run.provenance.read_text())
    document["data"]["polarity"] = "sideways"
    run.provenance.write_text(json.dumps(document))


def shrink_images(run):
    images = kept.read(run.kept)
    kept.write(run.kept, kept.KeptImages(*(array[:, :20] for array in images)))


@pytest.mark.parametrize(
    ("damage", "name"),
    [
        (damage_images, "images.npz"),
        (cut_state, "state.npz"),
        (damage_state, "state.npz"),
        (lose_data_table, "provenance.json"),
        (change_data_table, "provenance.json"),
        (change_polarity, "sideways"),
        (shrink_images, "images.npz"),
    ],
)
def test_a_damaged_run_is_refused_before_anything_is_written(run, contents, tmp_path, damage, name):
    """Each damage is an error that names the file; neither the run nor the target is touched."""
    damage(run)
    before = contents(tmp_path)
    for options in (ExportOptions(out=tmp_path / "x"), ExportOptions(force=True)):
        with pytest.raises(VaecliError, match=name):
            export(run.path, options)
        assert contents(tmp_path) == before
