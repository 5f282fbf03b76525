"""`vaecli.tasks.interpolate`: a user's pictures, and the path between them."""

import shutil

import numpy as np
import PIL.Image
import PIL.ImageDraw
import pytest

from vaecli.data.named.bundled import load_mini
from vaecli.errors import DataError, ModelError, OptionError, OutputError
from vaecli.pictures.strip import corner_sheet, strip
from vaecli.pixels import to_uint8
from vaecli.runtime.model import Model
from vaecli.tasks import inputs
from vaecli.tasks import interpolate as task
from vaecli.tasks.interpolate import MAX_PICTURES, interpolate
from vaecli.tasks.stream import opening


@pytest.fixture(scope="module")
def images():
    """Return the test images of the data set that the model was trained on."""
    return load_mini("test").images


@pytest.fixture(scope="module")
def reconstructed(model, images):
    """Return the reconstructions of its first 20 images, uint8."""
    return to_uint8(model.decode(model.encode(images[:20])[0]))


def require_near(images, expected):
    """Assert that images are equal but for one level of 255, by which rounding may differ with the batch."""
    assert images.shape == expected.shape
    assert np.abs(images.astype(int) - expected.astype(int)).max() <= 1


@pytest.mark.parametrize("path", ["linear", "spherical"])
def test_ends_are_the_reconstructions(model, images, reconstructed, here, path):
    """The first and last picture are the decoded posterior means; the originals are those of the data set."""
    result = interpolate(model, ["test:3", "test:17"], steps=5, path=path, out="a.npy")
    pictures = np.load("a.npy")
    assert pictures.shape == (5, 28, 28, 1)
    require_near(pictures[[0, -1]], reconstructed[[3, 17]])
    np.testing.assert_array_equal(pictures, result.images)
    np.testing.assert_array_equal(result.originals, images[[3, 17]])


def test_the_middle_is_between(model, images, here):
    """The middle of a linear path is the decoded mean of the two posterior means."""
    pictures = interpolate(model, ["test:3", "test:17"], steps=3, out="a.npy").images
    z_mean, _ = model.encode(images[[3, 17]])
    require_near(pictures[1], to_uint8(model.decode(z_mean.mean(axis=0, keepdims=True)))[0])
    assert not np.array_equal(pictures[0], pictures[1])


def test_it_is_deterministic(model, here):
    """Nothing is random: two calls write the same bytes, in each kind of file."""
    for name in ("a.npy", "a.png", "a.gif"):
        interpolate(model, ["test:0", "test:1"], steps=4, out=name)
        first = (here / name).read_bytes()
        interpolate(model, ["test:0", "test:1"], steps=4, out=name, force=True)
        assert (here / name).read_bytes() == first


def test_several_pictures(model, reconstructed, here):
    """Each picture of a tour is at its place, once."""
    pictures = interpolate(model, ["test:0", "test:1", "test:2", "test:0"], steps=4, out="a.npy").images
    assert len(pictures) == 1 + 3 * 3
    require_near(pictures[::3], reconstructed[[0, 1, 2, 0]])


def test_a_folder(model, here):
    """A folder gets one PNG a step, in order."""
    result = interpolate(model, ["test:0", "test:1"], steps=3, out="path/")
    names = sorted(path.name for path in (here / "path").iterdir())
    assert names == ["000000.png", "000001.png", "000002.png"]
    for number, name in enumerate(names):
        with PIL.Image.open(here / "path" / name) as picture:
            np.testing.assert_array_equal(np.asarray(picture), result.images[number, ..., 0])


def test_a_gif_there_and_back(model, here):
    """A GIF runs forwards and backwards without repeating its ends: 2 (steps - 1) frames."""
    result = interpolate(model, ["test:0", "test:1"], steps=5, out="a.gif")
    frames = []
    with PIL.Image.open("a.gif") as picture:
        for number in range(picture.n_frames):
            picture.seek(number)
            frames.append(np.asarray(picture.convert("L")))
    scale = len(frames[0]) // 28
    expected = result.images[[0, 1, 2, 3, 4, 3, 2, 1], ..., 0]
    np.testing.assert_array_equal(np.stack(frames)[:, ::scale, ::scale], expected)


def test_a_strip(model, here):
    """A PNG is the strip of the decoded pictures with the originals at both ends."""
    result = interpolate(model, ["test:0", "test:1"], steps=4, out="a.png")
    with PIL.Image.open("a.png") as picture:
        pictures = np.asarray(picture.convert("RGB"))
    np.testing.assert_array_equal(pictures, strip(result.originals, result.images))


def test_the_next_free_name(model, here):
    """Without `out`, the target is interpolation.png, then interpolation-2.png."""
    names = [interpolate(model, ["test:0", "test:1"], steps=2).path.name for _ in range(2)]
    assert names == ["interpolation.png", "interpolation-2.png"]


def test_train_and_test_pictures(model, here):
    """`train:` and `test:` are two sets; a note names the picture, its set and its class."""
    train = load_mini("train")
    result = interpolate(model, ["train:5", "test:5"], steps=2, out="a.npy")
    np.testing.assert_array_equal(result.originals[0], train.images[5])
    assert not np.array_equal(result.originals[0], result.originals[1])
    label = train.class_names[train.labels[5]]
    assert result.notes[0] == f"train:5: picture 5 of the train set of fashion-mnist-mini, {label}"


def test_data_from_elsewhere(model, here):
    """`data` is the data set of test:17; one of another shape is refused."""
    from vaecli.data.idx.format import encode_idx

    for name, side in (("other", 28), ("small", 8)):
        (here / name).mkdir()
        pictures = np.full((3, side, side), 77, np.uint8)
        (here / name / "t10k-images-idx3-ubyte").write_bytes(encode_idx(pictures))
        (here / name / "t10k-labels-idx1-ubyte").write_bytes(encode_idx(np.zeros(3, np.uint8)))
    result = interpolate(model, ["test:0", "test:1"], steps=2, data="other", out="a.npy")
    assert (result.originals == 77).all()
    with pytest.raises(DataError, match=r"shape \(28, 28, 1\), got \(8, 8, 1\)"):
        interpolate(model, ["test:0", "test:1"], data="small", out="b.npy")
    assert not (here / "b.npy").exists()


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P"])
def test_a_photo_of_a_dark_object(model, here, mode):
    """A large dark shirt on white becomes light on black, 28 x 28, and the notes say what was done."""
    photo = PIL.Image.new("RGB", (300, 240), "white")
    pen = PIL.ImageDraw.Draw(photo)
    pen.rectangle((60, 40, 240, 80), "#202020")
    pen.rectangle((110, 40, 190, 220), "#202020")
    photo.convert(mode).save("shirt.png")
    result = interpolate(model, ["shirt.png", "test:0"], steps=2, out="a.npy")
    original = result.originals[0, ..., 0]
    assert original.shape == (28, 28)
    assert original[-1, 0] == original[-1, -1] == 0  # beside the body, below the sleeves
    assert original[14, 14] > 200
    assert result.notes[0].startswith("shirt.png: ")
    assert "negated" in result.notes[0]
    assert "28" in result.notes[0]


def test_a_picture_of_the_right_kind_is_not_changed(model, images, here):
    """A PNG of the model's shape and polarity is encoded pixel for pixel."""
    PIL.Image.fromarray(images[4, ..., 0]).save("own.png")
    result = interpolate(model, ["own.png", "test:4"], steps=2, out="a.npy")
    np.testing.assert_array_equal(result.originals[0], images[4])
    np.testing.assert_array_equal(result.images[0], result.images[1])
    assert result.notes[0] == "own.png: used without a change"


@pytest.mark.parametrize("pictures", [[], ["test:0"]])
def test_too_few_pictures(model, here, pictures):
    """A path has at least two pictures."""
    with pytest.raises(OptionError, match=f"PICTURES must be at least two pictures, got {len(pictures)}"):
        interpolate(model, pictures)


def test_a_data_set_that_would_not_be_read(model, here):
    """It is refused beside files alone."""
    with pytest.raises(OptionError, match="--data must be left out"):
        interpolate(model, ["a.png", "b.png"], data="fashion-mnist-mini")


@pytest.mark.parametrize(
    ("steps", "out"),
    [
        *[(steps, "a.npy") for steps in (1, 0, -3, 2.5, True, "5", MAX_PICTURES + 1)],
        *[(10**12, "a/"), (10**5000, "a.png"), (1500, "a.gif")],
    ],
    ids=lambda value: str(value) if isinstance(value, str) else type(value).__name__,
)
def test_steps_out_of_range(model, here, steps, out):
    """Steps must be a whole number from 2 to what fits in memory or a GIF; others are refused at once."""
    with pytest.raises(OptionError) as caught:
        interpolate(model, ["test:0", "test:1"], steps=steps, out=out)
    assert caught.value.option == "--steps"
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["test:1000", "test:x", "train:-1", "missing.png", "text.png", "short.png", "."]
)
def test_what_is_not_a_picture(model, images, here, contents, name):
    """An index out of range, a missing file, text, half a PNG and a folder are errors that name them."""
    (here / "text.png").write_text("This is no picture.")
    PIL.Image.fromarray(images[4, ..., 0]).resize((200, 200)).save("whole.png")
    (here / "short.png").write_bytes((here / "whole.png").read_bytes()[:300])
    was = contents(here)
    with pytest.raises(DataError) as caught:
        interpolate(model, ["test:0", name])
    assert name.rpartition(":")[2] in str(caught.value)
    assert contents(here) == was


@pytest.mark.parametrize("path", ["lerp", "Linear", "", None])
def test_unknown_paths(model, here, path):
    """The error lists the choices, and nothing is written."""
    with pytest.raises(OptionError, match="--path must be linear, spherical or even, got ") as caught:
        interpolate(model, ["test:0", "test:1"], path=path)
    assert caught.value.option == "--path"
    assert list(here.iterdir()) == []


def test_the_number_of_pictures_is_bounded_in_bytes(model, here, monkeypatch):
    """The bytes of all pictures are bounded, since all are in memory; a GIF has each twice."""
    monkeypatch.setattr(task, "MAX_BYTES", 28 * 28 * 9)
    assert len(interpolate(model, ["test:0", "test:1", "test:2"], steps=5, out="a.npy").images) == 9
    with pytest.raises(OptionError, match=r"--steps must be at most 5, got 6\."):
        interpolate(model, ["test:0", "test:1", "test:2"], steps=6, out="b.npy")
    with pytest.raises(OptionError, match=r"--steps must be at most 1337, got 1338\."):
        interpolate(model, ["test:0", "test:1"], steps=1338, out="a.gif")


def test_a_data_set_is_loaded_once(model, here, monkeypatch):
    """A data set is loaded once, however many of its pictures are named."""
    loads = []

    def load_for(*arguments, **options):
        loads.append(arguments[2])
        return inputs.load_for(*arguments, **options)

    monkeypatch.setattr(opening, "load_for", load_for)
    interpolate(model, ["test:0", "train:1", "test:2", "train:0"], steps=2, out="a.npy")
    assert loads == ["test", "train"]


@pytest.mark.parametrize("out", ["", "-", ".gif"])
def test_targets_without_a_name(model, here, out):
    """An unset variable of the shell is an error, not a folder of numbered files here."""
    with pytest.raises(OptionError, match="--out must "):
        interpolate(model, ["test:0", "test:1"], out=out, force=True)
    assert list(here.iterdir()) == []


def test_another_series_replaces_the_first(model, here):
    """With force, a folder holds the steps of the second call only."""
    interpolate(model, ["test:0", "test:1"], steps=5, out="path/")
    interpolate(model, ["test:2", "test:3"], steps=2, out="path/", force=True)
    assert sorted(path.name for path in (here / "path").iterdir()) == ["000000.png", "000001.png"]


@pytest.mark.parametrize(
    ("pictures", "options"),
    [
        (["a.png", "test:1"], {"out": "./a.png"}),
        (["series"], {"out": "new.png", "save_prepared": "series/"}),
        (["series/000001.png", "test:1"], {"out": "series/"}),
        (["series"], {"out": "series/"}),
        (["link.png", "test:1"], {"out": "new.png", "save_prepared": "series"}),
    ],
    ids=str,
)
def test_outputs_that_are_inputs(model, here, pictures, options):
    """Each is refused though it may be replaced, and no byte of it changes."""
    interpolate(model, ["test:0", "test:1"], steps=3, out="series/")
    shutil.copy("series/000000.png", "a.png")
    (here / "link.png").symlink_to(here / "series" / "000002.png")
    before = {path: path.read_bytes() for path in here.rglob("*.png")}
    with pytest.raises(OptionError, match=r"must not (be|hold) one of the pictures"):
        interpolate(model, pictures, steps=2, force=True, **options)
    assert {path: path.read_bytes() for path in here.rglob("*.png")} == before


def test_targets_are_refused_before_the_work(model, here, contents):
    """A file that exists stays; the pictures are not even opened."""
    (here / "a.npy").write_bytes(b"mine")
    was = contents(here)
    with pytest.raises(OutputError, match="--force"):
        interpolate(model, ["missing.png", "test:0"], out="a.npy")
    with pytest.raises(OutputError, match="nowhere"):
        interpolate(model, ["missing.png", "test:0"], out="nowhere/a.npy")
    with pytest.raises(OptionError):
        interpolate(model, ["missing.png", "test:0"], out="a.jpeg")
    assert contents(here) == was


def test_a_decoder_alone_cannot(model_folder, here):
    """A model without its encoder can sample; the error names the file that is missing."""
    (here / "decoder.onnx").write_bytes((model_folder / "decoder.onnx").read_bytes())
    with pytest.raises(ModelError, match=r"encoder\.onnx"):
        interpolate(Model.open(here), ["test:0", "test:1"])
    assert [path.name for path in here.iterdir()] == ["decoder.onnx"]


def unevenness(pictures):
    """Return the largest over the mean L2 distance of neighbouring pictures, from their 8-bit pixels."""
    rows = pictures.reshape(len(pictures), -1).astype(np.float64)
    steps = np.sqrt(np.square(np.diff(rows, axis=0)).sum(axis=1))
    return steps.max() / steps.mean()


@pytest.mark.parametrize("first", range(0, 16, 3))
@pytest.mark.parametrize("count", [2, 3, 5])
def test_an_even_path_is_even_as_seen(model, reconstructed, here, first, count):
    """Largest over mean distance is at most 1.1 from end to end, and each given picture is one of the frames."""
    names = [f"test:{number}" for number in range(first, first + count)]
    result = interpolate(model, names, steps=12, path="even", out="a.npy")
    assert len(result.images) >= 1 + (count - 1) * 11
    assert unevenness(result.images) <= 1.1
    require_near(result.images[list(result.stops)], reconstructed[first : first + count])


def test_an_even_path_takes_more_pictures_where_few_do_not_divide(model, reconstructed, here):
    """Six pictures in two steps each: the path is even, keeps each given picture, and its note has the number."""
    names = [f"test:{number}" for number in range(6)]
    result = interpolate(model, names, steps=3, path="even", out="a.npy")
    assert unevenness(result.images) <= 1.1
    require_near(result.images[list(result.stops)], reconstructed[:6])
    more = f"; {len(result.images)} pictures, since 11 do not divide evenly"
    assert (more in result.notes[-1]) == (len(result.images) > 11)


def test_an_even_path_of_the_small_model(small_folder, here):
    """Also for pictures of 14 x 13 that the model was not trained on."""
    small = Model.open(small_folder)
    pixels = np.random.default_rng(3).integers(0, 256, (2, 14, 13), dtype=np.uint8)
    for name, image in zip("ab", pixels, strict=True):
        PIL.Image.fromarray(image).save(f"{name}.png")
    result = interpolate(small, ["a.png", "b.png"], steps=11, path="even", out="a.npy")
    assert float(result.notes[-1].split("largest step is ")[1].split()[0]) <= 1.1


@pytest.mark.parametrize("path", ["linear", "spherical", "even"])
def test_the_note_says_how_even_a_path_is(model, here, path):
    """Its figure is that of the pictures; the even path has the least."""
    result = interpolate(model, ["test:0", "test:8"], steps=11, path=path, out="a.npy")
    figure = float(result.notes[-1].removeprefix(f"{path} path: the largest step is ").split()[0])
    assert figure == pytest.approx(unevenness(result.images), abs=0.02)


@pytest.mark.parametrize("path", ["linear", "spherical", "even"])
def test_the_same_picture_twice(model, here, path):
    """A path without length is the same picture again and again, and divides nothing by zero."""
    result = interpolate(model, ["test:3", "test:3"], steps=5, path=path, out="a.png")
    require_near(result.images, np.repeat(result.images[:1], 5, axis=0))
    assert result.notes[-1].startswith(f"{path} path: the largest step is 1.00 times")


@pytest.mark.parametrize("path", ["linear", "spherical"])
def test_a_grid(model, reconstructed, here, path):
    """Its corners are the reconstructions of the four pictures, row by row; each kind of file holds it."""
    names = [f"test:{number}" for number in range(4)]
    result = interpolate(model, names, steps=3, path=path, grid=True, out="a.npy")
    require_near(result.images[[0, 2, 6, 8]], reconstructed[:4])
    assert np.load("a.npy").shape == (9, 28, 28, 1)
    interpolate(model, names, steps=3, path=path, grid=True, out="b/")
    assert len(list((here / "b").iterdir())) == 9
    interpolate(model, names, steps=3, path=path, grid=True, out="c.png")
    with PIL.Image.open("c.png") as picture:
        pixels = np.asarray(picture.convert("RGB"))
    np.testing.assert_array_equal(pixels, corner_sheet(result.originals, result.images))


@pytest.mark.parametrize(
    ("count", "options", "says"),
    [
        (1, {}, "PICTURES must be at least two pictures, got 1"),
        (21, {}, "PICTURES must be at most 20 pictures, got 21"),
        (3, {"grid": True}, "PICTURES must be four with --grid, got 3"),
        (5, {"grid": True}, "PICTURES must be four with --grid, got 5"),
        (4, {"grid": True, "path": "even"}, "--path must be linear or spherical with --grid"),
        (4, {"grid": True, "out": "a.gif"}, "--out must end in"),
        (4, {"grid": True, "steps": 101}, "--steps must be at most 100"),
        (2, {"scale": 8, "out": "a.npy"}, "--scale must be left out for an array"),
        (2, {"smooth": True, "out": "a.npz"}, "--smooth must be left out for an array"),
        (2, {"scale": 0, "out": "a.png"}, "--scale must be at least 1"),
        (2, {"scale": 513, "out": "a.png"}, "--scale must be at most 512"),
        (2, {"scale": 2.5, "out": "a/"}, "--scale must be a whole number"),
    ],
)
def test_what_a_path_or_a_grid_cannot_have(model, here, count, options, says):
    """A usage error before anything is written."""
    with pytest.raises(OptionError, match=says):
        interpolate(model, ["test:0"] * count, **options)
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("out", "grid"), [("a.png", False), ("a.png", True), ("a.gif", False), ("a/", False)]
)
def test_the_largest_scale_works(model, here, monkeypatch, out, grid):
    """A scale that is too large is refused with the largest that works, and that one works."""
    monkeypatch.setattr("vaecli.pictures.pixels.MAX_ENLARGED", 2**21)
    names = [f"test:{number}" for number in range(4)]
    with pytest.raises(OptionError, match="--scale must be at most") as caught:
        interpolate(model, names, steps=2, grid=grid, scale=500, out=out)
    largest = int(str(caught.value).split("at most ")[1].split()[0])
    assert largest >= 2 and list(here.iterdir()) == []
    interpolate(model, names, steps=2, grid=grid, scale=largest, out=out)
    with pytest.raises(OptionError):
        interpolate(model, names, steps=2, grid=grid, scale=largest + 1, out=out, force=True)


@pytest.mark.parametrize("smooth", [False, True])
def test_a_folder_is_enlarged(model, here, smooth):
    """Crisp: each pixel is a square. Smooth: other pixels, of the same mean within a level."""
    result = interpolate(model, ["test:0", "test:1"], steps=2, scale=8, smooth=smooth, out="a/")
    for number, image in enumerate(result.images):
        with PIL.Image.open(here / "a" / f"{number:06d}.png") as picture:
            pixels = np.asarray(picture)
        squares = np.kron(image[..., 0], np.ones((8, 8), np.uint8))
        assert np.array_equal(pixels, squares) != smooth
        assert abs(pixels.mean() - squares.mean()) < 1


def test_a_path_carries_no_folder_of_this_machine(model, here):
    """Neither the name of the current folder nor a time: two folders get the same bytes."""
    PIL.Image.fromarray(load_mini("test").images[0, ..., 0]).save("a.png")
    for name in ("one", "two"):
        (here / name).mkdir()
        interpolate(model, [f"{here}/a.png", "test:1"], steps=2, out=here / name / "p.png")
    content = (here / "one" / "p.png").read_bytes()
    assert content == (here / "two" / "p.png").read_bytes()
    assert b'"a.png"' in content and str(here).encode() not in content
