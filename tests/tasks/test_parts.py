"""A command finds the images of a model through its run, divides them as the run did, and compares their hashes."""

import json
import os
import shutil

import numpy as np
import pytest
import tomli_w

from vaecli.data.idx.format import encode_idx
from vaecli.data.load import load
from vaecli.data.named.bundled import load_mini
from vaecli.data.parts import Division
from vaecli.errors import ConfigError, DataError, MissingPartError, ModelError
from vaecli.modelfile.metadata import KEY_INFO
from vaecli.modelfile.protobuf import metadata
from vaecli.runtime.model import Model
from vaecli.tasks.evaluate import evaluate
from vaecli.tasks.inputs import load_for
from vaecli.tasks.interpolate import interpolate

TRAINING = {"validation_split": 0.05, "seed": 0}
HELD_OUT = 278  # of 6,000


def halved(split):
    """Return the images (N, 14, 13) that the committed model `small` was trained on, or test images like them."""
    images = load_mini(split).images[:][..., 0].astype(int)
    return (images.reshape(-1, 14, 2, 14, 2).sum(axis=(2, 4)) // 4)[:, :, :13].astype("uint8")


def write(folder, split, images):
    folder.mkdir(parents=True, exist_ok=True)
    name = {"train": "train", "test": "t10k"}[split]
    (folder / f"{name}-images-idx3-ubyte").write_bytes(encode_idx(images))


@pytest.fixture
def forged(forge):
    """Changes the tables `data` and `training` in the metadata of all files of a folder."""

    def forged(folder, **tables):
        for path in folder.glob("*.onnx"):
            content = path.read_bytes()
            entries = {key: value for key, (value, _) in metadata(content).items() if key != "vaecli.sha256"}
            info = json.loads(entries[KEY_INFO])
            info |= {name: info[name] | changes for name, changes in tables.items()}
            entries[KEY_INFO] = json.dumps(info)
            path.write_bytes(forge.with_entries(content, entries))

    return forged


@pytest.fixture
def data(tmp_path):
    """The folder that the model was trained on: training images alone."""
    write(tmp_path / "halved", "train", halved("train"))
    return tmp_path / "halved"


@pytest.fixture
def run(tmp_path, small_folder, data):
    """A run whose config.toml names that folder."""
    shutil.copytree(small_folder, tmp_path / "run" / "model")
    (tmp_path / "run" / "config.toml").write_text(tomli_w.dumps({"data": str(data)} | TRAINING))
    return tmp_path / "run"


def test_the_parts_are_those_of_training(run, data):
    """Validation images are those that the run held out, and training images all others."""
    model, everything = Model.open(run), load(str(data), "train")
    parts = {part: load_for(model, None, part) for part in ("train", "validation")}
    counts = {part: len(images.images) for part, images in parts.items()}
    assert counts == {"train": 6000 - HELD_OUT, "validation": HELD_OUT}
    mask = Division(validation_split=0.05, seed=0).held_out(everything)
    np.testing.assert_array_equal(parts["validation"].images, everything.images[mask])
    np.testing.assert_array_equal(parts["train"].images, everything.images[~mask])
    assert [parts[part].split for part in counts] == list(counts)


@pytest.mark.parametrize("place", ["", "model", "model/decoder.onnx"])
def test_a_run_is_known_by_its_folder_its_model_and_its_decoder(run, place, monkeypatch):
    """Whichever is opened, also by a relative path, the images are found."""
    monkeypatch.chdir(run.parent)
    assert len(load_for(Model.open(f"run/{place}"), None, "validation").images) == HELD_OUT


def test_a_moved_run_finds_its_images(run, tmp_path):
    """The run folder can be moved: config.toml has the absolute path of the images."""
    moved = shutil.move(run, tmp_path / "elsewhere")
    assert len(load_for(Model.open(moved), None, "validation").images) == HELD_OUT


def test_moved_images_are_named_with_data(run, data, tmp_path):
    """The error says where they were and what to type; then they are found."""
    shutil.move(data, tmp_path / "moved")
    with pytest.raises(DataError, match=r"halved, says .*config.toml, but there is nothing") as error:
        load_for(Model.open(run), None, "validation")
    assert "--data PATH" in error.value.hint
    assert len(load_for(Model.open(run), str(tmp_path / "moved"), "validation").images) == HELD_OUT


def test_an_exported_copy_does_not_know(run, data, tmp_path):
    """Without its run, the model says the name of its data and what to type; then they are found."""
    copy = shutil.copytree(run / "model", tmp_path / "copy")
    with pytest.raises(DataError, match="trained on a folder called halved") as error:
        load_for(Model.open(copy), None, "validation")
    assert "--data FOLDER" in error.value.hint
    assert len(load_for(Model.open(copy), str(data), "validation").images) == HELD_OUT


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda images: images[1:], "There were 6,000 images and there are 5,999 now"),
        (lambda images: np.concatenate([images, images[:2]]), "6,000 images and there are 6,002 now"),
        (
            lambda images: images[::-1],
            "6,000 images as before, but some pixels, labels or their order differ",
        ),
    ],
)
@pytest.mark.parametrize("part", ["train", "validation"])
def test_changed_images_are_refused(run, data, change, says, part):
    """The hash decides; the error says what changed and what to type."""
    write(data, "train", change(halved("train")))
    with pytest.raises(DataError, match=says) as error:
        load_for(Model.open(run), None, part)
    assert "must be 0c44ebaf093e..., got" in error.value.message
    assert error.value.hint.endswith(f"--data {data}")
    assert len(load_for(Model.open(run), str(data), part).images) > 100


def test_changed_test_images_are_refused(run, data, forged):
    """Their hash is compared where the model has it."""
    write(data, "test", halved("test"))
    expected = load(str(data), "test").sha256
    forged(run / "model", data={"test_sha256": expected, "test_count": 1000})
    assert load_for(Model.open(run), None, "test").sha256 == expected
    write(data, "test", halved("test")[:999])
    with pytest.raises(DataError, match="There were 1,000 images and there are 999 now") as error:
        load_for(Model.open(run), None, "test")
    assert "its test images must be" in error.value.message


def test_without_test_images_the_validation_images_are_measured(run, data):
    """With a note; asked for explicitly, test images that are not there are an error."""
    notes = []
    result = evaluate(Model.open(run), names=["mse"], warn=notes.append)
    assert result.n_images == HELD_OUT
    assert notes == ["halved has no test part: these are its 278 validation images."]
    with pytest.raises(MissingPartError, match="test set"):
        evaluate(Model.open(run), names=["mse"], split="test")
    write(data, "test", halved("test"))
    assert evaluate(Model.open(run), names=["mse"], warn=notes.append).n_images == 1000
    assert len(notes) == 1


def test_images_set_apart_for_testing(run, data, forged):
    """With --test-split, `test` is what was set apart, and the other parts are without it."""
    division = Division(validation_split=0.05, test_split=0.1, seed=0)
    source = load(str(data), "train")
    left, test = division.without_test(source), division.test(source)
    hashes = {"sha256": left.sha256, "test_sha256": test.sha256, "test_count": len(test.images)}
    forged(run / "model", data=hashes, training={"test_split": 0.1})
    model = Model.open(run)
    for location in (None, str(data)):
        parts = {part: load_for(model, location, part) for part in ("train", "validation", "test")}
        assert parts["test"].sha256 == test.sha256
        assert sum(len(images.images) for images in parts.values()) == 6000
        together = np.concatenate([images.images for images in parts.values()])
        assert sorted(map(bytes, together)) == sorted(map(bytes, source.images))
    assert evaluate(model, names=["mse"]).n_images == len(test.images)
    write(data, "test", halved("test"))
    assert len(load_for(model, str(data), "test").images) == 1000  # other data, with test images of their own


@pytest.mark.parametrize(
    "training",
    [
        {"validation_split": "x"},
        {"validation_split": 0},
        {"validation_split": 2},
        {"test_split": -1},
        {"seed": []},
    ],
    ids=str,
)
def test_a_forged_division_is_refused(run, forged, training):
    """Values that no run could have are an error of ours, which names the file."""
    forged(run / "model", training=training)
    with pytest.raises(ModelError, match=r"options of the training in .*decoder.onnx do not fit"):
        load_for(Model.open(run), None, "validation")


def test_a_damaged_config_is_an_error(run):
    """The file is named."""
    (run / "config.toml").write_text("data = ")
    with pytest.raises(ConfigError, match=r"config.toml is not TOML"):
        load_for(Model.open(run), None, "validation")


@pytest.mark.parametrize("name", ["val:17", "validation:17", "train:17"])
def test_pictures_by_reference_through_the_run(run, data, name, tmp_path):
    """`val:17` is image 17 of the validation images, and `train:17` of those trained on."""
    mask = Division(validation_split=0.05, seed=0).held_out(load(str(data), "train"))
    expected = load(str(data), "train").images[mask if name.startswith("val") else ~mask][17]
    result = interpolate(Model.open(run), [name, "train:0"], out=tmp_path / "strip.png")
    np.testing.assert_array_equal(result.originals[0], expected)


def test_a_reference_beyond_the_part(run, tmp_path):
    """The error has the range of the part."""
    with pytest.raises(DataError, match="validation set of halved has images 0 to 277, got validation:278"):
        interpolate(Model.open(run), ["val:278", "val:0"], out=tmp_path / "strip.png")


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_link_to_the_model_of_a_run(run, tmp_path):
    """A link to the model folder leads to its run."""
    (tmp_path / "newest").symlink_to(run / "model")
    assert len(load_for(Model.open(tmp_path / "newest"), None, "validation").images) == HELD_OUT
