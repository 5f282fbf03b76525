"""Damaged and foreign files give a ModelError that names the fault, whatever their bytes."""

import dataclasses
import json
import os
import pathlib
import tracemalloc

import numpy as np
import pytest

from vaecli.errors import ModelError
from vaecli.modelfile.metadata import KEY_DIGEST, KEY_FORMAT, KEY_INFO, from_metadata
from vaecli.modelfile.read import check_content, digest, read_file
from vaecli.runtime.model import Model

POSIX = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes and no /dev/zero")


@pytest.fixture(scope="module")
def decoder(model_folder):
    """The bytes of the committed decoder."""
    return (model_folder / "decoder.onnx").read_bytes()


@pytest.fixture(scope="module")
def entries(forge, model_folder):
    """The format and the description of the committed decoder."""
    return forge.entries(model_folder / "decoder.onnx")


@pytest.fixture
def refused(tmp_path):
    """A function that opens bytes as a model file and returns the message of the refusal."""

    def refused(content):
        path = tmp_path / "decoder.onnx"
        path.write_bytes(content)
        with pytest.raises(ModelError) as caught:
            Model.open(path)
        assert str(path) in str(caught.value)
        return str(caught.value)

    return refused


def test_the_committed_files_pass(model_folder):
    """Both halves of the committed model are read and name their part."""
    for part in ("encoder", "decoder"):
        assert read_file(model_folder / f"{part}.onnx").info.part == part


def test_forged_files_pass(forge, entries, decoder, tmp_path):
    """A rewritten file with the same entries works, so the files below are refused because of their change."""
    path = tmp_path / "decoder.onnx"
    path.write_bytes(forge.with_entries(decoder, entries))
    assert Model.open(path).sample(1).shape == (1, 28, 28, 1)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"This is a text file, not a model.\n" * 50, "must be an ONNX file, got a text file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "must be an ONNX file, got a PNG picture"),
        (b"\x00" * 1000, "must be an ONNX file, got a file of zero bytes"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "got a Git LFS pointer"),
        (b"<!DOCTYPE html><html>404</html>", "got a web page"),
        (b"\x08\x01", "must have a graph"),
    ],
    ids=["empty", "text", "PNG", "zeros", "LFS", "HTML", "no graph"],
)
def test_not_a_model(refused, content, says):
    """The error names the kind of a file that is not a model."""
    assert says in refused(content)


def test_cut_short(refused, decoder):
    """A file that is cut anywhere is refused."""
    cuts = {1, 2, 3, 10, 100, len(decoder) - 65, len(decoder) - 64, len(decoder) - 1}
    cuts |= set(np.random.default_rng(0).integers(1, len(decoder), 60).tolist())
    for cut in sorted(cuts):
        message = refused(decoder[:cut])
        assert "is not a complete ONNX file" in message or "is damaged" in message


def test_longer_than_written(refused, decoder):
    """A file with more bytes after its end is refused."""
    assert "damaged" in refused(decoder + b"\x08\x01")
    refused(decoder + b"\n")
    refused(decoder + decoder)


def test_one_bit_flipped(refused, decoder):
    """One flipped bit is detected: at 200 random places, and in the keys and the digest."""
    rng = np.random.default_rng(1)
    places = set(rng.integers(0, len(decoder), 200).tolist())
    for key in (KEY_DIGEST, KEY_FORMAT):
        start = decoder.index(key.encode()) - 6
        places |= set(range(start, start + len(key) + 80, 5))
    for place in sorted(place for place in places if place < len(decoder)):
        flipped = bytearray(decoder)
        flipped[place] ^= 1 << int(rng.integers(8))
        refused(bytes(flipped))


def test_foreign_onnx(refused, forge):
    """An ONNX file without the keys of vaecli is refused as one that vaecli did not make."""
    assert "not one that vaecli made" in refused(forge.model({}))
    assert "not one that vaecli made" in refused(forge.model({"producer": "x"}, b"\x12\x01g"))
    assert "not one that vaecli made" in refused(forge.stamped({KEY_FORMAT: "1"}))


def test_later_format(refused, forge, entries, decoder):
    """The error for a file of a later version names the command that upgrades vaecli."""
    message = refused(forge.with_entries(decoder, entries | {KEY_FORMAT: "99"}))
    assert "must have format 2, got '99'" in message
    assert "pip install --upgrade vaecli" in message


def test_earlier_format(refused, forge, entries, decoder):
    """The error for a file of an earlier version says how to make it again."""
    message = refused(forge.with_entries(decoder, entries | {KEY_FORMAT: "1"}))
    assert "must have format 2, got '1'" in message
    assert "train the model again and export it" in message


RESIZED = {"scale": 255, "polarity": "any", "photo": "resize"}


@pytest.mark.parametrize("photo", ["resize", "fashion"])
@pytest.mark.parametrize("fit", ["pad", "crop", "stretch"])
def test_a_reading_is_read_back(forge, entries, decoder, photo, fit):
    """A file of a model that was trained on pictures keeps how they were read."""
    preparation = RESIZED | {"photo": photo, "reading": {"fit": fit}}
    info = json.dumps(json.loads(entries[KEY_INFO]) | {"preparation": preparation})
    content = forge.with_entries(decoder, entries | {KEY_INFO: info})
    assert check_content(content, pathlib.Path("x.onnx")).info.preparation == preparation


BERNOULLI = {"name": "bernoulli", "outputs": ["logits"]}


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("likelihood", {"name": "beta", "outputs": ["mean"]}, "The likelihood of"),
        ("likelihood", {"name": "gaussian", "outputs": ["logits"]}, "The parameters of the likelihood"),
        (
            "likelihood",
            {"name": "bernoulli", "outputs": ["logits"], "parameters": {"log_sigma": 0.0}},
            "The parameters of the likelihood",
        ),
        ("likelihood", {"name": "bernoulli", "outputs": ["logits", "scale"]}, "outputs of"),
        ("likelihood", BERNOULLI | {"binarised": 1}, "The binary pixels of the likelihood"),
        ("likelihood", BERNOULLI | {"levels": 2}, "The entries of the likelihood"),
        (
            "likelihood",
            {"name": "logistic", "outputs": ["location", "log_scale"], "binarised": True},
            "The binary pixels of the likelihood",
        ),
        ("prior", {"name": "flow"}, "must be normal or mixture, got 'flow'"),
        ("preparation", {"scale": 127.5, "polarity": "any", "photo": "fashion"}, "must be 255, got '127.5'"),
        ("preparation", {"scale": 255, "polarity": "any", "photo": "sky"}, "got 'sky'"),
        ("preparation", {"scale": 255, "polarity": "left", "photo": "fashion"}, "got 'left'"),
        ("preparation", RESIZED | {"reading": {"fit": "tile"}}, "The fit of pictures"),
        (
            "preparation",
            RESIZED | {"reading": {"fit": "pad", "gamma": 2}},
            "must be ['fit'], got \"['fit', 'gamma",
        ),
        ("inputs", ["z", "style"], "inputs of"),
        ("inputs", ["label", "z"], "inputs of"),
        ("inputs", ["z", "label", "label"], "inputs of"),
    ],
)
def test_unknown_parts_are_refused(refused, forge, entries, decoder, field, value, says):
    """A file with an unknown likelihood, prior, preparation or input is refused, never misread."""
    info = json.dumps(json.loads(entries[KEY_INFO]) | {field: value})
    message = refused(forge.with_entries(decoder, entries | {KEY_INFO: info}))
    assert says in message and "pip install --upgrade vaecli" in message


@pytest.mark.parametrize("value", [1e300, -101.0])
def test_a_forged_parameter_of_the_likelihood(refused, forge, entries, decoder, value):
    """A deviation that no training reaches would give nats that are not finite."""
    likelihood = {"name": "gaussian", "outputs": ["logits"], "parameters": {"log_sigma": value}}
    info = json.dumps(json.loads(entries[KEY_INFO]) | {"likelihood": likelihood})
    message = refused(forge.with_entries(decoder, entries | {KEY_INFO: info}))
    assert "'parameters' of its likelihood must be at most 100 in size" in message


def test_a_label_that_the_graph_does_not_take(refused, forge, entries, decoder):
    """A description of a conditional model with another graph, or without classes, is refused."""
    info = json.loads(entries[KEY_INFO]) | {"inputs": ["z", "label"]}
    message = refused(forge.with_entries(decoder, entries | {KEY_INFO: json.dumps(info)}))
    assert "its inputs must be z (N, 2), label (N, 10) by its metadata, got z (N, 2)" in message
    for count in (0, 4097):
        info["class_names"] = ["x"] * count
        message = refused(forge.with_entries(decoder, entries | {KEY_INFO: json.dumps(info)}))
        assert f"a conditional model must have 1 to 4,096 class_names, got {count:,}" in message


@pytest.mark.parametrize(
    "counts",
    [[1] * 9, [-1] * 10, [1.0] * 10, [True] * 10, {"a": 1}, "1", 10**400],
    ids=lambda value: str(value)[:9],
)
def test_forged_numbers_of_images_of_the_classes(refused, forge, entries, decoder, counts):
    """They must be one whole number for each class."""
    info = json.loads(entries[KEY_INFO])
    info["data"]["class_counts"] = counts
    message = refused(forge.with_entries(decoder, entries | {KEY_INFO: json.dumps(info)}))
    assert "class_counts" in message or "do not fit" in message


def test_no_digest_and_a_wrong_one(refused, forge, entries, decoder):
    """A file without its digest or with another one counts as damaged."""
    assert "damaged" in refused(forge.model(entries))
    assert "damaged" in refused(forge.model({**entries, KEY_DIGEST: "0" * 64}))
    assert "damaged" in refused(forge.model({**entries, KEY_DIGEST: ""}))
    assert "damaged" in refused(forge.model({**entries, KEY_DIGEST: "é" * 32}))


INFO_DAMAGE = [
    "",
    "not JSON",
    "[]",
    "3",
    "null",
    '"text"',
    "{}",
    "[" * 100_000,
]


@pytest.mark.parametrize("text", INFO_DAMAGE, ids=[text[:8] or "empty" for text in INFO_DAMAGE])
def test_malformed_descriptions(refused, forge, entries, decoder, text):
    """A file with a correct digest and a malformed description is refused."""
    assert "do not fit" in refused(forge.with_entries(decoder, entries | {KEY_INFO: text}))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("image_shape", None),
        ("image_shape", 28),
        ("image_shape", [28, 28]),
        ("image_shape", [28, 28, 1, 1]),
        ("image_shape", [0, 28, 1]),
        ("image_shape", [28, -1, 1]),
        ("image_shape", [10**9, 28, 1]),
        ("image_shape", [float("inf"), 28, 1]),
        ("image_shape", [float("nan"), 28, 1]),
        ("image_shape", ["x", 28, 1]),
        ("latent_dim", "2"),
        ("latent_dim", 0),
        ("latent_dim", 2.0),
        ("latent_dim", True),
        ("latent_dim", 10**6),
        ("image_shape", [28, 28, 2]),
        ("image_shape", [28, 28, 4]),
        ("image_shape", [28.0, 28, 1]),
        ("image_shape", [4096, 4096, 1]),
        ("image_shape", {"a": 1, "b": 2, "c": 3}),
        ("image_shape", "abc"),
        ("part", "both"),
        ("precision", "int4"),
        ("precision", None),
        ("likelihood", {"name": ["bernoulli"], "outputs": ["logits"]}),
        ("likelihood", {"name": "bernoulli"}),
        ("prior", {"name": None}),
        ("part", None),
        ("class_names", None),
        ("class_names", 3),
        ("class_names", ["shirt", 3]),
        ("class_names", ["x" * 2000]),
        ("class_names", ["\x1b]0;pwned\x07"]),
        ("name", "\x1b[2J"),
        ("name", "two\nlines"),
        ("name", "\u202ekool"),
        ("name", "\x9b2J"),
        ("name", "\ud800"),
        ("name", 5),
        ("model_id", None),
        ("network", None),
        ("created", None),
        ("software", {"numpy": None}),
        ("software", {"\x1b[2J": "1"}),
        ("likelihood", {"name": "bernoulli", "outputs": ["\x1b[2J"]}),
        ("training", {"val_loss": float("nan")}),
        ("training", {"val_loss": float("inf")}),
        ("training", {"a": {"b": {"c": {"d": 1}}}}),
        ("\x1b[2J", 1),
        ("likelihood", "bernoulli"),
        ("preparation", []),
        ("preparation", {}),
        ("preparation", RESIZED),
        ("preparation", RESIZED | {"reading": None}),
        ("preparation", RESIZED | {"reading": {}}),
        ("preparation", RESIZED | {"reading": []}),
        ("preparation", RESIZED | {"reading": "pad"}),
        ("preparation", RESIZED | {"reading": {"fit": 3}}),
        ("preparation", RESIZED | {"reading": {"fit": ["pad"]}}),
        ("data", {"name": None}),
        ("training", None),
        ("nosuch", 1),
    ],
)
def test_info_with_one_wrong_field(refused, forge, entries, key, value):
    """A description with one field of a wrong type or range is refused before the graph is read."""
    info = json.loads(entries[KEY_INFO]) | {key: value}
    message = refused(forge.stamped(entries | {KEY_INFO: json.dumps(info)}))
    assert "do not fit" in message and message.isprintable()


def test_info_with_a_field_missing(entries):
    """Each field is required, except those that only a reduced precision needs."""
    info = json.loads(entries[KEY_INFO])
    for key in info.keys() - {"precision", "quantisation"}:
        partial = json.dumps({name: value for name, value in info.items() if name != key})
        with pytest.raises(ModelError, match="do not fit"):
            from_metadata(entries | {KEY_INFO: partial}, "x")


def test_descriptions_beyond_the_limits(refused, forge, entries):
    """Long or deeply nested JSON, which takes twenty times its size in memory, is refused."""
    info = json.loads(entries[KEY_INFO])
    for training, says in (
        ({str(i): {} for i in range(200_000)}, "must have at most 1,048,576 characters"),
        ({"x": "a" * 2000}, "at most 1,024 characters"),
    ):
        text = json.dumps(info | {"training": training})
        assert says in refused(forge.stamped(entries | {KEY_INFO: text}))
    deep = entries[KEY_INFO].replace('"training": {', '"training": {"x": ' + "[" * 100_000, 1)
    assert "do not fit" in refused(forge.stamped(entries | {KEY_INFO: deep}))


def test_info_round_trip(model):
    """A description is read as it was written, whatever letters its names have."""
    info = dataclasses.replace(model.info, name="Schuhe ä 靴", class_names=("ä", '"', "\\"))
    assert from_metadata(info.to_metadata(), "x") == info


def test_files_hold_no_absolute_path(decoder):
    """The committed decoder holds no path of the machine that made it."""
    for path in (b"/work", b"/tmp", b"/home", b"/root", b"C:\\"):
        assert path not in decoder


def test_malformed_graphs(refused, forge, entries):
    """A file with a correct digest and a malformed graph is refused before onnxruntime opens it."""
    for graph in (b"\x12\x01g", b"garbage" * 10, b""):
        assert "not one that vaecli writes" in refused(forge.stamped(entries, graph))


def test_an_unknown_name_in_a_graph(refused, forge, entries, decoder, capfd):
    """A graph whose node reads an unknown value is refused, and onnxruntime prints nothing."""
    renamed = decoder.replace(b"Sigmoid:0", b"Relu_99:0", 1)
    assert renamed != decoder
    assert "not one that vaecli writes" in refused(forge.with_entries(renamed, entries))
    assert capfd.readouterr() == ("", "")


def test_larger_than_an_onnx_file_can_be(tmp_path):
    """A file of more than protobuf's 2 GiB is refused by its size, without reading it."""
    path = tmp_path / "decoder.onnx"
    with path.open("wb") as file:
        try:
            file.truncate(2**31)  # a hole, no disk space
        except OSError:
            pytest.skip("no files with holes here")
    with pytest.raises(ModelError, match="at most 2,147,483,647 bytes"):
        read_file(path)


def test_digest_ignores_itself():
    """The digest depends on all bytes but its own 64."""
    first, second = b"ab" + b"0" * 64 + b"cd", b"ab" + b"f" * 64 + b"cd"
    assert digest(first, 2) == digest(second, 2)
    assert digest(first, 2) != digest(b"x" + first[1:], 2)
    assert digest(first, 2) != digest(first[:-1] + b"x", 2)
    assert digest(first, 2) != digest(first, 1)


@POSIX
def test_a_named_pipe_is_refused(tmp_path):
    """A named pipe is refused without waiting for a writer."""
    path = tmp_path / "decoder.onnx"
    os.mkfifo(path)
    with pytest.raises(ModelError, match="must be a regular file"):
        read_file(path)


@POSIX
def test_files_that_are_not_regular(tmp_path, decoder):
    """A folder, an endless device and a link to one are refused; a link to a file is followed."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("/dev/zero")
    kinds = {
        tmp_path / "folder": "a folder",
        tmp_path / "link": "a pipe",
        pathlib.Path("/dev/zero"): "a pipe",
    }
    for path, kind in kinds.items():
        with pytest.raises(ModelError, match=f"must be a regular file, got {kind}"):
            read_file(path)
    (tmp_path / "target.onnx").write_bytes(decoder)
    (tmp_path / "decoder.onnx").symlink_to("target.onnx")
    assert read_file(tmp_path / "decoder.onnx").content == decoder


def test_reading_reserves_little_more_than_the_file(model_folder):
    """Reading a small file does not reserve the 2 GiB that a file may have at most."""
    tracemalloc.start()
    try:
        read_file(model_folder / "decoder.onnx")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2**27


def test_the_digest_copies_nothing():
    """Hashing a large file takes no copy of it."""
    content = bytes(2**24)
    tracemalloc.start()
    try:
        digest(content, 100)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2**16
