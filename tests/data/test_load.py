"""From what follows --data to images: folders, names, and the places that are searched."""

import gzip
import os
import re

import numpy as np
import pytest

from vaecli.data.idx.folder import load_folder
from vaecli.data.idx.format import encode_idx
from vaecli.data.load import load
from vaecli.data.named.catalogue import CATALOGUE
from vaecli.data.named.search import Places, obtain, states
from vaecli.errors import DataError, OptionError

FIRST = "train-images-idx3-ubyte.gz"


@pytest.fixture
def fashion(small, monkeypatch):
    """Replace fashion-mnist in the catalogue by 7 + 3 images; the fixture is their files by name."""
    dataset, files = small
    monkeypatch.setitem(CATALOGUE, "fashion-mnist", dataset)
    return files


@pytest.fixture
def places(tmp_path):
    """Places without any data: an empty cache, no package, no mirror."""
    return Places(cache=tmp_path / "cache", installed=(tmp_path / "usr",), mirrors=())


def put(folder, files):
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("data", ["fashion-mnist", None])
def test_the_installed_package_is_used(fashion, places, arrays, split, data):
    """By name or by default, the files in the system's folder are used without a warning."""
    put(places.installed[0] / "fashion-mnist", fashion)
    warnings = []
    loaded = load(data, split, places=places, warn=warnings.append)
    np.testing.assert_array_equal(loaded.images[..., 0], arrays[split, "images"])
    np.testing.assert_array_equal(loaded.labels, arrays[split, "labels"])
    assert (loaded.name, loaded.split, loaded.labels.dtype) == ("fashion-mnist", split, np.int64)
    assert loaded.location == str(places.installed[0] / "fashion-mnist")
    assert warnings == []


def test_the_cache_comes_before_the_package(fashion, places):
    """If both the cache and the package have the data set, the cache is used."""
    for root in (places.cache, places.installed[0]):
        put(root / "fashion-mnist", fashion)
    assert load(None, "train", places=places).location == str(places.cache / "fashion-mnist")


def test_a_wrong_file_in_the_cache_is_reported_once_and_fetched_again(fashion, places, serve):
    """A truncated file in the cache is reported once, not used, and replaced by the mirror's."""
    put(places.cache / "fashion-mnist", fashion)
    bad = places.cache / "fashion-mnist" / FIRST
    bad.write_bytes(fashion[FIRST][:-9])
    warnings = []
    online = Places(places.cache, places.installed, (serve("good", fashion),))
    loaded = load("fashion-mnist", "train", places=online, warn=warnings.append)
    assert len(loaded.images) == 7
    assert bad.read_bytes() == fashion[FIRST]
    assert len(warnings) == 1
    assert str(bad) in warnings[0]


def test_a_wrong_file_in_the_cache_gives_way_to_the_package(fashion, places):
    """A cached file with other pixels is reported, and the installed files are used."""
    other = dict(fashion)
    other[FIRST] = gzip.compress(encode_idx(np.zeros((7, 5, 4), np.uint8)))
    put(places.cache / "fashion-mnist", other)
    put(places.installed[0] / "fashion-mnist", fashion)
    warnings = []
    loaded = load("fashion-mnist", "train", places=places, warn=warnings.append)
    assert loaded.location == str(places.installed[0] / "fashion-mnist")
    assert "SHA-256" in warnings[0]


def test_a_missing_data_set_is_downloaded(fashion, places, serve):
    """By name or by default it is downloaded once and then read from the cache."""
    online = Places(places.cache, places.installed, (serve("good", fashion),))
    assert len(load(None, "test", places=online).images) == 3
    assert len(load("fashion-mnist", "train", places=places).images) == 7


def test_the_default_falls_back_to_the_subset_with_a_warning(places):
    """Without data and network the subset is used, with a warning that says how to get the rest."""
    warnings = []
    loaded = load(None, "test", places=places, warn=warnings.append)
    assert loaded.name == "fashion-mnist-mini"
    (warning,) = warnings
    for part in (
        "fashion-mnist-mini",
        "apt-get install dataset-fashion-mnist",
        "vaecli data fetch fashion-mnist",
    ):
        assert part in warning
    assert warning.count("\n") <= 1


def test_a_named_data_set_that_cannot_be_had_is_an_error(places):
    """A data set requested by name is not substituted: the error has the mirrors and every other way to get it."""
    dead = ("http://127.0.0.1:9/", "http://no-such-host.invalid/")
    offline = Places(places.cache, places.installed, dead)
    with pytest.raises(DataError) as error:
        load("fashion-mnist", "train", places=offline)
    for part in (
        *dead,
        "apt-get install dataset-fashion-mnist",
        "--data FOLDER",
        "--data fashion-mnist-mini",
    ):
        assert part in str(error.value)
    with pytest.raises(DataError) as error:
        load("mnist", "train", places=offline, download=False)
    assert "not on this machine" in str(error.value)
    assert "apt-get" not in str(error.value)


@pytest.mark.parametrize("dot", ["-", "."])
@pytest.mark.parametrize("zipped", [True, False])
def test_a_folder_of_idx_files_is_read(tmp_path, arrays, dot, zipped):
    """Both spellings, gzipped or not; class names are the digits."""
    for (split, part), array in arrays.items():
        stem = f"{'train' if split == 'train' else 't10k'}-{part}{dot}idx{array.ndim}-ubyte"
        content = encode_idx(array)
        (tmp_path / (stem + ".gz" * zipped)).write_bytes(gzip.compress(content) if zipped else content)
    loaded = load(str(tmp_path), "test")
    np.testing.assert_array_equal(loaded.images[..., 0], arrays["test", "images"])
    np.testing.assert_array_equal(loaded.labels, arrays["test", "labels"])
    assert loaded.class_names == tuple(str(label) for label in range(arrays["test", "labels"].max() + 1))
    assert loaded.name == tmp_path.name


def test_a_folder_may_have_colour_and_no_labels(tmp_path):
    """Four axes are (N, H, W, C); without a label file there are no labels."""
    colour = np.arange(2 * 3 * 5 * 3, dtype=np.uint8).reshape(2, 3, 5, 3)
    (tmp_path / "train-images-idx4-ubyte").write_bytes(encode_idx(colour))
    loaded = load(str(tmp_path), "train")
    np.testing.assert_array_equal(loaded.images, colour)
    assert loaded.labels is None
    assert loaded.class_names == ()
    with pytest.raises(DataError, match="t10k-images"):
        load(str(tmp_path), "test")


def test_a_folder_named_like_a_data_set_wins_if_it_has_files(tmp_path, arrays, monkeypatch, places):
    """./mnist with IDX files is the folder; beside ./mnist without any, mnist is the data set."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mnist").mkdir()
    with pytest.raises(DataError, match="mnist is not on this machine"):
        load("mnist", "train", places=places, download=False)
    (tmp_path / "mnist" / "train-images-idx3-ubyte").write_bytes(encode_idx(arrays["train", "images"]))
    warnings = []
    loaded = load("mnist", "train", places=places, download=False, warn=warnings.append)
    assert (len(loaded.images), loaded.kind) == (7, "folder")
    assert warnings == [f"mnist is the folder {tmp_path / 'mnist'}, not the data set of that name."]


def test_misfitting_folders_are_refused(tmp_path):
    """Images of two axes or two channels, labels of two axes, fewer labels than images: each has its error."""
    images, labels = tmp_path / "train-images-idx3-ubyte", tmp_path / "train-labels-idx1-ubyte"
    images.write_bytes(encode_idx(np.zeros((3, 4), np.uint8)))
    with pytest.raises(DataError, match=r"\(3, 4\)"):
        load_folder(tmp_path, "train")
    images.write_bytes(encode_idx(np.zeros((3, 4, 4), np.uint8)))
    labels.write_bytes(encode_idx(np.zeros((3, 1), np.uint8)))
    with pytest.raises(DataError, match=r"labels \(N,\)"):
        load_folder(tmp_path, "train")
    labels.write_bytes(encode_idx(np.zeros(2, np.uint8)))
    with pytest.raises(DataError, match="one label for each"):
        load_folder(tmp_path, "train")
    images.unlink()
    (tmp_path / "train-images-idx4-ubyte").write_bytes(encode_idx(np.zeros((3, 4, 4, 2), np.uint8)))
    with pytest.raises(DataError, match="grey images or 3 channels, got 2"):
        load_folder(tmp_path, "train")


def test_everything_else_after_data_is_refused(tmp_path, places):
    """A missing path, a folder without IDX files, a file and a misspelt name each have their own error."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    (tmp_path / "data.zip").write_bytes(b"PK\3\4")
    (tmp_path / "none").touch()
    idx = encode_idx(np.zeros((1, 4, 4), np.uint8))
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx)
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx))
    (tmp_path / "one.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "text").write_text("Pixels are in another file.\n")
    (tmp_path / "utf-16.csv").write_text("label,pixel1", encoding="utf-16")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "pictures").mkdir()
    for number in range(9):
        (tmp_path / "pictures" / f"{number}.png").touch()
    cases = {
        str(tmp_path / "absent"): "where there is nothing",
        "data/absent": "got data/absent, where there is nothing",
        str(tmp_path / "empty"): "must hold pictures, got nothing",
        str(tmp_path / "pictures"): r"None of the 9 pictures in .* can be read",
        str(tmp_path / "file"): "must be a data set by name, .*, got .*file, a file of an unknown kind",
        str(tmp_path / "data.zip"): "data.zip",
        str(tmp_path / "train-images-idx3-ubyte"): rf"Name its folder: vaecli train --data {tmp_path}",
        str(tmp_path / "train-images-idx3-ubyte.gz"): rf"an IDX file. Name its folder: .*{tmp_path}",
        str(tmp_path / "one.png"): rf"a PNG picture. Name its folder: vaecli train --data {tmp_path}",
        str(tmp_path / "none"): "got .*none, an empty file",
        str(tmp_path / "text"): "a text file. A CSV file of pixels has a line for each image",
        str(tmp_path / "utf-16.csv"): "must be UTF-8, got UTF-16. Save it as CSV UTF-8",
        str(tmp_path / "pipe"): "something that is not a plain file",
        "my.npz": "got my.npz, where there is nothing",
        "fashion-mnst": "Did you mean fashion-mnist",
        "~no-such-user/data": "Cannot expand ~no-such-user",
        "a" * 300: "Cannot use the path",
        "a\0b": "Cannot use the path",
    }
    for data, reason in cases.items():
        with pytest.raises(DataError) as error:
            load(data, "train", places=places, download=False)
        assert re.search(reason, str(error.value))
    with pytest.raises(OptionError, match="--data must name a file or folder, got ''"):
        load("", "train", places=places, download=False)


def test_states(fashion, places):
    """Bundled, not here, installed, cached; a truncated file makes a set 'not here'."""

    def state():
        entries = {entry.name: entry for entry in states(places)}
        assert entries["fashion-mnist-mini"].state == "bundled"
        assert entries["mnist"].state == entries["kmnist"].state == "not here"
        return entries["fashion-mnist"].state, entries["fashion-mnist"].location

    assert state() == ("not here", "")
    put(places.installed[0] / "fashion-mnist", fashion)
    assert state() == ("installed", str(places.installed[0] / "fashion-mnist"))
    put(places.cache / "fashion-mnist", fashion)
    assert state() == ("cached", str(places.cache / "fashion-mnist"))
    for root in (places.cache, places.installed[0]):
        (root / "fashion-mnist" / FIRST).write_bytes(fashion[FIRST][:-1])
    assert state() == ("not here", "")


def test_obtain_fetches_the_whole_and_says_where(fashion, places, serve, mirror):
    """`vaecli data fetch` gets both splits; a second time it sends no request; an unknown name is refused."""
    online = Places(places.cache, places.installed, (serve("good", fashion),))
    assert obtain("fashion-mnist", places=online).state == "cached"
    mirror.requests.clear()
    assert obtain("fashion-mnist", places=online).location == str(places.cache / "fashion-mnist")
    assert mirror.requests == []
    assert obtain("fashion-mnist-mini", places=places).state == "bundled"
    with pytest.raises(DataError, match="Did you mean"):
        obtain("fashion-mnists", places=places)


@pytest.mark.parametrize("prefix", ["", "emnist-letters-", "my data ", "v2."])
@pytest.mark.parametrize("test_name", ["t10k", "test", "TEST"])
def test_usual_names_may_have_a_prefix(tmp_path, arrays, prefix, test_name):
    """One prefix before all names, and `test` in place of `t10k`, are read."""
    for (split, part), array in arrays.items():
        name = f"{prefix}{'train' if split == 'train' else test_name}-{part}-idx{array.ndim}-ubyte"
        (tmp_path / name).write_bytes(encode_idx(array))
    for split in ("train", "test"):
        loaded = load(str(tmp_path), split)
        np.testing.assert_array_equal(loaded.images[..., 0], arrays[split, "images"])
        np.testing.assert_array_equal(loaded.labels, arrays[split, "labels"])


def test_several_prefixes_are_ambiguous(tmp_path, arrays):
    """Two data sets in a folder are an error that names both; beside usual names the others are ignored."""
    images = encode_idx(arrays["train", "images"])
    (tmp_path / "emnist-letters-train-images-idx3-ubyte").write_bytes(images)
    (tmp_path / "emnist-digits-train-images-idx3-ubyte").write_bytes(images)
    with pytest.raises(DataError, match="got 2: emnist-digits-, emnist-letters-"):
        load(str(tmp_path), "train")
    (tmp_path / "train-images-idx3-ubyte").write_bytes(images)
    assert len(load(str(tmp_path), "train").images) == 7


def test_a_missing_split_says_what_is_there(tmp_path, arrays):
    """The error lists the files and gives the name that the missing one should have."""
    (tmp_path / "emnist-train-images-idx3-ubyte").write_bytes(encode_idx(arrays["train", "images"]))
    with pytest.raises(
        DataError, match="images of the test set, got emnist-train-images-idx3-ubyte"
    ) as error:
        load(str(tmp_path), "test")
    assert "emnist-t10k-images-idx3-ubyte" in error.value.hint


def test_names_with_control_characters_are_escaped(tmp_path, places):
    """A file's name that would move the cursor is shown with its escapes."""
    (tmp_path / "a\x1b[2Jb").touch()
    with pytest.raises(DataError, match=r"got a\\x1b\[2Jb"):
        load(str(tmp_path), "train", places=places)


def test_kinds_of_data_sets(tmp_path, arrays, fashion, places):
    """A set of the catalogue is `named`, a folder of the same name is a `folder`."""
    put(places.cache / "fashion-mnist", fashion)
    assert load("fashion-mnist", "train", places=places).kind == "named"
    assert load("fashion-mnist-mini", "train", places=places).kind == "named"
    folder = load(str(places.cache / "fashion-mnist"), "train", places=places)
    assert (folder.kind, folder.name) == ("folder", "fashion-mnist")


def test_no_place_for_downloads(places):
    """Without a cache folder bundled data are read; the error of a download says how to name a folder."""
    nowhere = Places(cache=None, installed=places.installed, mirrors=())
    assert load("fashion-mnist-mini", "test", places=nowhere).kind == "named"
    assert [entry.state for entry in states(nowhere)].count("not here") == 3
    with pytest.raises(DataError) as error:
        load("mnist", "train", places=nowhere)
    assert "`export VAECLI_CACHE=/tmp/vaecli`, then `vaecli data fetch mnist`" in error.value.hint
