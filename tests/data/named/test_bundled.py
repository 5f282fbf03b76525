"""The bundled subset is part of the real data set, and the recorded one."""

import hashlib
import importlib.resources
import pathlib
import pickle

import numpy as np
import pytest

from vaecli.data.load import load
from vaecli.data.named.bundled import (
    PER_CLASS,
    PIXELS_SHA256,
    from_sheet,
    load_mini,
    subset_indices,
    to_sheet,
)
from vaecli.data.named.search import Places, states

BUNDLED = importlib.resources.files("vaecli.data.named") / "bundled_files"


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_bundled_subset_is_the_recorded_one(split):
    """Pixels and labels have the recorded hash, whatever the PNG's compression; counts per class are right."""
    mini = load_mini(split)
    assert mini.sha256 == PIXELS_SHA256[split]
    assert mini.images.shape == (10 * PER_CLASS[split], 28, 28, 1)
    assert np.bincount(mini.labels).tolist() == [PER_CLASS[split]] * 10
    assert not mini.images.flags.writeable and not mini.labels.flags.writeable


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_subset_is_part_of_the_real_set(split, tmp_path):
    """The bundled images and labels equal, byte for byte, those of the same positions in real Fashion-MNIST."""
    if next(state for state in states() if state.name == "fashion-mnist").state == "not here":
        pytest.skip("needs Fashion-MNIST")
    real = load("fashion-mnist", split, download=False)
    index = subset_indices(real.labels, split)
    assert np.unique(index).size == index.size
    np.testing.assert_array_equal(load_mini(split).images, real.images[index])
    np.testing.assert_array_equal(load_mini(split).labels, real.labels[index])


def test_the_choice_is_the_first_of_each_class():
    """`subset_indices` interleaves the first of each class in file order."""
    labels = np.repeat(np.arange(10)[::-1], 150)
    index = subset_indices(labels, "test")
    assert index[:10].tolist() == [1350, 1200, 1050, 900, 750, 600, 450, 300, 150, 0]
    assert index[-10:].tolist() == [1449, 1299, 1149, 999, 849, 699, 549, 399, 249, 99]


def test_a_sheet_and_its_images_are_inverse():
    """from_sheet undoes to_sheet, and the sheet shows classes one below the other."""
    images = load_mini("test").images
    sheet = to_sheet(images)
    assert sheet.shape == (280, 2800)
    np.testing.assert_array_equal(from_sheet(sheet), images)
    np.testing.assert_array_equal(sheet[28:56, :28], images[1, :, :, 0])
    np.testing.assert_array_equal(sheet[:28, 28:56], images[10, :, :, 0])


def test_it_is_small_free_of_pickle_and_carries_its_licence():
    """At most 3.5 MB of PNG in the package, and Zalando's MIT notice beside it."""
    files = [entry for entry in BUNDLED.iterdir() if entry.name.endswith(".png")]
    assert sum(len(file.read_bytes()) for file in files) <= 3_500_000
    for file in files:
        assert file.read_bytes().startswith(b"\x89PNG")
        with pytest.raises(pickle.UnpicklingError):
            pickle.loads(file.read_bytes())
    licence = (BUNDLED / "LICENSE-fashion-mnist").read_text("utf-8")
    assert "Copyright (c) 2017 Zalando SE, https://tech.zalando.com" in licence
    assert "Permission is hereby granted, free of charge" in licence


def test_the_script_that_makes_it_makes_the_same_pixels(tmp_path, monkeypatch, capsys):
    """examples/make/make_mini.py, run on the real set, gives the bundled pixels again."""
    if next(state for state in states() if state.name == "fashion-mnist").state == "not here":
        pytest.skip("needs Fashion-MNIST")
    import runpy

    script = pathlib.Path(__file__).parents[3] / "examples" / "make" / "make_mini.py"
    names = runpy.run_path(str(script))
    names["main"].__globals__["BUNDLED"] = tmp_path
    names["main"]()
    from PIL import Image

    for split in PER_CLASS:
        with Image.open(tmp_path / f"fashion-mnist-mini-{split}.png") as sheet:
            np.testing.assert_array_equal(from_sheet(np.asarray(sheet)), load_mini(split).images)
    assert PIXELS_SHA256["train"] in capsys.readouterr().out


def test_it_loads_by_name_with_no_network_and_no_cache(tmp_path):
    """`fashion-mnist-mini` needs nothing but the package."""
    nowhere = Places(cache=tmp_path / "none", installed=(), mirrors=())
    mini = load("fashion-mnist-mini", "test", places=nowhere)
    assert (mini.name, len(mini.images), mini.location) == ("fashion-mnist-mini", 1000, "the vaecli package")
    assert hashlib.sha256(mini.images.tobytes()).digest() == hashlib.sha256(load_mini("test").images).digest()
