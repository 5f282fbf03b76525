"""`vaecli.tasks.edit`: a picture moved toward a class, a folder, or along a saved direction."""

import dataclasses
import json
import pathlib
import shutil

import numpy as np
import PIL.Image
import pytest

from vaecli.data.named.bundled import load_mini
from vaecli.errors import DataError, ModelError, OptionError, OutputError
from vaecli.latent.directions import moved
from vaecli.npz import read_npz, write_npz
from vaecli.pictures.embedded import embedded_text
from vaecli.pixels import to_uint8
from vaecli.runtime.model import Model
from vaecli.tasks.edit.edit import edit
from vaecli.tasks.recipe_text import parse
from vaecli.tasks.stream.reports import Reports

SHIRT = pathlib.Path(__file__).parents[2] / "examples" / "shirt.png"
NAMES = load_mini("test").class_names


@pytest.fixture(scope="module")
def measured(measured_folder):
    """The committed model with facts."""
    return Model.open(measured_folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of eight pictures of bags, as the data set has them."""
    folder = tmp_path_factory.mktemp("pictures") / "bags"
    folder.mkdir()
    for number, image in enumerate(pictures_of("Bag")):
        PIL.Image.fromarray(image[..., 0]).save(folder / f"{number}.png")
    return folder


def pictures_of(name):
    """Return eight test images of a class."""
    data = load_mini("test")
    return data.images[data.labels == NAMES.index(name)][:8]


def require_near(images, expected):
    """Assert that images are equal but for one level of 255, by which rounding may differ with the batch."""
    assert images.shape == expected.shape
    assert np.abs(images.astype(int) - expected.astype(int)).max() <= 1


def test_toward_a_class(measured, here):
    """Amount 0 is the reconstruction; the others lie on the direction between two class means of the file."""
    result = edit(measured, "test:3", toward="boot", start="Trouser", amounts="-1:1:3", out="a.npy")
    z, _ = measured.encode(load_mini("test").images[3:4])
    means = measured.facts.class_means
    require_near(result.images[1:2], to_uint8(measured.decode(z)))
    expected = moved(
        z[0], means[NAMES.index("Trouser")], means[NAMES.index("Ankle boot")], [-1, 0, 1], keeps_all=True
    )
    require_near(result.images, to_uint8(measured.decode(expected)))
    assert result.facts["toward"] == "Ankle boot" and result.facts["from"] == "Trouser"
    np.testing.assert_array_equal(np.load("a.npy"), result.images)


def test_without_a_start_it_leads_from_the_nearest_class(measured, here):
    """Never from the goal itself, also for a picture of that class."""
    data, means = load_mini("test"), measured.facts.class_means
    z, _ = measured.encode(data.images[:12])
    goal = NAMES.index("Bag")
    for number in range(12):
        distances = np.linalg.norm(means - z[number], axis=1)
        distances[goal] = np.inf
        result = edit(measured, f"test:{number}", toward="Bag", amounts="1", out="a.npy", force=True)
        assert result.facts["from"] == NAMES[distances.argmin()]
        require_near(
            result.images,
            to_uint8(measured.decode(moved(z[number], means[distances.argmin()], means[goal], [1]))),
        )


def test_toward_a_folder(measured, folder, here):
    """Its mean takes the place of the class's; --from may be a folder, too."""
    z, _ = measured.encode(load_mini("test").images[3:4])
    mean = measured.encode(pictures_of("Bag"))[0].mean(axis=0)
    result = edit(measured, "test:3", toward=str(folder), start="Coat", amounts="1", out="a.npy")
    expected = moved(z[0], measured.facts.class_means[NAMES.index("Coat")], mean, [1], keeps_all=True)
    require_near(result.images, to_uint8(measured.decode(expected)))
    assert result.facts["toward"] == "bags" and [stream.total for stream in result.read] == [8]
    back = edit(measured, "test:3", toward="Coat", start=str(folder), amounts="1", out="b.npy")
    assert back.facts["from"] == "bags"
    with pytest.raises(OptionError, match="--from must be another"):
        edit(measured, "test:3", toward=str(folder), start=str(folder), out="c.npy")


def test_a_folder_needs_no_facts(model, folder, here):
    """With two folders; with one, the start is not known."""
    other = here / "coats"
    other.mkdir()
    for number, image in enumerate(pictures_of("Coat")):
        PIL.Image.fromarray(image[..., 0]).save(other / f"{number}.png")
    assert edit(model, "test:3", toward=str(folder), start="coats", out="a.npy").facts["from"] == "coats"
    with pytest.raises(ModelError, match=r"no facts.*--from FOLDER"):
        edit(model, "test:3", toward=str(folder), out="b.npy")


def test_a_saved_direction(measured, here):
    """It gives the same pictures, on other pictures too; it holds the direction, the model and the names."""
    first = edit(measured, "test:3", toward="boot", start="Coat", out="a.npy", save="boot.npz")
    again = edit(measured, "test:3", toward="boot.npz", out="b.npy")
    np.testing.assert_array_equal(first.images, again.images)
    other = edit(measured, "test:4", toward="boot", start="Coat", out="c.npy")
    np.testing.assert_array_equal(
        edit(measured, "test:4", toward="boot.npz", out="d.npy").images, other.images
    )
    found = edit(measured, "test:3", toward="boot", out="e.npy", save="found.npz")
    np.testing.assert_array_equal(
        edit(measured, "test:3", toward="found.npz", out="f.npy").images, found.images
    )
    arrays, means = read_npz(here / "boot.npz"), measured.facts.class_means
    np.testing.assert_allclose(
        arrays["direction"], means[NAMES.index("Ankle boot")] - means[NAMES.index("Coat")]
    )
    assert str(arrays["model_id"]) == measured.info.model_id
    assert (str(arrays["start_name"]), str(arrays["goal_name"])) == ("Coat", "Ankle boot")


def test_a_direction_of_another_model(measured, small_folder, here):
    """It is refused by the model's identity, not by its size."""
    edit(measured, "test:3", toward="boot", out="a.npy", save="boot.npz")
    with pytest.raises(ModelError, match="of another model"):
        edit(Model.open(small_folder), str(SHIRT), toward="boot.npz", out="b.npy")


@pytest.mark.parametrize(
    "damage",
    [
        lambda arrays: arrays.pop("goal"),
        lambda arrays: arrays.pop("model_id"),
        lambda arrays: arrays.update(keeps_all=np.zeros(2)),
        lambda arrays: arrays.update(goal=np.full(2, np.nan)),
        lambda arrays: arrays.update(goal=np.full(2, 1e30)),
        lambda arrays: arrays.update(goal=np.zeros(3)),
        lambda arrays: arrays.update(start=np.array(["a", "b"])),
        lambda arrays: arrays.update(model_id=np.zeros(3)),
        lambda arrays: arrays.update(more=np.zeros(200_000)),
    ],
    ids=["no goal", "no model", "no truth", "NaN", "huge", "other size", "texts", "no text", "too large"],
)
def test_damaged_directions(measured, here, damage):
    """Each is an error of data, and nothing is written."""
    edit(measured, "test:3", toward="boot", out="a.npy", save="boot.npz")
    arrays = read_npz(here / "boot.npz")
    damage(arrays)
    write_npz(here / "bad.npz", arrays)
    with pytest.raises(DataError, match=r"bad\.npz must be a direction"):
        edit(measured, "test:3", toward="bad.npz", out="b.npy")
    assert not (here / "b.npy").exists()


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04" + bytes(40)])
def test_files_that_are_no_directions(measured, here, content):
    """Neither an archive nor one of arrays."""
    (here / "bad.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"bad\.npz must be a direction"):
        edit(measured, "test:3", toward="bad.npz", out="b.npy")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"toward": "hat"}, "--toward must name a class, got 'hat'"),
        ({"toward": "irt"}, "--toward must name one class.*'T-shirt/top', 'Shirt'"),
        ({"toward": "boot", "start": "irt"}, "--from must name one class"),
        ({"toward": "boot", "start": "Ankle boot"}, "--from must be another class"),
        ({"toward": "boot", "amounts": "much"}, "--amount must be a number"),
        ({"toward": "boot", "amounts": "0:1:0"}, "--amount must have a count"),
        ({"toward": "boot", "out": "a.jpg"}, "--out must end in"),
        ({"toward": "boot", "save": "boot.txt"}, r"--save must end in \.npz"),
        ({"toward": "boot", "out": "a.npz", "save": "./a.npz"}, "--save must be another file than --out"),
        ({"toward": "boot", "scale": 512, "amounts": "0:1:200"}, "--scale must be at most"),
        ({"toward": "boot", "out": "a.npy", "scale": 2}, "--scale must be left out"),
        ({"toward": "boot", "picture": str(SHIRT), "data": "mnist"}, "--data must be left out"),
        ({"toward": "boot", "picture": "test:0:3"}, "PICTURE must be one picture"),
    ],
    ids=str,
)
def test_wrong_options(measured, here, options, message):
    """Each is refused, and nothing is written."""
    with pytest.raises(OptionError, match=message):
        edit(
            measured,
            options.get("picture", "test:3"),
            **{"out": "a.png"} | {k: v for k, v in options.items() if k != "picture"},
        )
    assert list(here.iterdir()) == []


def test_the_exact_name_of_a_class_wins(measured, here):
    """`shirt` is a word of two classes; a folder of a class's name is written ./Bag."""
    (here / "Bag").mkdir()
    assert edit(measured, "test:3", toward="shirt", amounts="1", out="a.npy").facts["toward"] == "Shirt"
    assert not edit(measured, "test:3", toward="Bag", amounts="1", out="b.npy").read
    assert (
        edit(measured, "test:3", toward="t-shirt/TOP", amounts="1", out="d.npy").facts["toward"]
        == "T-shirt/top"
    )
    with pytest.raises(DataError):
        edit(measured, "test:3", toward="./Bag", amounts="1", out="c.npy")


def test_folders_that_cannot_be_used(measured, here):
    """Without pictures, with unreadable ones alone, and missing ones."""
    (here / "empty").mkdir()
    (here / "broken").mkdir()
    (here / "broken" / "a.png").write_text("no picture")
    listed = []
    for name in ("empty", "broken", "missing/", "missing.npz", "*.jpg"):
        with pytest.raises((DataError, OptionError)):
            edit(measured, "test:3", toward=name, out="a.png", reports=Reports(unreadable=listed.append))
    assert [picture.name for picture in listed] == ["broken/a.png"]
    assert not (here / "a.png").exists()


def test_one_broken_picture_of_a_folder(measured, folder, here):
    """It is left out and counted; the direction is that of the others."""
    broken = shutil.copytree(folder, here / "bags")
    (broken / "x.png").write_text("no picture")
    good = edit(measured, "test:3", toward=str(folder), start="Coat", out="a.npy")
    result = edit(measured, "test:3", toward="bags", start="Coat", out="b.npy")
    require_near(result.images, good.images)
    assert [stream.unreadable_count for stream in result.read] == [1]


def test_models_that_lack_something(measured, measured_folder, model, here):
    """Class means, images of the class, or the encoder."""
    with pytest.raises(ModelError, match="has no class means"):
        edit(model, "test:3", toward="boot", out="a.png")
    counts = measured.facts.class_counts.copy()
    counts[NAMES.index("Bag")] = 0
    lacking = Model.open(measured_folder)
    lacking.facts = dataclasses.replace(measured.facts, class_counts=counts)
    with pytest.raises(ModelError, match="no latents of Bag"):
        edit(lacking, "test:3", toward="Bag", out="a.png")
    shutil.copy(measured_folder / "decoder.onnx", here / "decoder.onnx")
    with pytest.raises(ModelError, match="needs an encoder"):
        edit(
            Model.open(here / "decoder.onnx"), "test:3", data="fashion-mnist-mini", toward="boot", out="a.png"
        )
    assert [path.name for path in here.iterdir()] == ["decoder.onnx"]


@pytest.mark.parametrize("out", ["a.png", "a.gif", "a.npz", "folder/"])
def test_each_kind_of_target(measured, here, out):
    """Two calls write the same bytes; a PNG or GIF carries its recipe."""

    def content():
        paths = sorted((here / out).glob("*")) if out.endswith("/") else [here / out]
        return [path.read_bytes() for path in paths]

    edit(measured, "test:3", toward="boot", amounts="0:1:4", out=out)
    first = content()
    edit(measured, "test:3", toward="boot", amounts="0:1:4", out=out, force=True)
    assert content() == first and len(first) == (4 if out == "folder/" else 1)
    if out in ("a.png", "a.gif"):
        command = parse(embedded_text(here / out), out).command("M")
        assert "edit -m M test:3 --toward 'Ankle boot' --amount=0:1:4" in command


def test_a_folder_of_the_name_of_a_class_makes_no_command(measured, folder, here):
    """The recipe keeps no path, so the command cannot be repeated."""
    shutil.copytree(folder, here / "Bag")
    edit(measured, "test:3", toward="./Bag", out="a.png")
    edit(measured, "test:3", toward="Coat", start="./Bag", out="b.png", save="bag.npz")
    edit(measured, "test:3", toward="bag.npz", out="c.png")
    for out in ("a.png", "b.png", "c.png"):
        assert parse(embedded_text(here / out), out).command("M") is None


def test_taken_names(measured, here):
    """Neither the picture nor the direction of an earlier call is lost."""
    (here / "boot.npz").write_text("mine")
    with pytest.raises(OutputError):
        edit(measured, "test:3", toward="boot", out="a.png", save="boot.npz")
    assert (here / "boot.npz").read_text() == "mine" and not (here / "a.png").exists()
    assert edit(measured, "test:3", toward="boot").path.name == "edit.png"
    assert edit(measured, "test:3", toward="boot").path.name == "edit-2.png"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"out": "given.png"}, "--out must not be one of the pictures"),
        ({"out": "./bags/../bags/3.png", "toward": "bags", "start": "Coat"}, "--out must not be one of"),
        ({"out": "link.png", "toward": "Coat", "start": "bags"}, "--out must not be one of"),
        ({"data": "images.npz", "picture": "test:3", "save": "images.npz"}, "--save must not be one of"),
        ({"data": "images.npz", "picture": "test:3", "out": "images.npz"}, "--out must not be one of"),
        ({"toward": "boot.npz", "save": "./boot.npz"}, "--save must be another file than --toward"),
        ({"toward": "boot.npz", "out": "boot.npz"}, "--out must be another file than --toward"),
    ],
    ids=str,
)
def test_outputs_that_are_inputs(measured, folder, here, options, message):
    """Each is refused though it may be replaced, and no byte of it changes."""
    shutil.copy(SHIRT, "given.png")
    shutil.copytree(folder, "bags")
    (here / "link.png").symlink_to(here / "bags" / "2.png")
    data = load_mini("test")
    np.savez(here / "images.npz", x_test=data.images, y_test=data.labels)
    edit(measured, "test:3", toward="boot", out="a.npy", save="boot.npz")
    before = {path: path.read_bytes() for path in here.rglob("*.*")}
    with pytest.raises(OptionError, match=message):
        edit(
            measured,
            options.get("picture", "given.png"),
            **{"toward": "Bag", "out": "new.png", "force": True}
            | {name: value for name, value in options.items() if name != "picture"},
        )
    assert {path: path.read_bytes() for path in here.rglob("*.*")} == before


def test_the_facts_are_json(measured, here):
    """Plain numbers and texts."""
    facts = edit(measured, "test:3", toward="boot", out="a.png").facts
    assert json.loads(json.dumps(facts)) == facts
