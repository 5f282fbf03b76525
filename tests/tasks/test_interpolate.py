"""`vaecli.tasks.interpolate`: a user's pictures, and the way between them."""

import numpy as np
import PIL.Image
import PIL.ImageDraw
import pytest

from vaecli.data.named.bundled import load_mini
from vaecli.errors import DataError, ModelError, OptionError, OutputError
from vaecli.pictures.sheet import strip
from vaecli.pixels import to_uint8
from vaecli.runtime.model import Model
from vaecli.tasks.interpolate import MAX_PICTURES, interpolate


@pytest.fixture(scope="module")
def images():
    """The test set of the data that the model was trained on."""
    return load_mini("test").images


@pytest.fixture(scope="module")
def reconstructed(model, images):
    """The reconstructions of the posterior means of its first 20 images, uint8."""
    return to_uint8(model.decode(model.encode(images[:20])[0]))


def near(found, wanted):
    """Equal but for a level of grey, which rounding may move with the batch."""
    assert found.shape == wanted.shape
    assert np.abs(found.astype(int) - wanted.astype(int)).max() <= 1


@pytest.mark.parametrize("path", ["linear", "spherical"])
def test_ends_are_the_reconstructions(model, images, reconstructed, here, path):
    """The first and last picture are the decoded posterior means, the originals are the data set's own."""
    result = interpolate(model, ["test:3", "test:17"], steps=5, path=path, out="a.npy")
    found = np.load("a.npy")
    assert found.shape == (5, 28, 28, 1)
    near(found[[0, -1]], reconstructed[[3, 17]])
    np.testing.assert_array_equal(found, result.images)
    np.testing.assert_array_equal(result.originals, images[[3, 17]])


def test_the_middle_is_between(model, images, here):
    """The middle of a straight way is the picture of the mean of the two means."""
    found = interpolate(model, ["test:3", "test:17"], steps=3, out="a.npy").images
    z_mean, _ = model.encode(images[[3, 17]])
    near(found[1], to_uint8(model.decode(z_mean.mean(axis=0, keepdims=True)))[0])
    assert not np.array_equal(found[0], found[1])


def test_it_is_deterministic(model, here):
    """No draw anywhere: twice the same bytes, in each kind of file."""
    for name in ("a.npy", "a.png", "a.gif"):
        interpolate(model, ["test:0", "test:1"], steps=4, out=name)
        first = (here / name).read_bytes()
        interpolate(model, ["test:0", "test:1"], steps=4, out=name, force=True)
        assert (here / name).read_bytes() == first


def test_several_pictures(model, reconstructed, here):
    """Each stop of a tour is at its place, and there once."""
    found = interpolate(model, ["test:0", "test:1", "test:2", "test:0"], steps=4, out="a.npy").images
    assert len(found) == 1 + 3 * 3
    near(found[::3], reconstructed[[0, 1, 2, 0]])


def test_a_folder(model, here):
    """One PNG a step, in order."""
    result = interpolate(model, ["test:0", "test:1"], steps=3, out="way/")
    names = sorted(path.name for path in (here / "way").iterdir())
    assert names == ["000000.png", "000001.png", "000002.png"]
    for number, name in enumerate(names):
        with PIL.Image.open(here / "way" / name) as picture:
            np.testing.assert_array_equal(np.asarray(picture), result.images[number, ..., 0])


def test_a_gif_there_and_back(model, here):
    """Forwards and backwards without the two ends twice: 2 (steps - 1) frames, the last but one step at the end."""
    result = interpolate(model, ["test:0", "test:1"], steps=5, out="a.gif")
    frames = []
    with PIL.Image.open("a.gif") as picture:
        for number in range(picture.n_frames):
            picture.seek(number)
            frames.append(np.asarray(picture.convert("L")))
    scale = len(frames[0]) // 28
    wanted = result.images[[0, 1, 2, 3, 4, 3, 2, 1], ..., 0]
    np.testing.assert_array_equal(np.stack(frames)[:, ::scale, ::scale], wanted)


def test_a_strip(model, here):
    """A PNG has the originals at both ends: it is the strip of what was encoded and what was decoded."""
    result = interpolate(model, ["test:0", "test:1"], steps=4, out="a.png")
    with PIL.Image.open("a.png") as picture:
        found = np.asarray(picture.convert("RGB"))
    np.testing.assert_array_equal(found, strip(result.originals, result.images))


def test_the_next_free_name(model, here):
    """Left out, the target is interpolation.png, then interpolation-2.png."""
    names = [interpolate(model, ["test:0", "test:1"], steps=2).path.name for _ in range(2)]
    assert names == ["interpolation.png", "interpolation-2.png"]


def test_train_and_test_pictures(model, here):
    """`train:` and `test:` are two sets; the notes say which picture of which set, and what it shows."""
    train = load_mini("train")
    result = interpolate(model, ["train:5", "test:5"], steps=2, out="a.npy")
    np.testing.assert_array_equal(result.originals[0], train.images[5])
    assert not np.array_equal(result.originals[0], result.originals[1])
    label = train.class_names[train.labels[5]]
    assert result.notes[0] == f"train:5: picture 5 of the train set of fashion-mnist-mini, {label}"


def test_data_from_elsewhere(model, here):
    """`data` decides where test:17 looks; a set of another shape is refused."""
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
    """A large dark shirt on white comes out light on black, 28 x 28, and the notes say what was done."""
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


def test_a_picture_of_the_right_kind_is_taken_as_it_is(model, images, here):
    """A PNG of the model's own shape and polarity is not touched."""
    PIL.Image.fromarray(images[4, ..., 0]).save("own.png")
    result = interpolate(model, ["own.png", "test:4"], steps=2, out="a.npy")
    np.testing.assert_array_equal(result.originals[0], images[4])
    np.testing.assert_array_equal(result.images[0], result.images[1])
    assert result.notes[0] == "own.png: used without a change"


@pytest.mark.parametrize("pictures", [[], ["test:0"]])
def test_too_few_pictures(model, here, pictures):
    """Two at least."""
    with pytest.raises(OptionError, match="two pictures"):
        interpolate(model, pictures)


@pytest.mark.parametrize(
    ("steps", "out"),
    [(1, "a.npy"), (0, "a.npy"), (-3, "a.npy"), (MAX_PICTURES + 1, "a.npy"), (10**12, "a/"), (1500, "a.gif")],
)
def test_steps_out_of_range(model, here, steps, out):
    """Fewer than two, or more than fit into memory or a GIF: refused at once, by the option's own name."""
    with pytest.raises(OptionError) as caught:
        interpolate(model, ["test:0", "test:1"], steps=steps, out=out)
    assert caught.value.option == "--steps"
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["test:1000", "test:x", "train:-1", "missing.png", "text.png", "short.png", "."]
)
def test_pictures_that_are_none(model, images, here, contents, name):
    """Out of range, no number, missing, a text file, a PNG cut short, a folder: an error that names it."""
    (here / "text.png").write_text("This is no picture.")
    PIL.Image.fromarray(images[4, ..., 0]).resize((200, 200)).save("whole.png")
    (here / "short.png").write_bytes((here / "whole.png").read_bytes()[:300])
    was = contents(here)
    with pytest.raises(DataError) as caught:
        interpolate(model, ["test:0", name])
    assert name.rpartition(":")[2] in str(caught.value)
    assert contents(here) == was


def test_targets_are_refused_before_the_work(model, here, contents):
    """What is there stays; the pictures are not even opened."""
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
    """Without its encoder a model samples, and says what it lacks for this."""
    (here / "decoder.onnx").write_bytes((model_folder / "decoder.onnx").read_bytes())
    with pytest.raises(ModelError, match=r"encoder\.onnx"):
        interpolate(Model.open(here), ["test:0", "test:1"])
    assert [path.name for path in here.iterdir()] == ["decoder.onnx"]
