"""Runs on folders of pictures: read once and for ever alike, described, divided, found again."""

import csv
import json
import shutil

import pytest
from PIL import Image

from vaecli.config import read_config
from vaecli.data.named.bundled import load_mini
from vaecli.errors import DataError, TrainingError
from vaecli.options import TrainOptions
from vaecli.runs.layout import Run
from vaecli.runs.progress import Watcher
from vaecli.runtime.model import Model
from vaecli.tasks.evaluate import evaluate
from vaecli.tasks.export import ExportOptions, export
from vaecli.tasks.inputs import load_for
from vaecli.tasks.interpolate import interpolate
from vaecli.tasks.train.images import load_again
from vaecli.tasks.train.job import begin, reopen


class Listener(Watcher):
    def __init__(self):
        self.notes, self.pictures = [], []

    def note(self, message):
        self.notes.append(message)

    def read(self, name, done, total):
        self.pictures.append((name, done, total))


def write(folder, start, stop):
    """Write some images of the bundled set as colour pictures of several sizes and formats, in class folders."""
    images = load_mini("train")
    for position in range(start, stop):
        grey = Image.fromarray(images.images[position, ..., 0])
        picture = Image.merge("RGB", [grey, grey.point(lambda value: 255 - value), grey])
        size = [(40, 40), (44, 50), (60, 40)][position % 3]
        path = (
            folder
            / f"class {images.labels[position] % 2}"
            / f"{position}.{('png', 'webp', 'bmp')[position % 3]}"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.resize(size).save(path)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of its own."""
    monkeypatch.setenv("VAECLI_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path):
    """120 pictures in two classes, two of them equal, and one file that is cut short."""
    folder = tmp_path / "mine"
    write(folder, 0, 120)
    first = next(iter(sorted((folder / "class 0").glob("*.png"))))
    shutil.copy(first, folder / "class 0" / "again.png")
    (folder / "class 1" / "cut.png").write_bytes(first.read_bytes()[:200])
    return folder


def start(run, watch=None, **options):
    """Begin a run; return the job and what provenance.json says of its data."""
    with begin(TrainOptions(**options), run, watch or Listener()) as job:
        return job, json.loads(job.run.provenance.read_text("utf-8"))["data"]


def test_the_reading_is_kept_in_the_options(folder, tmp_path):
    """config.toml has size, colour and fit as they were chosen; the table of the data has the reading."""
    job, facts = start(tmp_path / "run", data=str(folder))
    height, width, channels = job.data.images.shape[1:]
    assert (height, width, channels) == (40, 40, 3)
    settings = read_config(job.run.config)
    assert [settings[name] for name in ("image_size", "colour", "fit")] == ["40x40", "rgb", "pad"]
    assert (facts["reading"], facts["photo"], facts["kind"]) == ({"fit": "pad"}, "resize", "folder")
    assert facts["class_names"] == ["class 0", "class 1"]
    assert facts["count"] + facts["validation_count"] == 121


def test_the_batch_size_is_kept_in_the_options(folder, tmp_path):
    """config.toml has the batch size and learning rate of so few images; one that is given stays."""
    job, _ = start(tmp_path / "run", data=str(folder))
    settings = read_config(job.run.config)
    assert (settings["batch_size"], settings["learning_rate"]) == (8, 0.0025)
    job, _ = start(tmp_path / "other", data=str(folder), batch_size=128, learning_rate=0.1)
    settings = read_config(job.run.config)
    assert (settings["batch_size"], settings["learning_rate"]) == (128, 0.1)


def test_the_reading_that_was_asked_for(folder, tmp_path):
    """It is the one that is kept."""
    job, _ = start(tmp_path / "run", data=str(folder), image_size="24x20", colour="grey", fit="crop")
    assert job.data.images.shape[1:] == (24, 20, 1)
    assert [getattr(job.options, name) for name in ("image_size", "colour", "fit")] == [
        "24x20",
        "grey",
        "crop",
    ]


def test_one_line_says_what_was_read(folder, tmp_path):
    """It has the number, the reading, the layout, bad files and duplicates; the progress was reported."""
    watch = Listener()
    start(tmp_path / "run", watch, data=str(folder))
    (line,) = watch.notes
    assert line.startswith(
        "Read 121 pictures as 40 x 40 RGB, padded: class folders: 2 classes; 1 bad file left out: "
    )
    assert line.endswith("bad_files.csv; 1 duplicate.")
    assert watch.pictures[-1][1:] == (122, 122)


def test_bad_files_are_listed_in_the_run(folder, tmp_path):
    """The list has the name in the folder and the reason; without bad files there is no list."""
    job, _ = start(tmp_path / "run", data=str(folder))
    with job.run.bad_files.open(encoding="utf-8", newline="") as file:
        header, row = csv.reader(file, strict=True)
    assert header == ["file", "reason"] and row[0] == "class 1/cut.png" and row[1]
    (folder / "class 1" / "cut.png").unlink()
    other, _ = start(tmp_path / "other", data=str(folder))
    assert not other.run.bad_files.exists()


def test_many_bad_files_are_refused_unless_allowed(folder, tmp_path):
    """Above 5 %, no run is made; with --allow-bad it is, and lists them all."""
    for number in range(10):
        (folder / "class 1" / f"empty {number}.png").touch()
    with pytest.raises(DataError, match=r"11 of 132 pictures in .*--allow-bad"):
        start(tmp_path / "run", data=str(folder))
    assert not (tmp_path / "run").exists()
    job, _ = start(tmp_path / "run", data=str(folder), allow_bad=True)
    assert len(job.run.bad_files.read_text(encoding="utf-8").splitlines()) == 12


def test_the_folders_own_validation_pictures_are_held_out(folder, tmp_path):
    """Those of `val`, and no others; those of `test` are described, and not trained on."""
    for part, (first, last) in {"train": (0, 60), "val": (60, 75), "test": (75, 100)}.items():
        write(tmp_path / "divided" / part, first, last)
    job, facts = start(tmp_path / "run", data=str(tmp_path / "divided"), validation_split=0.5)
    assert (facts["count"], facts["validation_count"], facts["test_count"]) == (60, 15, 25)
    assert job.held_out.sum() == 15


def test_a_grown_folder_is_read_as_before(folder, tmp_path):
    """The shape stays that of the run; the hash differs, and the error says how many images there are now."""
    job, facts = start(tmp_path / "run", data=str(folder))
    again = load_again(job.options, Watcher())
    assert again.sha256 == facts["sha256"]
    for number in range(200):
        Image.new("L", (64, 64), number).save(folder / "class 1" / f"large {number}.png")
    grown = load_again(job.options, Watcher())
    assert grown.images.shape[1:] == job.data.images.shape[1:] and grown.sha256 != facts["sha256"]


@pytest.mark.train
def test_from_pictures_to_everything_after(folder, tmp_path, monkeypatch):
    """Trained, resumed, evaluated, interpolated, exported, moved; then the folder grows, and each says so."""
    from vaecli.tasks.train.train import train

    options = TrainOptions(
        data=str(folder), epochs=1, latent_dim=2, batch_size=32, validation_split=0.2, test_split=0.2
    )
    run = Run(train(options, out=tmp_path / "run").run)
    train(resume=run.path, changes={"epochs": 2})
    model, notes = Model.open(run.path), []
    assert model.info.preparation["reading"] == {"fit": "pad"} and model.info.class_names == (
        "class 0",
        "class 1",
    )
    sizes = {part: len(load_for(model, None, part).images) for part in ("train", "validation", "test")}
    assert sum(sizes.values()) == 121 and min(sizes.values()) > 5
    assert evaluate(model, warn=notes.append, names=["mse"]).n_images == sizes["test"]

    Image.new("RGB", (200, 100), "navy").save(tmp_path / "photo.png")
    result = interpolate(
        model, ["test:0", "val:1", "train:2", str(tmp_path / "photo.png")], out=tmp_path / "strip.png"
    )
    assert (
        "validation set of mine" in result.notes[1]
        and "padded as the training pictures were" in result.notes[3]
    )
    assert (result.originals[3] == (0, 0, 128)).all()

    copy = export(run.path, ExportOptions(out=tmp_path / "copy")).folder
    assert evaluate(Model.open(copy), data=str(folder), names=["mse"]).n_images == sizes["test"]
    with pytest.raises(DataError, match="trained on a folder called mine"):
        evaluate(Model.open(copy), names=["mse"])

    moved, there = Run(shutil.move(run.path, tmp_path / "moved")), tmp_path / "pictures elsewhere"
    assert evaluate(Model.open(moved.path), names=["mse"]).n_images == sizes["test"]
    shutil.move(folder, there)
    with pytest.raises(DataError, match=r"mine, says .*but there is nothing.*--data PATH"):
        evaluate(Model.open(moved.path), names=["mse"])
    train(resume=moved.path, changes={"data": str(there)})
    assert evaluate(Model.open(moved.path), names=["mse"]).n_images == sizes["test"]

    write(there, 200, 230)
    with pytest.raises(DataError, match=r"other images than .*There were \d+ images and there are \d+ now"):
        evaluate(Model.open(moved.path), names=["mse"])
    assert evaluate(Model.open(moved.path), data=str(there), names=["mse"]).n_images >= sizes["test"]
    with (
        pytest.raises(TrainingError, match=r"not what this run was trained on.*There were \d+ images"),
        reopen(moved.path, {"epochs": 3}, Watcher()),
    ):
        raise AssertionError("a run on other pictures")


@pytest.mark.train
def test_the_folder_changes_during_training(folder, tmp_path):
    """The run goes on with what it has read, to the exported model; afterwards the change is noticed."""
    from vaecli.tasks.train.train import train

    class Deleting(Listener):
        def epoch_ended(self, epoch):
            for path in folder.rglob("*.png"):
                path.unlink()

    options = TrainOptions(data=str(folder), epochs=2, latent_dim=2, batch_size=32, validation_split=0.2)
    result = train(options, out=tmp_path / "run", watch=Deleting())
    assert result.finished and Model.open(result.run).info.training["epochs_done"] == 2
    with pytest.raises(DataError, match="There were 121 images and there are 80 now"):
        evaluate(Model.open(result.run), names=["mse"])
    with pytest.raises(TrainingError, match="There were 121 images and there are 80 now") as error:
        train(resume=result.run, changes={"epochs": 3})
    assert "--data" in error.value.hint
