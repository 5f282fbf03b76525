"""The training task: runs that are finished, extended, changed, short of time or of threads."""

import shutil
import time
import tomllib

import numpy as np
import PIL.Image
import pytest

from vaecli.data.load import load
from vaecli.data.named.bundled import load_mini
from vaecli.errors import DataError, OptionError, OutputError, TrainingError
from vaecli.runs.history import read_metrics
from vaecli.runs.layout import Run
from vaecli.runs.progress import Watcher
from vaecli.runs.state import read
from vaecli.runtime.model import Model
from vaecli.tasks.train import deadline, job
from vaecli.tasks.train.job import Job
from vaecli.tasks.train.train import train

pytestmark = pytest.mark.train


class KilledError(BaseException):
    """As if the process had been killed: nothing catches it, and nothing more is written."""


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
    found = [*run.model.iterdir(), run.encoder, run.decoder, *run.plots.glob("*.*")]
    return {path.name: path.stat().st_mtime_ns for path in found}


def test_a_finished_run_lacks_nothing(run):
    """Resuming it trains nothing, makes nothing, and says so."""
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
def test_what_a_finished_run_lacks_is_made(run, lost, made):
    """Files that are gone come back, those that are whole stay as they were, nothing is trained."""
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
    """A file cut short, and the model of another training, count as missing."""
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
    """Temporary files and folders of ours in the run vanish; a user's files stay."""
    (run.path / ".model.x1.part").mkdir()
    (run.path / ".model.x1.part" / "decoder.onnx").write_bytes(b"half")
    leftovers = [run.checkpoint.with_name(".state.npz.x2.part"), run.plots / ".curves.png.x3.part"]
    for path in leftovers:
        path.write_bytes(b"half")
    mine = [run.path / "notes.part", run.plots / ".mine"]
    for path in mine:
        path.write_text("mine")
    train(resume=run.path)
    assert not (run.path / ".model.x1.part").exists() and not any(path.exists() for path in leftovers)
    assert all(path.read_text() == "mine" for path in mine)


def test_a_finished_run_is_extended(run, data, tmp_path):
    """Two more epochs on the cosine of four, said; config, metrics and the model's own metadata follow."""
    watch = Listener()
    result = train(resume=run.path, changes={"epochs": 4, "patience": 7}, watch=watch)
    assert result.finished and "all 4 epochs" in result.reason
    said = " ".join(watch.notes)
    assert "ends with epoch 4, not 2" in said and "learning rate goes on at" in said
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
    """A run ended by patience stays ended; with more epochs patience counts anew from there, and ends it again."""
    first = Run(train(options(data, schedule="constant"), out=tmp_path / "run").run)
    rewrite_state(first, best_epoch=1, best_loss=0.0)  # a loss that nothing will beat
    first.config.write_text(first.config.read_text().replace("epochs = 2", "epochs = 3"))
    watch = Listener()
    stopped = train(resume=first.path, changes={"patience": 1}, watch=watch)
    assert "--patience" in stopped.reason and stopped.finished and watch.steps == 0
    again = train(resume=first.path, changes={"epochs": 9}, watch=watch)
    said = " ".join(watch.notes)
    assert "counts anew" in said and "--patience" in again.reason
    assert "constant: it stays at 0.01." in said and "ends with epoch" not in said
    assert [row["epoch"] for row in read_metrics(first.metrics)] == [1, 2, 3]


@pytest.mark.parametrize("before", [True, False])
def test_a_kill_in_the_extension_of_an_early_stopped_run(run, rewrite_state, monkeypatch, before):
    """Killed before or after config.toml is written, the run goes on, and can be extended again."""
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


def test_fewer_epochs_than_begun_are_refused(run):
    """And nothing is changed."""
    config = run.config.read_bytes()
    with pytest.raises(OptionError, match="--epochs has to be at least 2"):
        train(resume=run.path, changes={"epochs": 1})
    assert run.config.read_bytes() == config


def test_other_data_is_refused(run, data, tmp_path, write_data):
    """The data's hash decides, not its name: what differs is named, and the run stays as it was."""
    other = write_data(tmp_path / "few", load_mini("train").images[1:301])
    config, state = run.config.read_bytes(), run.checkpoint.read_bytes()
    said = rf"few in {other} is not what this run was trained on: \w{{12}}\.\.\. was expected"
    with pytest.raises(TrainingError, match=said):
        train(resume=run.path, changes={"epochs": 5, "data": str(other)})
    assert (run.config.read_bytes(), run.checkpoint.read_bytes()) == (config, state)


def test_the_same_data_elsewhere_is_taken(run, data, tmp_path, monkeypatch):
    """A folder that has moved is asked for, and named from then on; nothing else has changed."""
    moved, watch = shutil.copytree(data, tmp_path / "moved"), Listener()
    run.config.write_text(run.config.read_text().replace(str(data), str(tmp_path / "gone")))
    with pytest.raises(DataError, match=r"no folder .*gone.*--data FOLDER"):
        train(resume=run.path)
    monkeypatch.chdir(tmp_path)
    assert train(resume=run.path, changes={"data": "moved"}, watch=watch).finished
    assert tomllib.loads(run.config.read_text())["data"] == str(moved)
    assert (watch.steps, watch.exports) == (0, 0) and train(resume=run.path).finished


@pytest.mark.parametrize(
    ("line", "said"),
    [("latent_dim = 3", "latent_dim was 2 and is 3"), ("batch_size = 32", "batch_size was 64 and is 32")],
)
def test_another_network_is_refused(run, line, said):
    """An option changed by hand in config.toml that decides the steps is named."""
    name = line.split(" ", maxsplit=1)[0]
    lines = [line if old.startswith(name) else old for old in run.config.read_text().splitlines()]
    run.config.write_text("\n".join(lines))
    with pytest.raises(TrainingError, match=said):
        train(resume=run.path)


def test_other_threads_are_said(run, rewrite_state):
    """The threads are part of the state; where TensorFlow works with others already, equality is not promised."""
    threads = read(run.checkpoint).state.threads
    assert len(threads) == 2 and all(count >= 1 for count in threads)
    rewrite_state(run, threads=[63, 63])
    watch = Listener()
    train(resume=run.path, watch=watch)
    assert "[63, 63] threads" in " ".join(watch.notes) and "to the bit" in " ".join(watch.notes)


def test_time_that_is_over_at_once_leaves_a_run_to_resume(data, tmp_path, options):
    """Before the first epoch's end there is no model; nothing is lost, the run goes on later."""
    result = train(options(data), out=tmp_path / "run", max_time=0.01)
    assert (result.reason, result.best, result.finished) == (deadline.REASON, None, False)
    assert train(resume=result.run).finished


def test_max_time_stops_within_the_run_and_exports(run):
    """A run that would take for ever ends by itself, with the model of the best epoch so far."""
    watch = Listener()
    result = train(
        resume=run.path, changes={"epochs": 100_000, "patience": 100_000}, max_time=15, watch=watch
    )
    assert result.reason == deadline.REASON and not result.finished
    assert 2 <= len(read_metrics(run.metrics)) < 100_000
    assert Model.open(run.path).info.training["epochs_done"] == len(read_metrics(run.metrics))


def test_the_deadline_leaves_room(monkeypatch):
    """A start of 10 s keeps 25 s for the export, half a second for a call, and the validation's own time."""
    now = [100.0]
    monkeypatch.setattr(deadline.time, "monotonic", lambda: now[0])
    limit, none = deadline.Deadline(120), deadline.Deadline(None)
    now[0] += 50  # of downloading, say
    with limit.starting(), none.starting():
        now[0] += 10
    now[0] = 100 + 120 - 25.6
    assert not limit.passed() and limit.passed(1.0) and limit.passed(int8=True) and not none.passed(1.0)
    now[0] += 0.2
    assert limit.passed()


def test_images_that_no_model_could_be_exported_of_are_refused(tmp_path, write_data, options):
    """Before anything is written, and not after hours of training."""
    folder = write_data(tmp_path / "large", np.zeros((3, 1001, 1000, 1), np.uint8))
    with pytest.raises(DataError, match="1,001 x 1,000 pixels; at most 1,000,000 were expected"):
        train(options(folder), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_long_download_leaves_its_time_to_training(data, options, tmp_path, monkeypatch):
    """It counts as time gone by, and not as a measure of the export to come."""
    real, late = time.monotonic, [0.0]
    monkeypatch.setattr(deadline.time, "monotonic", lambda: real() + late[0])

    def download(*arguments, **more):
        late[0] += 1000
        return load(*arguments, **more)

    monkeypatch.setattr(job, "load", download)
    assert train(options(data), out=tmp_path / "run", max_time=1060).finished
    assert train(options(data), out=tmp_path / "other", max_time=1001).reason == deadline.REASON


@pytest.mark.parametrize("place", ["a file", "/proc/self"])
def test_events_that_cannot_be_written(run, place):
    """A file in the way of the folder, a folder that takes no files: an error of ours, and the run can go on."""
    if place.startswith("/"):
        run.tensorboard.symlink_to(place)
    else:
        run.tensorboard.write_text(place)
    with pytest.raises(OutputError, match=r"(?s)Cannot write event files in .*When that is mended"):
        train(resume=run.path, changes={"epochs": 3}, tensorboard=True)
    run.tensorboard.unlink()
    assert train(resume=run.path, tensorboard=True).finished


@pytest.mark.parametrize(
    "odd", [("long", (5, 4100, 4), "image_shape is"), ("a\x1b", (5, 9, 9), "control characters")]
)
def test_data_that_a_file_could_not_describe_are_refused(write_data, options, tmp_path, odd):
    """What the reader of exported files does not take is found before training, not after."""
    name, shape, said = odd
    images = np.random.default_rng(0).integers(0, 256, (*shape, 1), np.uint8)
    folder = write_data(tmp_path / name, images)
    with pytest.raises(DataError, match=f"could not be exported.*{said}"):
        train(options(folder, validation_split=0.5), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
