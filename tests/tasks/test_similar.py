"""`vaecli.tasks.similar`: the nearest pictures of folders, archives, data sets and tables of latents."""

import io
import json
import shutil
import zipfile

import numpy as np
import PIL.Image
import pytest

from vaecli.data.named.bundled import load_mini
from vaecli.data.photo.photo_options import PhotoOptions
from vaecli.errors import DataError, ModelError, OptionError, OutputError
from vaecli.modelfile.facts import Facts
from vaecli.pictures.embedded import embedded_text
from vaecli.pixels import to_uint8
from vaecli.runtime.model import Model
from vaecli.tasks.encode import encode
from vaecli.tasks.recipe_text import parse
from vaecli.tasks.similar.similar import similar


@pytest.fixture(scope="module")
def latents(model):
    """The posterior means of the test images."""
    return model.encode(load_mini("test").images)[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of 20 test images; one more is a copy of the third."""
    folder = tmp_path_factory.mktemp("pictures") / "photos"
    for number, image in enumerate(load_mini("test").images[:20]):
        place = folder / ("a" if number < 10 else "b")
        place.mkdir(parents=True, exist_ok=True)
        PIL.Image.fromarray(image[..., 0]).save(place / f"{number}.png")
    shutil.copy(folder / "a" / "3.png", folder / "b" / "copy.png")
    return folder


def order(latents, index, scale=1.0):
    """Return the other latents' indices, the nearest first, and all distances."""
    distances = np.linalg.norm((latents.astype(np.float64) - latents[index]) / scale, axis=1)
    return [number for number in np.argsort(distances, kind="stable").tolist() if number != index], distances


def test_among_a_data_set(model, latents, here):
    """The nearest latents, without the picture itself, with their classes and images."""
    result = similar(model, "test:5", among="test::", n=7)
    expected, distances = order(latents, 5)
    assert [neighbour.file for neighbour in result.neighbours] == [
        f"test:{number}" for number in expected[:7]
    ]
    found = [neighbour.distance for neighbour in result.neighbours]
    np.testing.assert_allclose(found, distances[expected[:7]], atol=1e-5)
    data = load_mini("test")
    assert [neighbour.label for neighbour in result.neighbours] == [
        data.class_names[data.labels[number]] for number in expected[:7]
    ]
    np.testing.assert_array_equal(result.images, data.images[[5, *expected[:7]]])
    assert result.total == len(data.images) and result.metric == "plain" and result.path is None


def test_among_a_named_data_set(model, here):
    """By its name, its test part or another one."""
    by_name = similar(model, "test:5", among="fashion-mnist-mini", n=3)
    assert (
        by_name.facts()["neighbours"] == similar(model, "test:5", among="test::", n=3).facts()["neighbours"]
    )
    train = similar(model, "test:5", among="fashion-mnist-mini", split="train", n=3)
    assert all(neighbour.file.startswith("train:") for neighbour in train.neighbours)


def test_among_a_folder_and_an_archive(model, folder, here):
    """The picture itself is left out; a copy of it has distance 0; subfolders are classes."""
    result = similar(model, str(folder / "a" / "3.png"), among=str(folder), n=30)
    assert len(result.neighbours) == 20 and result.total == 21
    first = result.neighbours[0]
    assert (first.file, first.label, first.distance) == (f"{folder}/b/copy.png", "b", 0.0)
    archive = shutil.make_archive(str(here / "photos"), "zip", folder)
    assert [neighbour.distance for neighbour in similar(model, "test:3", among=archive, n=2).neighbours] == [
        0.0,
        0.0,
    ]


def test_among_latents(model, latents, here, folder):
    """A table of `encode` gives the same; its pictures are read again, or decoded where they are gone."""
    encode(model, [], split="test", out="test.npz")
    result = similar(model, "test:5", among="test.npz", n=7)
    direct = similar(model, "test:5", among="test::", n=7)
    assert result.pictures is None and result.total == len(latents)
    assert [neighbour.file for neighbour in result.neighbours] == [
        neighbour.file for neighbour in direct.neighbours
    ]
    np.testing.assert_array_equal(result.images, direct.images)
    copy = shutil.copytree(folder, here / "photos")
    encode(model, ["photos"], out="photos.npz")
    assert not any(
        neighbour.is_decoded for neighbour in similar(model, "test:3", among="photos.npz").neighbours
    )
    shutil.rmtree(copy / "a")
    shutil.copy(folder / "b" / "11.png", copy / "b" / "12.png")  # another picture of the same name
    gone = similar(model, "test:3", among="photos.npz", n=30, out="a.png")
    expected = {name.file for name in gone.neighbours if "/a/" in name.file or name.file.endswith("/12.png")}
    assert {neighbour.file for neighbour in gone.neighbours if neighbour.is_decoded} == expected and expected
    assert any("reconstructions" in note for note in gone.notes)
    lost = next(neighbour for neighbour in gone.neighbours if neighbour.file.endswith("a/4.png"))
    decoded = to_uint8(model.decode(latents[4:5]))[0]
    assert np.abs(lost.image.astype(int) - decoded.astype(int)).max() <= 1


def test_latents_without_names(model, latents, here):
    """There is no picture to read again, so all are reconstructions."""
    np.savez(here / "z.npz", z=latents)
    result = similar(model, "test:5", among="z.npz", n=3)
    assert all(neighbour.is_decoded and neighbour.file == "" for neighbour in result.neighbours)
    expected, _ = order(latents, 5)
    images = to_uint8(model.decode(latents[[5, *expected[:2]]]))
    assert np.abs(result.images[1:].astype(int) - images.astype(int)).max() <= 1


def test_names_that_mean_no_picture_any_more(model, latents, folder, here):
    """Each is a reconstruction, and the pictures of the other names are read."""
    shutil.copy(folder / "a" / "4.png", here / "4.png")
    shutil.copytree(folder, here / "photos")
    names = ["test:0", "gone[1].png", "test:2", "test:999999", "4.png", "photos", "test:0:9", "a\0b", ""]
    with zipfile.ZipFile("z.npz", "w") as archive:  # np.savez cannot name an array `file`
        for name, array in {"z": latents[: len(names)], "file": np.array(names)}.items():
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, array)
    result = similar(model, "test:20", among="z.npz", n=len(names))
    at_hand = {neighbour.file for neighbour in result.neighbours if not neighbour.is_decoded}
    assert at_hand == {"test:0", "test:2", "4.png"}


def test_pictures_of_latents_are_prepared_with_the_same_options(model, folder, here):
    """As `encode` prepared them, so that they have the same latents."""
    photo = PhotoOptions(prepare="resize", polarity="dark-on-light")
    encode(model, [str(folder)], out="z.npz", photo=photo)
    result = similar(model, "test:3", among="z.npz", photo=photo)
    assert not any(neighbour.is_decoded for neighbour in result.neighbours)
    assert any(neighbour.is_decoded for neighbour in similar(model, "test:3", among="z.npz").neighbours)


def test_a_picture_is_not_its_own_neighbour_among_latents(model, here):
    """Though its row is in the table."""
    encode(model, ["test:0:9"], out="few.npz")
    files = [neighbour.file for neighbour in similar(model, "test:5", among="few.npz", n=30).neighbours]
    assert len(files) == 8 and "test:5" not in files


def test_the_metric(model_folder, latents, here, add_facts):
    """The file decides, unless the user does; scaled distances are in units of the posterior's deviation."""
    scale = np.array([0.01, 1.0])
    facts = Facts(kl=np.ones(2), z_mean=np.zeros(2), z_covariance=np.eye(2), distance_scale=scale)
    opened = Model.open(add_facts(model_folder, here / "scaled", facts))
    result = similar(opened, "test:5", among="test::", n=5)
    expected, distances = order(latents, 5, scale)
    assert result.metric == "scaled"
    np.testing.assert_allclose(
        [place.distance for place in result.neighbours], distances[expected[:5]], rtol=1e-3
    )
    assert similar(opened, "test:5", among="test::", metric="plain").metric == "plain"
    assert similar(opened, "test:5", among="test::", metric="scaled").metric == "scaled"
    with pytest.raises(OptionError, match="--metric must be plain"):
        similar(Model.open(model_folder), "test:5", among="test::", metric="scaled")


def test_a_sheet(model, here, folder):
    """It says how it was made; two calls write the same bytes."""
    result = similar(model, "test:5", among="fashion-mnist-mini", n=4, out="a.png")
    first = result.path.read_bytes()
    assert (
        similar(model, "test:5", among="fashion-mnist-mini", n=4, out="a.png", force=True).path.read_bytes()
        == first
    )
    command = parse(embedded_text(here / "a.png"), "a.png").command("M")
    assert command == "vaecli similar -m M test:5 --among fashion-mnist-mini -n 4 -o similar.png"
    similar(model, "test:5", among=str(folder), n=4, out="b.png")
    assert parse(embedded_text(here / "b.png"), "b.png").command("M") is None
    assert str(folder.parent).encode() not in (here / "b.png").read_bytes()


def test_the_recipe_has_the_part_and_the_metric(measured_folder, here):
    """So that its command makes the same sheet: the plain distances among the training images."""
    measured = Model.open(measured_folder)
    options = {"among": "fashion-mnist-mini", "split": "train", "metric": "plain", "n": 4}
    similar(measured, "test:5", out="a.png", **options)
    command = parse(embedded_text(here / "a.png"), "a.png").command("M")
    words = "--among fashion-mnist-mini -n 4 --split train --metric plain"
    assert command == f"vaecli similar -m M test:5 {words} -o similar.png"


def test_a_folder_of_the_name_of_a_data_set_makes_no_command(model, folder, here):
    """The recipe keeps no path: a command would search the data set. A part of a data set has none either."""
    shutil.copytree(folder, here / "elsewhere" / "mnist")
    shutil.copytree(folder, here / "mnist")
    for number, among in enumerate(("elsewhere/mnist", "mnist", "./mnist/", "test:0:50")):
        similar(model, "test:5", among=among, n=4, out=f"{number}.png")
        recipe = parse(embedded_text(here / f"{number}.png"), "a.png")
        assert recipe.command("M") is None and recipe.among in {"mnist/", "test:0:50/"}


def test_tables(model, here):
    """CSV to a file and to a stream, and arrays."""
    result = similar(model, "test:5", among="test::", n=3, out="a.csv")
    lines = (here / "a.csv").read_text().splitlines()
    assert lines[0] == "file,label,distance" and lines[1].startswith(result.neighbours[0].file)
    stream = io.BytesIO()
    assert similar(model, "test:5", among="test::", n=3, out="-", stdout=stream).path is None
    assert stream.getvalue() == (here / "a.csv").read_bytes()
    similar(model, "test:5", among="test::", n=3, out="a.npz")
    with np.load("a.npz") as arrays:
        assert arrays["file"].tolist() == [neighbour.file for neighbour in result.neighbours]


def test_one_broken_picture(model, folder, here):
    """The rest is searched, and the stream tells."""
    shutil.copytree(folder, here / "photos")
    (here / "photos" / "a" / "x.png").write_text("no picture")
    result = similar(model, "test:5", among="photos", n=30)
    assert len(result.neighbours) == 21 and result.pictures.unreadable_count == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 0}, "-n must be at least 1"),
        ({"n": 10**6}, "-n must be at most"),
        ({"metric": "cosine"}, "--metric must be auto, plain or scaled"),
        ({"split": "train"}, "--split must be left out unless"),
        ({"out": "a.gif"}, r"--out must end in \.png"),
        ({"out": "a"}, r"--out must end in \.png"),
        ({"picture": "test:0:3"}, "PICTURE must be one picture"),
        ({"out": "a.png", "scale": 512, "n": 100}, "--scale must be at most"),
        ({"among": "*.jpg"}, "nothing matches"),
        ({"picture": "a.png", "among": "mnist", "data": "mnist"}, "--data must be left out"),
    ],
    ids=str,
)
def test_wrong_options(model, here, options, message):
    """Each is refused, and nothing is written."""
    picture = options.pop("picture", "test:5")
    with pytest.raises(OptionError, match=message):
        similar(model, picture, **{"among": "test::"} | options)
    assert list(here.iterdir()) == []


def test_nothing_to_search(model, here):
    """Empty, broken and missing places, latents of another model, and a place that holds the picture alone."""
    (here / "empty").mkdir()
    (here / "broken").mkdir()
    (here / "broken" / "a.png").write_text("no picture")
    np.savez(here / "other.npz", z=np.zeros((3, 5), np.float32))
    for among in ("empty", "broken", "missing.png", "other.npz", "test:5", "test:5:6"):
        with pytest.raises(DataError):
            similar(model, "test:5", among=among, out="a.png")
    assert not (here / "a.png").exists()


def test_targets_that_cannot_be_written(model, folder, here):
    """A taken name, and a picture of the folder that is searched."""
    (here / "a.csv").write_text("mine")
    with pytest.raises(OutputError):
        similar(model, "test:5", among="test::", out="a.csv")
    assert (here / "a.csv").read_text() == "mine"
    copy = shutil.copytree(folder, here / "photos")
    with pytest.raises(OptionError, match="must not be one of the pictures"):
        similar(model, "test:5", among="photos", out="photos/a/3.png", force=True)
    assert (copy / "a" / "3.png").read_bytes() == (folder / "a" / "3.png").read_bytes()
    shutil.copy(folder / "a" / "4.png", here / "given.png")
    encode(model, ["photos"], out="z.npz")
    for among, out in (("test::", "given.png"), ("z.npz", "given.png"), ("./z.npz", "z.npz")):
        before = (here / out).read_bytes()
        with pytest.raises(OptionError, match="--out must"):
            similar(model, "given.png", among=among, out=out, force=True)
        assert (here / out).read_bytes() == before


def test_a_decoder_alone(model_folder, here):
    """It cannot encode."""
    shutil.copy(model_folder / "decoder.onnx", here / "decoder.onnx")
    with pytest.raises(ModelError, match="needs an encoder"):
        similar(Model.open(here / "decoder.onnx"), "test:0", data="fashion-mnist-mini", among="test::")


def test_the_facts_are_json(model, here):
    """Plain numbers and texts."""
    facts = similar(model, "test:5", among="test:0:9").facts()
    assert json.loads(json.dumps(facts)) == facts


def test_from_python(model, latents):
    """`Model.similar` searches images or latents."""
    images = load_mini("test").images
    expected, _ = order(latents, 5)
    for among in (images, latents):
        result = model.similar(images[5], among, n=4)
        assert result.indices.tolist() == [5, *expected[:3]] and result.distances[0] < 1e-4
    with pytest.raises(OptionError):
        model.similar(images[5], images, n=0)
    with pytest.raises(OptionError):
        model.similar(images[5], np.zeros((4, 5)))
    with pytest.raises(OptionError):
        model.similar(np.zeros((3, 3, 1)), images)
