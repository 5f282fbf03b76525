"""Golden vectors as text: what goes in comes out, and what does not fit is refused."""

import json

import numpy as np
import pytest

from vaecli.errors import ModelError
from vaecli.modelfile import golden
from vaecli.modelfile.golden import KEY_GOLDEN, Golden
from vaecli.modelfile.read import read_file


@pytest.fixture
def vectors():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (3, 4, 5, 1), dtype=np.uint8)
    label = np.eye(3, dtype=np.float32)
    outputs = {"z_mean": rng.normal(size=(3, 2)).astype(np.float32)}
    return Golden({"image": images, "label": label}, outputs, {"z_mean": 0.5})


def test_round_trip(vectors):
    """Named arrays come back bit by bit, uint8 and float32, and images as the graph takes them."""
    copy = golden.from_text(vectors.to_text(), "x")
    for name, array in {**vectors.inputs, **vectors.outputs}.items():
        again = (copy.inputs if name in vectors.inputs else copy.outputs)[name]
        assert again.dtype == array.dtype
        np.testing.assert_array_equal(again, array)
    assert copy.bounds == {"z_mean": 0.5}
    np.testing.assert_array_equal(copy.batch["image"], vectors.inputs["image"].astype(np.float32) / 255)
    np.testing.assert_array_equal(copy.batch["label"], vectors.inputs["label"])


def test_large_outputs_are_thinned_out():
    """Values spread evenly from the first to the last are kept, and picked alike from a fresh output."""
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


def test_the_committed_files_carry_them(model_folder):
    """Four latents, the last extreme, and five images: all outputs, and within 40 KB."""
    decoder = read_file(model_folder / "decoder.onnx")
    vectors = decoder.golden()
    assert vectors.inputs["z"].shape == (4, 2) and set(vectors.outputs) == {"image", "logits"}
    assert np.linalg.norm(vectors.inputs["z"][3]) == pytest.approx(10, rel=1e-5)
    assert len(decoder.metadata[KEY_GOLDEN]) < 40_000
    vectors = read_file(model_folder / "encoder.onnx").golden()
    assert vectors.inputs["image"].shape == (5, 28, 28, 1)
    assert set(vectors.outputs) == {"z_mean", "z_log_var"}


def test_tolerance():
    """1e-5 for pixels; for what may be large, of the largest value."""
    assert golden.tolerance("image", np.array([50.0])) == 1e-5
    assert golden.tolerance("logits", np.array([-50.0, 1.0])) == pytest.approx(5e-4)
    assert golden.tolerance("logits", np.array([0.5])) == 1e-5


ARRAY = {"dtype": "float32", "shape": [1, 1], "data": "AAAAAA=="}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        *(
            json.dumps({"inputs": {"z": ARRAY}, "outputs": {"y": ARRAY}, "bounds": {}, "shapes": shapes})
            for shapes in (
                {"y": []},
                {"y": [0]},
                {"y": [2**40]},
                {"x": [1]},
                {"y": "1"},
                {"y": [2, 2, 2, 2, 2]},
                5,
            )
        ),
        json.dumps({"inputs": {"z": ARRAY}, "outputs": {}, "bounds": {}}),
        *(
            json.dumps({"inputs": {"z": ARRAY}, "outputs": {"y": ARRAY | change}, "bounds": {}})
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
        *(
            json.dumps({"inputs": {"z": ARRAY}, "outputs": {"y": ARRAY}, "bounds": bounds})
            for bounds in ({"y": float("inf")}, {"y": float("nan")}, {"y": -1}, {"y": "x"}, [], 5)
        ),
    ],
)
def test_what_does_not_fit(text):
    """Whatever stands in the entry, it is an error of ours."""
    with pytest.raises(ModelError, match="golden vectors of x do not fit"):
        golden.from_text(text, "x")


def test_files_without(model_folder, forge, tmp_path):
    """A file that carries none says so when asked."""
    content = (model_folder / "decoder.onnx").read_bytes()
    (tmp_path / "decoder.onnx").write_bytes(
        forge.with_entries(content, forge.entries(model_folder / "decoder.onnx"))
    )
    with pytest.raises(ModelError, match="has no golden vectors"):
        read_file(tmp_path / "decoder.onnx").golden()
