"""The start of a run: the facts of its data that it keeps, and what is left if it fails."""

import json
import os
import pathlib
import sys

import numpy as np
import pytest

from vaecli.config import read_config
from vaecli.data.named.bundled import load_mini
from vaecli.errors import DataError, OutputError
from vaecli.options import TrainOptions
from vaecli.runs.progress import Watcher
from vaecli.tasks.train.images import load_again
from vaecli.tasks.train.job import begin


class Listener(Watcher):
    """Keeps the notes."""

    def __init__(self):
        self.notes = []

    def note(self, message):
        self.notes.append(message)


@pytest.fixture
def start(here):
    """Begins a run in `run`: what config.toml and provenance.json say of the data, and the notes."""

    def start(**options):
        watch = Listener()
        with begin(TrainOptions(**options), here / "run", watch) as job:
            facts = json.loads(job.run.provenance.read_text("utf-8"))["data"]
            return read_config(job.run.config).get("data"), facts, watch.notes

    return start


def test_a_name_beside_a_folder_stays_the_name(start, here):
    """A folder of runs called like the data set changes nothing: the run can be resumed anywhere."""
    (here / "fashion-mnist-mini").mkdir()
    data, facts, _ = start(data="fashion-mnist-mini")
    assert (data, facts["kind"]) == ("fashion-mnist-mini", "named")
    assert load_again(TrainOptions(data=data), Watcher()).sha256 == facts["sha256"]


def test_a_folder_called_like_a_data_set_is_kept_as_a_folder(start, here, write_data):
    """With IDX files in it, the folder is what is trained on, and its path is kept."""
    write_data(here / "fashion-mnist-mini", load_mini("train").images[:50])
    data, facts, _ = start(data="fashion-mnist-mini")
    assert pathlib.Path(data) == here / "fashion-mnist-mini"
    assert (facts["kind"], facts["name"]) == ("folder", "fashion-mnist-mini")
    assert load_again(TrainOptions(data=data), Watcher()).sha256 == facts["sha256"]


def test_the_home_folder_is_expanded(start, here, write_data, monkeypatch):
    """`~/digits` is kept as an absolute path."""
    monkeypatch.setenv("HOME", os.fspath(here))
    write_data(here / "digits", load_mini("train").images[:50])
    assert start(data="~/digits")[0] == os.fspath(here / "digits")


def test_images_of_0_and_1(start, here, write_data):
    """Bits are reported before training; with `stretch` they are 0 and 255, again after a resume."""
    write_data(here / "bits", load_mini("train").images[:50] // 128)
    _, facts, notes = start(data="bits")
    assert facts["stretch"] is None
    assert any("are 0 to 1, of 0 to 255" in note for note in notes)


def test_stretched_images_are_kept_stretched(start, here, write_data):
    """The range is in the facts, and the same images are loaded for a resume."""
    images = load_mini("train").images[:50] // 128
    write_data(here / "bits", images)
    data, facts, notes = start(data="bits", stretch=True)
    assert (facts["stretch"], notes) == ([0, 1], [])
    again = load_again(TrainOptions(data=data, stretch=True), Watcher())
    assert again.sha256 == facts["sha256"]
    np.testing.assert_array_equal(again.images, images * 255)


@pytest.mark.parametrize(
    ("likelihood", "two_values", "growth"),
    [
        ("continuous-bernoulli", True, "without bound"),
        ("gaussian", True, "until its sigma is at its least"),
        ("bernoulli", True, None),
        ("logistic", True, None),
        ("continuous-bernoulli", False, None),
    ],
)
def test_a_density_of_two_values(start, here, write_data, likelihood, two_values, growth):
    """Black and white pixels have no density: the note names the likelihood that fits them."""
    images = load_mini("train").images[:50]
    write_data(here / "bits", images // 128 * 255 if two_values else images)
    notes = start(data="bits", likelihood=likelihood)[2]
    assert any(f"--likelihood {likelihood} grows {growth}" in note for note in notes) == bool(growth)


@pytest.mark.parametrize(
    ("network", "width", "depth"),
    [("classic", 16, 2), ("dense", 512, 2), ("conv", 32, 1), ("residual", 64, 2)],
)
def test_width_and_depth_are_written_down(here, network, width, depth):
    """Options that were left out stand in config.toml with their values: other defaults never change a run."""
    options = TrainOptions(data="fashion-mnist-mini", network=network)
    with begin(options, here / "run", Listener()) as job:
        config = read_config(job.run.config)
    assert (config["width"], config["depth"]) == (width, depth)
    assert config["batch_size"] and config["learning_rate"] and config["kl_warmup"] == 3.0


@pytest.mark.parametrize("count", [5, 10, 20, 40])
def test_few_images_hold_two_out(start, here, write_data, count):
    """Any folder of five images or more can be trained on."""
    write_data(here / "few", load_mini("train").images[:count])
    _, facts, _ = start(data="few")
    assert facts["validation_count"] >= 2
    assert facts["count"] + facts["validation_count"] == count


class FailedError(BaseException):
    """Stands for any end of the start of a run: an error, a signal, a full disk."""


@pytest.mark.parametrize("exists", [False, True])
def test_a_run_that_cannot_begin_leaves_nothing(here, exists):
    """Everything that was made is removed; a folder that existed before stays, with its content."""
    run = here / "run"
    if exists:
        run.mkdir()
        (run / ".DS_Store").touch()
    with pytest.raises(FailedError), begin(TrainOptions(data="fashion-mnist-mini"), run, Watcher()):
        assert (run / "config.toml").exists()
        raise FailedError
    assert [path.name for path in here.rglob("*")] == (["run", ".DS_Store"] if exists else [])


def test_a_full_disk_leaves_nothing(here, monkeypatch):
    """If the kept images cannot be written, no folder is left."""

    def fill_up(*arguments):
        raise OutputError("Cannot write images.npz: No space left on device.")

    monkeypatch.setattr("vaecli.runs.kept.write", fill_up)
    with (
        pytest.raises(OutputError, match="No space left"),
        begin(TrainOptions(data="fashion-mnist-mini"), None, Watcher()),
    ):
        raise AssertionError("a run without its images")
    assert list(here.rglob("*")) == [here / "runs"]


def test_a_failure_after_the_first_state_leaves_the_run(here):
    """Once there is a saved state, an error removes nothing."""
    with (
        pytest.raises(FailedError),
        begin(TrainOptions(data="fashion-mnist-mini"), here / "run", Watcher()) as job,
    ):
        job.run.checkpoint.touch()
        raise FailedError
    assert (here / "run" / "config.toml").exists()


def test_two_processes_with_one_folder(here):
    """A second process that is refused the folder of the first removes nothing of it."""
    options = TrainOptions(data="fashion-mnist-mini")
    (here / "run").mkdir()
    with begin(options, here / "run", Watcher()) as job:
        made = sorted(job.run.path.rglob("*"))
        with pytest.raises(OutputError, match="not empty"), begin(options, here / "run", Watcher()):
            raise AssertionError("two runs in one folder")
        assert sorted(job.run.path.rglob("*")) == made


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no names that are not UTF-8")
def test_a_folder_whose_name_is_not_utf8(here, write_data):
    """A path that config.toml cannot hold is refused before anything is made."""
    folder = here / os.fsdecode(b"data-\xff")
    write_data(folder, load_mini("train").images[:50])
    with (
        pytest.raises(DataError, match=r"could not be exported|valid UTF-8"),
        begin(TrainOptions(data=str(folder)), here / "run", Watcher()),
    ):
        raise AssertionError("a run that cannot be written down")
    assert not (here / "run").exists()


def test_a_taken_folder_is_refused_before_anything_is_read(here):
    """Reading a folder of photos may take minutes: here there is nothing to read, which is not what it says."""
    (here / "run").mkdir()
    (here / "run/mine.txt").write_text("mine")
    with (
        pytest.raises(OutputError, match="must name a new or empty folder"),
        begin(TrainOptions(data="nosuch/"), here / "run", Watcher()),
    ):
        pass
    assert (here / "run/mine.txt").read_text() == "mine"
