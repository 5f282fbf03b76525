"""The export task: weights and facts come from the state, whatever ended the run and whatever else lies in it."""

import shutil
import subprocess
import sys

import numpy as np
import pytest

from vaecli.errors import ModelError, TrainingError
from vaecli.modelfile.find import read_all
from vaecli.modelfile.read import read_file as read_model
from vaecli.runs.history import read_metrics, write_metrics
from vaecli.runs.layout import Run
from vaecli.runs.progress import Watcher
from vaecli.runs.state import read
from vaecli.runtime.model import Model
from vaecli.tasks.export import export
from vaecli.tasks.train.train import train

pytestmark = pytest.mark.train


class KilledError(BaseException):
    """As if the process had been killed: nothing catches it, and nothing more is written."""


class Killer(Watcher):
    """Kills a run when an epoch has been saved."""

    def __init__(self, epoch):
        self._epoch = epoch

    def epoch_ended(self, epoch):
        if epoch.row["epoch"] == self._epoch:
            raise KilledError


def killed(epoch, *arguments, **more):
    with pytest.raises(KilledError):
        train(*arguments, watch=Killer(epoch), **more)


def require_best(folder, run):
    """The files of a folder compute with the best weights of the state, and say what the state says of them."""
    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.vae import build

    state, model = read(run.checkpoint).state, Model.open(folder)
    row = state.history[state.best_epoch - 1]
    said = model.info.training
    assert (said["best_epoch"], said["epochs_done"]) == (state.best_epoch, state.epoch)
    assert said["val_loss"] == row["val_loss"]
    vae = build("classic", likelihood("bernoulli"), (28, 28, 1), 2, seed=0)
    for variable, value in zip(vae.variables, state.best_weights.values(), strict=True):
        variable.assign(value)
    z = np.ones((3, 2), np.float32)
    np.testing.assert_allclose(model.outputs(z)["logits"], vae.decode({"z": z})["logits"].numpy(), atol=1e-4)


def test_a_run_killed_in_its_extension_exports_its_best_weights_so_far(run, tmp_path):
    """The .keras files and the model folder are of the end before: neither gives the weights, nor the facts."""
    before = Model.open(run.path).info
    killed(4, resume=run.path, changes={"epochs": 9})
    assert read(run.checkpoint).state.best_epoch > 2
    export(run.path, out=tmp_path / "x")
    require_best(tmp_path / "x", run)
    assert Model.open(run.path).info == before
    export(run.path, force=True)
    require_best(run.model, run)


def test_a_run_killed_before_its_end_exports(data, options, tmp_path):
    """It has no .keras files yet; the run's own export makes them."""
    killed(1, options(data), out=tmp_path / "run")
    run = Run(tmp_path / "run")
    assert not run.encoder.exists()
    export(run.path)
    require_best(run.model, run)
    assert run.encoder.exists() and run.decoder.exists()


def test_a_run_that_gave_up_exports(data, options, tmp_path, monkeypatch):
    """What is no number does not take the best weights so far away."""

    class Breaker(Watcher):
        def epoch_ended(self, epoch):
            monkeypatch.setattr("vaecli.training.steps.TrainingSteps.is_finite", lambda engine: False)

    with pytest.raises(TrainingError, match="NaN or infinite in epoch 2"):
        train(options(data), out=tmp_path / "run", watch=Breaker())
    export(tmp_path / "run")
    require_best(tmp_path / "run" / "model", Run(tmp_path / "run"))


def test_mixed_keras_files_are_not_taken(run, tmp_path):
    """The .keras files are results: one of another run changes nothing."""
    run.encoder.write_bytes(b"of another run")
    export(run.path, out=tmp_path / "x")
    require_best(tmp_path / "x", run)


def test_a_tie_names_the_epoch_of_the_weights(run, rewrite_state, tmp_path):
    """metrics.csv has seven digits: two epochs may look alike there, and are not."""
    history = read(run.checkpoint).state.history
    history[0]["val_loss"] = history[1]["val_loss"] + 1e-7
    rewrite_state(run, history=history)
    write_metrics(run.metrics, history)
    assert len({row["val_loss"] for row in read_metrics(run.metrics)}) == 1
    export(run.path, out=tmp_path / "x")
    assert Model.open(tmp_path / "x").info.training["best_epoch"] == 2


def test_a_run_without_a_state_is_refused(run, tmp_path):
    """The file is named, and nothing is written."""
    run.checkpoint.unlink()
    with pytest.raises(TrainingError, match=r"state\.npz: No such file"):
        export(run.path, out=tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_a_run_without_an_epoch_is_refused(data, options, tmp_path):
    """It says how to go on."""
    train(options(data), out=tmp_path / "run", stop=lambda: "at once")
    with pytest.raises(ModelError, match=r"no epoch that is done.*vaecli train --resume"):
        export(tmp_path / "run")


def test_a_configuration_of_another_network_is_refused(run, tmp_path):
    """The first layers that do not fit are named with both shapes."""
    run.config.write_text(run.config.read_text().replace("latent_dim = 2", "latent_dim = 3"))
    with pytest.raises(TrainingError, match=r"z_mean/kernel was \(16, 2\) and is \(16, 3\)"):
        export(run.path, out=tmp_path / "x")


@pytest.fixture(scope="module")
def exported(trained, tmp_path_factory):
    """A finished run with decoders of all precisions."""
    path = shutil.copytree(trained.run, tmp_path_factory.mktemp("all") / "run")
    export(path, precisions=["int8", "fp16"], force=True)
    return path


@pytest.fixture
def with_all(exported, tmp_path):
    """A copy of it."""
    return Run(shutil.copytree(exported, tmp_path / "run"))


def test_an_extended_run_makes_anew_the_precisions_that_are_there(with_all):
    """The files in the model folder are all of the new weights, and of one training."""
    train(resume=with_all.path, changes={"epochs": 3})
    found = read_all(with_all.model)
    assert [file.info.precision for file in found] == ["float32", "float32", "fp16", "int8"]
    assert {file.info.training["epochs_done"] for file in found} == {3}


def test_a_precision_that_new_weights_do_not_admit_goes(with_all, monkeypatch):
    """The run is exported all the same, it is said, and no file of the old weights stays."""
    notes, watch = [], Watcher()
    monkeypatch.setattr(watch, "note", notes.append)
    monkeypatch.setattr("vaecli.export.degradation.GREY_BOUNDS", {"int8": 0.0, "fp16": 0.0})
    train(resume=with_all.path, changes={"epochs": 3}, watch=watch)
    assert "without decoder.fp16.onnx and decoder.int8.onnx: " in " ".join(notes)
    assert [file.info.training["epochs_done"] for file in read_all(with_all.model)] == [3, 3]


def test_an_export_leaves_no_file_of_other_weights(with_all):
    """After a kill in an extension, `export --force` without the other precisions removes those that are old."""
    killed(4, resume=with_all.path, changes={"epochs": 9})
    export(with_all.path, precisions=["fp16"], force=True)
    assert [file.info.precision for file in read_all(with_all.model)] == ["float32", "float32", "fp16"]
    export(with_all.path, precisions=["int8"], force=True)
    assert len(read_all(with_all.model)) == 4  # fp16 is of the same weights


def test_a_stale_decoder_counts_as_missing(with_all, model_folder):
    """One of another model beside the right ones is found when the run is resumed, and made anew."""
    stale = with_all.model / "decoder.int8.onnx"
    stale.write_bytes((model_folder / "decoder.onnx").read_bytes())
    train(resume=with_all.path)
    assert len({file.info.model_id for file in read_all(with_all.model)}) == 1
    assert read_model(stale).info.precision == "int8"


def constants(path):
    """All arrays in a graph, in an order of their own: names differ from process to process."""
    import onnx.numpy_helper

    arrays = map(onnx.numpy_helper.to_array, onnx.load(path).graph.initializer)
    return sorted((array.dtype.str, array.shape, array.tobytes()) for array in arrays)


def require_equal(one, other):
    """Two files of a model hold the same numbers: weights, golden vectors, figures."""
    assert constants(one) == constants(other)
    a, b = read_model(one), read_model(other)
    assert (a.info.training, a.info.quantisation) == (b.info.training, b.info.quantisation)
    for name, values in a.golden().outputs.items():
        np.testing.assert_array_equal(values, b.golden().outputs[name])


def test_the_process_that_trained_exports_what_a_fresh_one_does(data, options, tmp_path):
    """Parity and calibration are computed without the rewrite to bfloat16, which `auto` trains in where it can."""
    run = Run(train(options(data, epochs=1), out=tmp_path / "run").run)
    export(run.path, out=tmp_path / "here", precisions=["int8"])
    command = [sys.executable, "-m", "vaecli", "export", "-m", run.path, "-o", tmp_path / "fresh", "--int8"]
    subprocess.run(command, check=True, timeout=300, capture_output=True)
    for name in ("encoder.onnx", "decoder.onnx", "decoder.int8.onnx"):
        require_equal(tmp_path / "here" / name, tmp_path / "fresh" / name)


def test_a_run_that_is_being_trained_is_not_written_to(run, tmp_path):
    """Its lock is held: the run stays as it is, and another folder can be written all the same."""
    holder = (
        "import pathlib, sys\nfrom vaecli.runs.lock import locked\n"
        f"with locked(pathlib.Path({str(run.lock)!r})):\n    print(1, flush=True)\n    sys.stdin.readline()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", holder], **pipes) as process:
        assert process.stdout.readline() == "1\n"
        with pytest.raises(TrainingError, match="being trained by another process"):
            export(run.path, force=True)
        export(run.path, out=tmp_path / "elsewhere")
        process.communicate("\n", timeout=30)
    require_best(tmp_path / "elsewhere", run)
