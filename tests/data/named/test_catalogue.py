"""The catalogue agrees with the real files and with the mirrors."""

import pathlib

import pytest

from vaecli.data.named.catalogue import CATALOGUE, lookup
from vaecli.data.named.fetch import read_verified
from vaecli.errors import DataError

DEBIAN = pathlib.Path("/usr/share/datasets/fashion-mnist")


def test_the_four_names():
    """The names the command line knows, each with ten classes and the counts of its files."""
    assert list(CATALOGUE) == ["fashion-mnist", "fashion-mnist-mini", "mnist", "kmnist"]
    for dataset in CATALOGUE.values():
        assert len(set(dataset.class_names)) == 10
        for file in dataset.files:
            assert file.shape[0] == (dataset.train_count if file.split == "train" else dataset.test_count)
            assert len(bytes.fromhex(file.sha256)) == 32


def test_files_have_the_names_of_the_mirrors():
    """The four file names of MNIST, which all mirrors and packages keep; mirrors are folders."""
    for name in ("fashion-mnist", "mnist", "kmnist"):
        assert [file.name for file in CATALOGUE[name].files] == [
            "train-images-idx3-ubyte.gz",
            "train-labels-idx1-ubyte.gz",
            "t10k-images-idx3-ubyte.gz",
            "t10k-labels-idx1-ubyte.gz",
        ]
        assert len(CATALOGUE[name].mirrors) >= 2
        assert all(mirror.startswith("http") and mirror.endswith("/") for mirror in CATALOGUE[name].mirrors)
    assert len({file.sha256 for dataset in CATALOGUE.values() for file in dataset.files}) == 12


@pytest.mark.skipif(not DEBIAN.is_dir(), reason="needs the package dataset-fashion-mnist")
def test_the_hashes_of_fashion_mnist_are_those_of_the_real_files():
    """Debian's files, compressed in another way than the original, have the content of the catalogue."""
    for file in CATALOGUE["fashion-mnist"].files:
        assert read_verified(DEBIAN / file.name, file).shape == file.shape


@pytest.mark.parametrize(
    ("typed", "name"),
    [("fashon-mnist", "fashion-mnist"), ("Fashion-MNIST", "fashion-mnist"), ("kmist", "kmnist")],
)
def test_an_unknown_name_gets_the_nearest(typed, name):
    """A misspelt name is answered with the nearest right one and all the names."""
    with pytest.raises(DataError, match=f"Did you mean {name}") as error:
        lookup(typed)
    assert all(entry in error.value.hint for entry in CATALOGUE)


def test_a_name_like_no_other_gets_no_guess():
    """No name is proposed if none is similar."""
    with pytest.raises(DataError) as error:
        lookup("zzz")
    assert "Did you mean" not in error.value.message
