"""Runs that set images apart for testing: never trained on, found again, refused where that cannot be."""

import json
import shutil

import numpy as np
import pytest

from vaecli.data.idx.format import encode_idx
from vaecli.data.load import load
from vaecli.data.named.bundled import load_mini
from vaecli.data.parts import Division
from vaecli.errors import OptionError, TrainingError
from vaecli.options import TrainOptions
from vaecli.runs import kept
from vaecli.runs.layout import Run
from vaecli.runs.progress import Watcher
from vaecli.runtime.model import Model
from vaecli.tasks.evaluate import evaluate
from vaecli.tasks.export import ExportOptions, export
from vaecli.tasks.inputs import load_for
from vaecli.tasks.train.images import load_again
from vaecli.tasks.train.job import begin


class Listener(Watcher):
    def __init__(self):
        self.notes = []

    def note(self, message):
        self.notes.append(message)


def write_test(folder, images):
    (folder / "t10k-images-idx3-ubyte").write_bytes(encode_idx(images))


@pytest.fixture
def start(here):
    """Begins a run in `run`: the job, and what provenance.json says of the data."""

    def start(**options):
        watch = Listener()
        with begin(TrainOptions(**options), here / "run", watch) as job:
            return job, json.loads(job.run.provenance.read_text("utf-8"))["data"], watch.notes

    return start


def rows(images):
    return set(map(bytes, images))


def test_images_set_apart_are_neither_trained_on_nor_kept(start, data):
    """They are in no part of the job and not in images.npz; the hashes are those of the two sides."""
    job, facts, _ = start(data=str(data), test_split=0.3)
    source = load(str(data), "train")
    test = Division.of(job.options).test(source)
    assert 60 < len(test.images) < 120
    assert len(job.data.images) + len(test.images) == 300 and not rows(job.data.images) & rows(test.images)
    assert (facts["sha256"], facts["test_sha256"]) == (job.data.sha256, test.sha256)
    assert facts["count"] + facts["validation_count"] + facts["test_count"] == 300
    images = kept.read(job.run.kept)
    assert not (rows(images.validation) | rows(images.training)) & rows(test.images)
    again = load_again(job.options, Watcher())
    assert again.sha256 == facts["sha256"]


def test_stretched_images_are_stretched_alike_on_both_sides(start, here, write_data):
    """The range is that of the images to train on, and is applied to those for testing."""
    write_data(here / "bits", load_mini("train").images[:100] // 128)
    job, facts, _ = start(data="bits", stretch=True, test_split=0.3)
    assert facts["stretch"] == [0, 1] and set(np.unique(job.data.images)) == {0, 255}
    raw = Division.of(job.options).test(load(str(here / "bits"), "train"))
    assert facts["test_sha256"] != raw.sha256 and facts["test_count"] == len(raw.images)


def test_a_test_part_of_the_source_is_described(start, data, here):
    """Its hash and count are in provenance.json."""
    folder = shutil.copytree(data, here / "with test")
    write_test(folder, load_mini("test").images[:50, :, :, 0])
    _, facts, notes = start(data=str(folder))
    assert (facts["test_sha256"], facts["test_count"]) == (load(str(folder), "test").sha256, 50)
    assert notes == []


def test_without_a_test_part_there_is_no_hash(start, data):
    """Both entries are null."""
    _, facts, _ = start(data=str(data))
    assert (facts["test_sha256"], facts["test_count"]) == (None, None)


def test_a_test_part_of_another_shape_is_not_used(start, data, here):
    """A note has both shapes, and the run begins."""
    folder = shutil.copytree(data, here / "odd")
    write_test(folder, np.zeros((5, 10, 12), np.uint8))
    _, facts, notes = start(data=str(folder))
    assert facts["test_sha256"] is None
    assert len(notes) == 1 and "(10, 12, 1)" in notes[0] and "(28, 28, 1)" in notes[0]


def test_a_damaged_test_part_is_not_used(start, data, here):
    """A note has the reason, and the run begins."""
    folder = shutil.copytree(data, here / "cut")
    (folder / "t10k-images-idx3-ubyte").write_bytes(encode_idx(np.zeros((5, 28, 28), np.uint8))[:-9])
    _, facts, notes = start(data=str(folder))
    assert facts["test_sha256"] is None
    assert len(notes) == 1 and "The test part of cut cannot be used." in notes[0]


@pytest.mark.parametrize(
    ("share", "says"),
    [(1e-9, "1e-09 sets 0 of the 300 of few apart"), (0.9999999, "sets 300 of the 300 of few apart")],
)
def test_a_share_that_leaves_a_side_empty(start, data, here, share, says):
    """Nothing is made."""
    with pytest.raises(OptionError, match=says):
        start(data=str(data), test_split=share)
    assert not (here / "run").exists()


def test_a_source_with_test_images_needs_no_share(start, here):
    """The error has their number, and nothing is made."""
    with pytest.raises(OptionError, match="fashion-mnist-mini has 1,000 test images already") as error:
        start(data="fashion-mnist-mini", test_split=0.1)
    assert error.value.option == "--test-split" and not (here / "run").exists()


@pytest.mark.train
def test_a_run_with_images_set_apart(data, options, tmp_path):
    """Trained, resumed, evaluated and exported: the test images are the same throughout, also after both moved."""
    from vaecli.tasks.train.train import train

    source = shutil.copytree(data, tmp_path / "pictures")
    run = Run(train(options(source, epochs=1, test_split=0.2), out=tmp_path / "run").run)
    train(resume=run.path, changes={"epochs": 2})
    test = Division.of(options(source, test_split=0.2)).test(load(str(source), "train"))
    model = Model.open(run.path)
    assert model.info.data["test_sha256"] == test.sha256 == load_for(model, None, "test").sha256
    assert model.info.training["test_split"] == 0.2
    by_default = evaluate(model, names=["mse"])
    assert by_default.n_images == len(test.images)
    moved = Run(shutil.move(run.path, tmp_path / "moved run"))
    assert evaluate(Model.open(moved.path), names=["mse"]).values["mse"] == by_default.values["mse"]
    copy = export(moved.path, ExportOptions(out=tmp_path / "copy")).folder
    assert (
        evaluate(Model.open(copy), data=str(source), names=["mse"]).values["mse"] == by_default.values["mse"]
    )
    counts = [
        len(load_for(Model.open(moved.path), None, part).images) for part in ("train", "validation", "test")
    ]
    assert sum(counts) == 300
    (source / "train-images-idx3-ubyte").write_bytes(encode_idx(load_mini("train").images[:301, :, :, 0]))
    (source / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(
        TrainingError, match=r"not what this run was trained on.*There were \d+ images and"
    ) as error:
        train(resume=moved.path, changes={"epochs": 3})
    assert "--data" in error.value.hint
