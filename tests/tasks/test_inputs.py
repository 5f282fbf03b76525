"""The data set that belongs to a model is found by its hash, never by its name alone."""

import dataclasses

import numpy as np
import pytest

from vaecli.data.idx.format import encode_idx
from vaecli.data.named.bundled import load_mini
from vaecli.data.split import validation_mask
from vaecli.errors import DataError, ModelError
from vaecli.tasks.inputs import load_for


@dataclasses.dataclass
class Stand:
    """A model as far as `load_for` asks."""

    info: object
    path: str = "decoder.onnx"
    image_shape: tuple = (28, 28, 1)


@pytest.fixture
def trained_on(model):
    """The committed model as if its metadata had other entries in the table of its data."""

    def trained_on(**data):
        return Stand(model.info.replace(data=model.info.data | data))

    return trained_on


@pytest.mark.parametrize("kind", ["named", None])
@pytest.mark.parametrize("split", ["train", "test"])
def test_the_models_own_data_set(trained_on, kind, split):
    """A model of a data set of the catalogue gets that set, also if its metadata do not give the kind."""
    images = load_for(trained_on(kind=kind), None, split)
    expected = load_mini(split)
    if split == "train":
        expected = expected.select(np.flatnonzero(~validation_mask(expected.images, fraction=0.05, seed=0)))
    assert images.sha256 == expected.sha256


def test_a_folder_in_the_way_is_not_the_data_set(trained_on, here):
    """A folder of the data set's name in the current folder is not taken for the model's own data."""
    folder = here / "fashion-mnist-mini"
    folder.mkdir()
    (folder / "t10k-images-idx3-ubyte").write_bytes(encode_idx(np.full((3, 28, 28), 7, np.uint8)))
    assert load_for(trained_on(kind="named"), None, "test").sha256 == load_mini("test").sha256
    assert len(load_for(trained_on(kind="named"), "fashion-mnist-mini", "test").images) == 3


@pytest.mark.parametrize("name", ["fashion-mnist-mini", "mine"])
def test_a_model_of_a_folder_needs_the_folder(trained_on, name):
    """A folder that is called like a data set is not that data set: the error says what to type."""
    with pytest.raises(DataError, match=f"trained on a folder called {name}") as error:
        load_for(trained_on(kind="folder", name=name), None, "test")
    assert "--data FOLDER" in error.value.hint
    assert ("data set of that name" in error.value.message) == (name != "mine")


@pytest.mark.parametrize(("kind", "split"), [("named", "train"), (None, "train"), (None, "test")])
def test_another_hash_is_another_data_set(trained_on, kind, split):
    """Images that hash otherwise than those trained on are refused, with both hashes."""
    with pytest.raises(DataError, match=r"must be 0000.*got 67c1") as error:
        load_for(trained_on(kind=kind, sha256="0" * 64), None, split)
    assert "--data FOLDER" in error.value.hint


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_a_note_says_that_other_data_were_named(trained_on, split):
    """With --data images of another hash are measured, and a note says that the model was trained on others."""
    notes = []
    other = trained_on(name="my-shoes", sha256="0" * 64, test_sha256="0" * 64)
    assert len(load_for(other, "fashion-mnist-mini", split, warn=notes.append).images)
    assert len(notes) == 1 and notes[0].endswith("is not what the model was trained on: my-shoes.")
    notes.clear()
    load_for(trained_on(), "fashion-mnist-mini", split, warn=notes.append)
    assert not notes


def test_images_are_stretched_as_those_trained_on(trained_on, here):
    """A test set of 0 and 1 is 0 and 255 to a model whose training images were stretched from 0 and 1."""
    bits = load_mini("test").images[:20] // 128
    (here / "t10k-images-idx3-ubyte").write_bytes(encode_idx(bits[..., 0]))
    images = load_for(trained_on(stretch=[0, 1]), str(here), "test").images
    np.testing.assert_array_equal(images, bits * 255)


@pytest.mark.parametrize("stretch", [7, [1], [5, 5], [0, 300], ["a", "b"], [0, 1, 2], {}])
def test_a_stretch_that_makes_no_sense_is_refused(trained_on, here, stretch):
    """Forged metadata give an error of ours."""
    with pytest.raises(ModelError, match="must be two pixel values"):
        load_for(trained_on(kind="named", stretch=stretch), None, "test")
