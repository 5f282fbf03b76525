"""What a new run keeps of its data, before anything is trained."""

import json
import os
import pathlib

import numpy as np
import pytest

from vaecli.data.named.bundled import load_mini
from vaecli.options import TrainOptions, read_config
from vaecli.runs.progress import Watcher
from vaecli.tasks.train.job import begin, load_again


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


@pytest.mark.parametrize("count", [5, 10, 20, 40])
def test_few_images_hold_two_out(start, here, write_data, count):
    """Any folder of five images or more can be trained on."""
    write_data(here / "few", load_mini("train").images[:count])
    _, facts, _ = start(data="few")
    assert facts["validation_count"] >= 2
    assert facts["count"] + facts["validation_count"] == count
