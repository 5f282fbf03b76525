"""Images of a data set in another size or colour: what changes, what stays, and where they are."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from vaecli.data.file_images import StreamedImages
from vaecli.data.idx.format import encode_idx
from vaecli.data.images import ImageSet
from vaecli.data.load import load, load_named
from vaecli.data.named.search import Places
from vaecli.data.photo.decode import Opened
from vaecli.data.photo.reading import Reading, ReadingOptions
from vaecli.data.resize import read_as
from vaecli.errors import DataError

OPENED = Opened(Image.new("L", (1, 1)), (1, 1), "L", ())
RNG = np.random.default_rng(0)


def image_set(shape, **fields):
    images = RNG.integers(0, 256, shape, np.uint8)
    labels = np.arange(len(images)) % 3
    return ImageSet("set", "train", images, labels, ("a", "b", "c"), "somewhere", **fields)


@pytest.mark.parametrize(
    "options",
    [
        ReadingOptions(),
        ReadingOptions(size=(8, 6)),
        ReadingOptions(colour="grey"),
        ReadingOptions(fit="crop"),
        ReadingOptions(size=(8, 6), colour="grey", fit="stretch"),
    ],
)
def test_images_of_that_shape_stay_as_they_are(options):
    """Where nothing changes, the set is the same object, without a reading."""
    data = image_set((5, 8, 6, 1))
    assert read_as(data, options) is data
    assert data.reading is None


@pytest.mark.parametrize(
    ("options", "reading"),
    [
        (ReadingOptions(size=(12, 12)), Reading(height=12, width=12, channels=1, fit="pad")),
        (ReadingOptions(size=(12, 12), fit="crop"), Reading(height=12, width=12, channels=1, fit="crop")),
        (ReadingOptions(size=(4, 9), fit="stretch"), Reading(height=4, width=9, channels=1, fit="stretch")),
        (ReadingOptions(colour="rgb"), Reading(height=8, width=6, channels=3, fit="pad")),
        (ReadingOptions(size=(4, 3), colour="rgb"), Reading(height=4, width=3, channels=3, fit="pad")),
    ],
)
def test_every_image_is_read_as_a_picture_is(options, reading):
    """Image by image the pixels are those that the reading makes of the same picture; all else of the set stays."""
    held_out = np.array([True, False, False, True, False])
    data = image_set((5, 8, 6, 1), held_out=held_out)
    resized = read_as(data, options)
    assert resized.reading == reading
    assert resized.images.shape == (5, *reading.shape)
    for before, after in zip(data.images, resized.images, strict=True):
        box = Image.fromarray(before[..., 0])
        np.testing.assert_array_equal(after, reading.apply(dataclasses.replace(OPENED, image=box)))
    assert (resized.name, resized.class_names, resized.location) == (
        data.name,
        data.class_names,
        data.location,
    )
    np.testing.assert_array_equal(resized.labels, data.labels)
    np.testing.assert_array_equal(resized.held_out, held_out)
    assert not resized.images.flags.writeable
    assert resized.sha256 != data.sha256


def test_colour_and_back():
    """Grey to RGB repeats the pixel; that to grey again gives the first images; red becomes its luminance."""
    grey = image_set((3, 8, 6, 1))
    colour = read_as(grey, ReadingOptions(colour="rgb"))
    np.testing.assert_array_equal(colour.images, np.repeat(grey.images, 3, axis=-1))
    np.testing.assert_array_equal(read_as(colour, ReadingOptions(colour="grey")).images, grey.images)
    red = np.zeros((1, 4, 4, 3), np.uint8)
    red[..., 0] = 255
    data = ImageSet("red", "train", red, None, (), "somewhere")
    assert set(read_as(data, ReadingOptions(colour="grey")).images.ravel()) == {76}  # 0.299 of 255


def test_images_in_a_file(tmp_path):
    """Images in a file are read in chunks; those that need no change stay there."""
    data = image_set((5, 8, 6, 3))
    path = tmp_path / "images"
    path.write_bytes(data.images.tobytes())
    streamed = dataclasses.replace(data, images=StreamedImages(path, 0, data.images.shape))
    assert read_as(streamed, ReadingOptions(colour="rgb")).images is streamed.images
    options = ReadingOptions(size=(5, 5))
    np.testing.assert_array_equal(read_as(streamed, options).images, read_as(data, options).images)


def test_too_many_for_memory(monkeypatch):
    """Images that would not fit are refused before they are made."""
    monkeypatch.setattr("vaecli.data.images.MOST_IN_MEMORY", 2**20)
    with pytest.raises(DataError, match=r"somewhere: images held in memory .*Give a smaller --image-size"):
        read_as(image_set((5, 8, 6, 1)), ReadingOptions(size=(1000, 1000)))


@pytest.mark.parametrize("kind", ["named", "default", "idx", "npy", "npz", "csv"])
def test_every_source_takes_a_size_and_a_colour(tmp_path, kind):
    """Whatever --data names, --image-size and --rgb give images of that shape."""
    images = RNG.integers(0, 256, (7, 6, 6), np.uint8)
    options = ReadingOptions(size=(8, 10), colour="rgb")
    path = tmp_path / kind
    if kind == "npy":
        with path.open("wb") as file:
            np.save(file, images)
    elif kind == "npz":
        with path.open("wb") as file:
            np.savez(file, images=images)
    elif kind == "csv":
        np.savetxt(path, images.reshape(7, -1), fmt="%d", delimiter=",")
    elif kind == "idx":
        path.mkdir()
        (path / "train-images-idx3-ubyte").write_bytes(encode_idx(images))
    if kind == "named":
        loaded = load("fashion-mnist-mini", "test", reading=options)
        assert loaded.images.shape == load_named("fashion-mnist-mini", "test", reading=options).images.shape
    elif kind == "default":
        nowhere = Places(cache=None, installed=(), mirrors=())
        loaded = load(None, "test", reading=options, places=nowhere, download=False)
    else:
        loaded = load(str(path), "train", reading=options)
    assert loaded.images.shape[1:] == (8, 10, 3)
    assert loaded.reading == Reading(height=8, width=10, channels=3)
