"""The training task: finished, extended and changed runs, time limits, and runs that cannot begin or go on."""

import importlib.util
import shutil
import time
import tomllib

import numpy as np
import PIL.Image
import pytest

from vaecli.data.load import load
from vaecli.data.named.bundled import load_mini
from vaecli.errors import DataError, MissingExtraError, OptionError, OutputError, TrainingError
from vaecli.runs.history import read_metrics
from vaecli.runs.layout import Run
from vaecli.runs.progress import Watcher
from vaecli.runs.state import read, save
from vaecli.runtime.model import Model
from vaecli.tasks.train import deadline, images
from vaecli.tasks.train.job import Job
from vaecli.tasks.train.train import train

pytestmark = pytest.mark.train


class KilledError(BaseException):
    """Stands for a kill of the process: nothing catches it, and nothing more is written."""


class Listener(Watcher):
    def __init__(self):
        self.notes, self.rows, self.steps, self.exports = [], [], 0, 0

    def note(self, message):
        self.notes.append(message)

    def stepped(self, epoch, steps, images_per_second):
        self.steps += 1

    def exporting(self):
        self.exports += 1


def times(run):
    """Return the modification time of each result of a run."""
    results = [*run.model.iterdir(), run.encoder, run.decoder, *run.plots.glob("*.*")]
    return {path.name: path.stat().st_mtime_ns for path in results}


def test_a_finished_run_lacks_nothing(run):
    """Resuming a finished run trains nothing, makes nothing, and notes it."""
    before, watch = times(run), Listener()
    result = train(resume=run.path, watch=watch)
    assert result.finished and "all 2 epochs" in result.reason and result.best["epoch"] == 2
    assert (watch.steps, watch.exports) == (0, 0) and "nothing is missing" in " ".join(watch.notes)
    assert times(run) == before


@pytest.mark.parametrize(
    ("lost", "made"),
    [
        (["encoder.keras"], ["encoder.keras", "decoder.keras"]),
        (["plots/samples.png"], ["plots"]),
        (["model/encoder.onnx"], ["model", "plots", "encoder.keras", "decoder.keras"]),
        (["metrics.csv"], []),
    ],
)
def test_missing_results_are_made_again(run, lost, made):
    """Results that are missing are made again, the others stay as they were, and nothing is trained."""
    before, watch = times(run), Listener()
    metrics = run.metrics.read_bytes()
    for name in lost:
        (run.path / name).unlink()
    train(resume=run.path, watch=watch)
    after = times(run)
    assert watch.steps == 0 and set(after) == set(before)
    changed = {name for name in before if before[name] != after[name]}
    folders = {path.name: path.parent.name for path in (*run.model.iterdir(), *run.plots.glob("*.*"))}
    assert {folders.get(name, name) for name in changed} == set(made)
    assert run.metrics.read_bytes() == metrics
    Model.open(run.path).encode(np.zeros((1, 28, 28, 1), np.float32))


def test_a_damaged_or_older_model_is_made_again(run, model_folder):
    """A truncated file, and a model of another run, count as missing."""
    for content in (
        run.model.joinpath("encoder.onnx").read_bytes()[:-9],
        (model_folder / "encoder.onnx").read_bytes(),
    ):
        (run.model / "encoder.onnx").write_bytes(content)
        watch = Listener()
        train(resume=run.path, watch=watch)
        assert "made again: model" in " ".join(watch.notes)
        assert (run.model / "encoder.onnx").read_bytes() != content
        Model.open(run.path).encode(np.zeros((1, 28, 28, 1), np.float32))


def test_leftovers_of_a_killed_process_go(run):
    """Temporary files and folders of vaecli in the run are removed; a user's files stay."""
    (run.path / ".vaecli-1.part").mkdir()
    (run.path / ".vaecli-1.part" / "decoder.onnx").write_bytes(b"half")
    leftovers = [run.checkpoint.with_name(".vaecli-2.part"), run.plots / ".vaecli-3.part"]
    for path in leftovers:
        path.write_bytes(b"half")
    mine = [run.path / "notes.part", run.plots / ".mine"]
    for path in mine:
        path.write_text("mine")
    train(resume=run.path)
    assert not (run.path / ".vaecli-1.part").exists() and not any(path.exists() for path in leftovers)
    assert all(path.read_text() == "mine" for path in mine)


def test_a_finished_run_is_extended(run, data, tmp_path):
    """Two more epochs follow the cosine of four, with a note; config, metrics and the model's metadata follow."""
    watch = Listener()
    result = train(resume=run.path, changes={"epochs": 4, "patience": 7}, watch=watch)
    assert result.finished and "all 4 epochs" in result.reason
    notes = " ".join(watch.notes)
    assert "ends with epoch 4, not 2" in notes and "learning rate goes on at" in notes
    config = tomllib.loads(run.config.read_text())
    assert (config["epochs"], config["patience"]) == (4, 7)
    rows = read_metrics(run.metrics)
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4]
    assert rows[2]["learning_rate"] > rows[1]["learning_rate"] > 0 and rows[3]["learning_rate"] < 5e-4
    info = Model.open(run.path).info
    assert info.training["epochs"] == 4 and info.training["epochs_done"] == 4
    with PIL.Image.open(run.plots / "samples.gif") as animation:
        assert animation.n_frames == 4


def test_an_early_stopped_run_is_extended(data, tmp_path, options, rewrite_state):
    """A run ended by patience stays ended; with more epochs patience counts again from there, and ends it again."""
    first = Run(train(options(data, schedule="constant"), out=tmp_path / "run").run)
    rewrite_state(first, best_epoch=1, best_loss=0.0)  # a loss that no epoch will beat
    first.config.write_text(first.config.read_text().replace("epochs = 2", "epochs = 3"))
    watch = Listener()
    stopped = train(resume=first.path, changes={"patience": 1}, watch=watch)
    assert "--patience" in stopped.reason and stopped.finished and watch.steps == 0
    again = train(resume=first.path, changes={"epochs": 9}, watch=watch)
    notes = " ".join(watch.notes)
    assert "counts again" in notes and "--patience" in again.reason
    assert "constant: it stays at 0.0071." in notes and "ends with epoch" not in notes
    assert [row["epoch"] for row in read_metrics(first.metrics)] == [1, 2, 3]


@pytest.mark.parametrize("before", [True, False])
def test_a_kill_in_the_extension_of_an_early_stopped_run(run, rewrite_state, monkeypatch, before):
    """A run killed before or after config.toml is written can be resumed, and extended again."""
    rewrite_state(run, best_epoch=1, best_loss=0.0)
    config = run.config.read_text().replace("patience = 10", "patience = 1")
    run.config.write_text(config.replace("epochs = 2", "epochs = 3"))
    assert "--patience" in train(resume=run.path).reason

    def killed(job):
        if not before:
            write(job)
        raise KilledError

    write = Job.write_config
    monkeypatch.setattr(Job, "write_config", killed)
    with pytest.raises(KilledError):
        train(resume=run.path, changes={"epochs": 4})
    monkeypatch.setattr(Job, "write_config", write)
    watch = Listener()
    train(resume=run.path, watch=watch)
    assert watch.steps > 0 and read(run.checkpoint).state.epoch == 3
    train(resume=run.path, changes={"epochs": 5})
    assert read(run.checkpoint).state.epoch == 4


def test_fewer_epochs_than_have_a_mixture_are_refused(run):
    """The error is about --epochs, which alone can be changed."""
    lines = [line for line in run.config.read_text().splitlines() if "epochs" not in line]
    run.config.write_text("\n".join([*lines, "epochs = 9", "mixture_epochs = 6"]))
    says = "--epochs must be at least 6, the run's --mixture-epochs, got 5"
    with pytest.raises(OptionError, match=says) as caught:
        train(resume=run.path, changes={"epochs": 5})
    assert caught.value.option == "--epochs"


def test_a_mixture_needs_enough_images_that_are_encoded(write_data, options, tmp_path, monkeypatch):
    """Of large images only some are: their number counts, and the run ends before it begins."""
    monkeypatch.setattr("vaecli.latent.prior_sizes.MOST_PIXELS", 100 * 12 * 12)
    pixels = np.random.default_rng(0).integers(0, 256, (400, 12, 12, 1), np.uint8)
    folder = write_data(tmp_path / "images", pixels)
    says = "--mixture-epochs needs at least 200 training images for 40 latent dimensions, got 100 of "
    with pytest.raises(OptionError, match=says) as caught:
        train(options(folder, latent_dim=40, mixture_epochs=1), out=tmp_path / "run")
    assert caught.value.hint.endswith("or leave it out.") and not (tmp_path / "run").exists()


def test_fewer_epochs_than_begun_are_refused(run):
    """Fewer epochs than the run has begun are refused, and nothing is changed."""
    config = run.config.read_bytes()
    with pytest.raises(
        OptionError, match="--epochs must be at least 2, the number this run has begun, got 1"
    ):
        train(resume=run.path, changes={"epochs": 1})
    assert run.config.read_bytes() == config


def test_other_data_is_refused(run, data, tmp_path, write_data):
    """The hash of the data decides, not their name; the run stays as it was."""
    other = write_data(tmp_path / "few", load_mini("train").images[1:301])
    config, state = run.config.read_bytes(), run.checkpoint.read_bytes()
    message = rf"few in {other} is not what this run was trained on: its hash must be \w{{12}}\.\.\., got"
    with pytest.raises(TrainingError, match=message):
        train(resume=run.path, changes={"epochs": 5, "data": str(other)})
    assert (run.config.read_bytes(), run.checkpoint.read_bytes()) == (config, state)


def test_the_same_data_elsewhere_is_taken(run, data, tmp_path, monkeypatch):
    """After the data have moved, --data names their new place, which config.toml then holds."""
    moved, watch = shutil.copytree(data, tmp_path / "moved"), Listener()
    run.config.write_text(run.config.read_text().replace(str(data), str(tmp_path / "gone")))
    with pytest.raises(DataError, match=r"gone, where there is nothing.*--data PATH"):
        train(resume=run.path)
    monkeypatch.chdir(tmp_path)
    assert train(resume=run.path, changes={"data": "moved"}, watch=watch).finished
    assert tomllib.loads(run.config.read_text())["data"] == str(moved)
    assert (watch.steps, watch.exports) == (0, 0) and train(resume=run.path).finished


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("latent_dim = 3", "latent_dim was 2 and is 3"),
        ("batch_size = 32", "batch_size was 64 and is 32"),
        ('network = "conv"', "network was 'classic' and is 'conv'"),
        ("width = 17", "width was 16 and is 17"),
        ("depth = 3", "depth was 2 and is 3"),
        ('likelihood = "gaussian"', "likelihood was 'bernoulli' and is 'gaussian'"),
        ("conditional = true", "conditional was False and is True"),
        ("# learning_rate", "learning_rate was 0.0070[0-9]* and is not set"),
        ("# batch_size", "batch_size was 64 and is not set"),
        ("# kl_warmup", "kl_warmup was 0.2 and is 0.0"),
    ],
)
def test_another_network_is_refused(run, line, message):
    """An option that decides the steps and was changed in config.toml, or removed there, is named."""
    name = line.removeprefix("# ").split(" ", maxsplit=1)[0]
    lines = [line if old.startswith(f"{name} =") else old for old in run.config.read_text().splitlines()]
    run.config.write_text("\n".join(lines))
    with pytest.raises(TrainingError, match=message):
        train(resume=run.path)


def test_a_run_of_before_the_warm_up_goes_on_without(run):
    """Neither config.toml nor the state has it; more epochs, twice, add no warm-up, and it is written down."""
    saved = read(run.checkpoint)
    options = {name: value for name, value in saved.identity["options"].items() if name != "kl_warmup"}
    save(run.checkpoint, saved.state, saved.variables, saved.identity | {"options": options})
    lines = [line for line in run.config.read_text().splitlines() if not line.startswith("kl_warmup")]
    run.config.write_text("\n".join(lines))
    assert train(resume=run.path).finished
    for epochs in (3, 4):
        assert train(resume=run.path, changes={"epochs": epochs}).finished
    assert tomllib.loads(run.config.read_text())["kl_warmup"] == 0.0


def test_other_threads_are_noted(run, rewrite_state):
    """The threads are part of the state; a note tells where TensorFlow already uses other numbers."""
    threads = read(run.checkpoint).state.threads
    assert len(threads) == 2 and all(count >= 1 for count in threads)
    rewrite_state(run, threads=[63, 63])
    watch = Listener()
    train(resume=run.path, watch=watch)
    assert "[63, 63] threads" in " ".join(watch.notes) and "by rounding" in " ".join(watch.notes)


def test_time_that_is_over_at_once_leaves_a_run_to_resume(data, tmp_path, options):
    """A limit that is over before the first epoch ends leaves no model, but a run to resume."""
    result = train(options(data), out=tmp_path / "run", max_time=0.01)
    assert (result.reason, result.best, result.finished) == (deadline.REASON, None, False)
    assert train(resume=result.run).finished


def test_max_time_stops_within_the_run_and_exports(run):
    """A run of very many epochs stops in time and exports the best epoch so far."""
    watch = Listener()
    result = train(
        resume=run.path, changes={"epochs": 100_000, "patience": 100_000}, max_time=15, watch=watch
    )
    assert result.reason == deadline.REASON and not result.finished
    assert 2 <= len(read_metrics(run.metrics)) < 100_000
    assert Model.open(run.path).info.training["epochs_done"] == len(read_metrics(run.metrics))


def test_the_deadline_leaves_room(monkeypatch):
    """A start of 10 s reserves 25 s for the export, half a second for a call, and the time of a validation."""
    now = [100.0]
    monkeypatch.setattr(deadline.time, "monotonic", lambda: now[0])
    limit, none = deadline.Deadline(120), deadline.Deadline(None)
    now[0] += 50  # of downloading, say
    with limit.starting(), none.starting():
        now[0] += 10
    now[0] = 100 + 120 - 25.6
    assert not limit.passed() and limit.passed(1.0) and limit.passed(int8=True) and not none.passed(1.0)
    assert limit.passed(fit_seconds=1.0)
    now[0] += 0.2
    assert limit.passed()


def test_images_that_no_model_could_be_exported_of_are_refused(tmp_path, write_data, options):
    """Images of too many pixels are refused before anything is written."""
    folder = write_data(tmp_path / "large", np.zeros((3, 1001, 1000, 1), np.uint8))
    with pytest.raises(
        DataError,
        match="at most 1,000,000 pixels for their model to be exported; those of large have 1,001 x 1,000",
    ):
        train(options(folder), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_long_download_leaves_its_time_to_training(data, options, tmp_path, monkeypatch):
    """A long download counts as elapsed time, and does not raise the estimate of the export."""
    real, late = time.monotonic, [0.0]
    monkeypatch.setattr(deadline.time, "monotonic", lambda: real() + late[0])

    def download(*arguments, **more):
        late[0] += 1000 if "train" in arguments else 0
        return load(*arguments, **more)

    monkeypatch.setattr(images, "load", download)
    assert train(options(data), out=tmp_path / "run", max_time=1060).finished
    assert train(options(data), out=tmp_path / "other", max_time=1001).reason == deadline.REASON


@pytest.mark.parametrize("place", ["a file", "/proc/self"])
def test_events_that_cannot_be_written(run, place):
    """A file in place of the folder, or a folder that takes no files, is an OutputError; the run can be resumed."""
    if place.startswith("/"):
        run.tensorboard.symlink_to(place)
    else:
        run.tensorboard.write_text(place)
    with pytest.raises(OutputError, match=r"(?s)Cannot write event files in .*is solved: .* --tensorboard$"):
        train(resume=run.path, changes={"epochs": 3}, tensorboard=True)
    run.tensorboard.unlink()
    assert train(resume=run.path, tensorboard=True).finished


@pytest.mark.parametrize(
    "odd", [("long", (5, 4100, 4), "image_shape must be"), ("a\x1b", (5, 9, 9), "control characters")]
)
def test_data_that_a_file_could_not_describe_are_refused(write_data, options, tmp_path, odd):
    """Names and sizes that the reader of exported files refuses are refused before training."""
    name, shape, reason = odd
    images = np.random.default_rng(0).integers(0, 256, (*shape, 1), np.uint8)
    folder = write_data(tmp_path / name, images)
    with pytest.raises(DataError, match=f"could not be exported.*{reason}"):
        train(options(folder, validation_split=0.5), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_network_too_large_to_export_is_refused(write_data, options, tmp_path, monkeypatch):
    """The untrained network is converted and measured before the first step; no folder is left."""
    monkeypatch.setattr("vaecli.modelfile.cost.measure.MAX_ELEMENTS", 1000)
    pixels = np.random.default_rng(0).integers(0, 256, (40, 9, 8, 1), np.uint8)
    watch, folder = Listener(), write_data(tmp_path / "images", pixels)
    with pytest.raises(
        DataError, match=r"9 x 8 x 1 images, .* with 2 latent dimensions, could not be exported.*more memory"
    ) as caught:
        train(options(folder), out=tmp_path / "run", watch=watch)
    assert "--latent-dim" in caught.value.hint and watch.steps == 0
    assert not (tmp_path / "run").exists()


def test_a_network_of_more_than_2_gib_is_refused(write_data, options, tmp_path):
    """A file of that size cannot exist, so the network is not even built."""
    pixels = np.random.default_rng(0).integers(0, 256, (5, 500, 500, 1), np.uint8)
    folder = write_data(tmp_path / "images", pixels)
    with pytest.raises(
        DataError, match=r"500 x 500 x 1 images, .* decoder would have .* weights, 1[56]\.\d GiB"
    ):
        train(options(folder, latent_dim=4096), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_facts_stay_with_the_run(run):
    """A finished run has the facts of its best weights, with the classes of the validation images."""
    state = read(run.checkpoint).state
    assert state.best_facts["class_counts"].sum() == len(state.best_facts["examples"]) > 16
    assert state.best_facts["class_means"].shape == (10, 2)


def test_options_are_kept_as_requested(run, monkeypatch):
    """Extended on a machine without bfloat16, a run keeps `precision = "bfloat16"` in its config.toml."""
    from vaecli.training import precision

    text = run.config.read_text()
    lines = ['precision = "bfloat16"' if line.startswith("precision") else line for line in text.splitlines()]
    run.config.write_text("\n".join(lines))
    monkeypatch.setattr(precision, "CPU_FLAGS", frozenset())
    watch = Listener()
    train(resume=run.path, changes={"epochs": 3}, watch=watch)
    assert tomllib.loads(run.config.read_text())["precision"] == "bfloat16"
    assert "in bfloat16, which this machine does not compute in, and goes on in float32" in " ".join(
        watch.notes
    )


@pytest.mark.parametrize("module", ["tensorflow", "tf2onnx", "matplotlib"])
def test_a_missing_package_is_found_before_training(data, options, tmp_path, monkeypatch, module):
    """Without TensorFlow, tf2onnx or matplotlib, nothing is trained or written, and the extra is named."""
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == module else real(name))
    with pytest.raises(MissingExtraError, match=r"matplotlib.*vaecli\[train\]"):
        train(options(data), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_that_diverges_names_the_export(run, rewrite_state):
    """After three rollbacks the hint names the command that exports the best epoch."""
    rewrite_state(run, learning_rate_scale=1e30, best_epoch=2)
    with pytest.raises(TrainingError, match="3 rollbacks") as caught:
        train(resume=run.path, changes={"epochs": 4})
    assert caught.value.hint.endswith(f"epoch so far, 2: vaecli export -m {run.path}")
