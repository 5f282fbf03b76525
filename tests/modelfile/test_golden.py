"""Golden vectors are decoded as they were encoded, and malformed ones are refused."""

import json

import numpy as np
import pytest

from vaecli.errors import ModelError
from vaecli.modelfile import golden
from vaecli.modelfile.arrays import pack
from vaecli.modelfile.golden import KEY_GOLDEN, MAX_INPUTS, Golden
from vaecli.modelfile.read import read_file


@pytest.fixture
def vectors():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (3, 4, 5, 1), dtype=np.uint8)
    label = np.eye(3, dtype=np.float32)
    outputs = {"z_mean": rng.normal(size=(3, 2)).astype(np.float32)}
    return Golden({"image": images, "label": label}, outputs, {"z_mean": 0.5})


def test_round_trip(vectors):
    """Named arrays come back to the bit, uint8 and float32, and images as the graph takes them."""
    copy = golden.from_text(vectors.to_text(), "x")
    for name, array in {**vectors.inputs, **vectors.outputs}.items():
        again = (copy.inputs if name in vectors.inputs else copy.outputs)[name]
        assert again.dtype == array.dtype
        np.testing.assert_array_equal(again, array)
    assert copy.bounds == {"z_mean": 0.5}
    np.testing.assert_array_equal(copy.batch["image"], vectors.inputs["image"].astype(np.float32) / 255)
    np.testing.assert_array_equal(copy.batch["label"], vectors.inputs["label"])


def test_some_values_of_large_outputs_are_kept():
    """Evenly spaced values, the first and the last too, are kept, and chosen alike from a fresh output."""
    z = np.zeros((2, 3), np.float32)
    large = np.arange(2 * 600 * 500 * 3, dtype=np.float32).reshape(2, 600, 500, 3)
    vectors = Golden.build({"z": z}, {"image": large, "small": z})
    copy = golden.from_text(vectors.to_text(), "x")
    assert len(vectors.to_text()) < 2_000_000
    assert (copy.shape("image"), copy.shape("small")) == ((600, 500, 3), (3,))
    assert copy.outputs["image"].shape == (2, 2**20 // 16)
    np.testing.assert_array_equal(copy.outputs["image"], copy.kept("image", large))
    np.testing.assert_array_equal(copy.outputs["image"][:, [0, -1]], large.reshape(2, -1)[:, [0, -1]])
    assert set(np.diff(copy.outputs["image"][1])) == {13.0, 14.0}
    assert Golden.build({"z": z}, {"small": z}).shapes == {}


def test_golden_vectors_of_the_committed_files(model_folder):
    """The decoder has four latents, the last one extreme, and the encoder five images, with all their outputs."""
    decoder = read_file(model_folder / "decoder.onnx")
    vectors = decoder.golden()
    assert vectors.inputs["z"].shape == (4, 2) and set(vectors.outputs) == {"image", "logits"}
    assert np.linalg.norm(vectors.inputs["z"][3]) == pytest.approx(10, rel=1e-5)
    assert len(decoder.metadata[KEY_GOLDEN]) < 40_000
    vectors = read_file(model_folder / "encoder.onnx").golden()
    assert vectors.inputs["image"].shape == (5, 28, 28, 1)
    assert set(vectors.outputs) == {"z_mean", "z_log_var"}


def test_tolerance():
    """The tolerance is 1e-5 for pixels, and relative to the largest value for other outputs."""
    assert golden.tolerance("image", np.array([50.0])) == 1e-5
    assert golden.tolerance("logits", np.array([-50.0, 1.0])) == pytest.approx(5e-4)
    assert golden.tolerance("logits", np.array([0.5])) == 1e-5


ARRAY = {"dtype": "float32", "shape": [1, 1], "data": "AAAAAA=="}
MANY = pack(np.zeros((MAX_INPUTS + 1, 1), np.float32))  # so many inputs could keep `verify` busy for hours
DOUBLE = pack(np.zeros((1, 1)))
ENTRY = {"inputs": {"z": ARRAY}, "outputs": {"y": ARRAY}, "bounds": {"y": 0.5}, "shapes": {"y": [2]}}
CHANGES = [
    *({"shapes": {"y": shape}} for shape in ([], [0], [2**40], "1", [2, 2, 2, 2, 2], [True], None, {})),
    *({"shapes": shapes} for shapes in ({"x": [1]}, 5, None, [])),
    *({"bounds": {"y": bound}} for bound in (float("inf"), float("nan"), -1, "x", 10**400, None, [])),
    *({"bounds": bounds} for bounds in ([], 5, None, "y")),
    *(
        {"outputs": {"y": ARRAY | change}}
        for change in (
            {"dtype": "object"},
            {"shape": [1, 2]},
            {"shape": [-1, -1]},
            {"shape": [10**6, 10**6]},
            {"shape": []},
            {"shape": [1.0, 1]},
            {"shape": "11"},
            {"data": "AAAA"},
            {"data": "!!!!!!!!"},
            {"data": 5},
            {"shape": [2, 1], "data": "AAAAAAAAAAA="},
        )
    ),
    {"outputs": {"y": pack(np.zeros((1, 3), np.float32))}},  # more values than the shape (2,) has
    {"inputs": {}},
    {"outputs": {}},
    {"inputs": [ARRAY]},
    {"inputs": None},
    {"inputs": {"z": DOUBLE}},
    {"outputs": {"y": DOUBLE}},
    {"inputs": {"z": ARRAY, "label": MANY}},
    {"inputs": {"z": MANY}, "outputs": {"y": MANY}},
    {"more": [0] * 20_000},
]


def test_the_unchanged_entry_is_read():
    """The entry that the next test changes is well-formed."""
    assert golden.from_text(json.dumps(ENTRY), "x").shape("y") == (2,)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "3", "null", "[" * 100_000, *(json.dumps(ENTRY | change) for change in CHANGES)]
)
def test_malformed_golden_vectors(text):
    """Any malformed entry is a ModelError."""
    with pytest.raises(ModelError, match="golden vectors of x do not fit"):
        golden.from_text(text, "x")


@pytest.mark.parametrize("name", ENTRY)
def test_golden_vectors_with_a_part_missing(name):
    """Each part of the entry is required."""
    text = json.dumps({key: value for key, value in ENTRY.items() if key != name})
    with pytest.raises(ModelError, match=f"golden vectors of x do not fit: '{name}'"):
        golden.from_text(text, "x")


def test_files_without_golden_vectors(model_folder, forge, tmp_path):
    """Asking for the golden vectors of a file without them is an error."""
    content = (model_folder / "decoder.onnx").read_bytes()
    (tmp_path / "decoder.onnx").write_bytes(
        forge.with_entries(content, forge.entries(model_folder / "decoder.onnx"))
    )
    with pytest.raises(ModelError, match="has no golden vectors"):
        read_file(tmp_path / "decoder.onnx").golden()


def test_outputs_are_shortened():
    """Of the output that is named all values stay; the values of others compare with those of a fresh output."""
    z = np.zeros((2, 3), np.float32)
    image, logits = np.random.default_rng(1).random((2, 2, 20, 10, 1)).astype(np.float32)
    vectors = Golden.build({"z": z}, {"image": image, "logits": logits}).shortened(64, keep="image")
    copy = golden.from_text(vectors.to_text(), "x")
    np.testing.assert_array_equal(copy.outputs["image"], image)
    assert copy.outputs["logits"].shape == (2, 64) and copy.shape("logits") == (20, 10, 1)
    np.testing.assert_array_equal(copy.kept("logits", logits), copy.outputs["logits"])
    assert copy.shortened(32, keep="image").shapes == copy.shapes
