"""Facts of the latent space are decoded as they were encoded; each is absent or fits the model."""

import json

import numpy as np
import pytest

from vaecli.errors import ModelError
from vaecli.modelfile.arrays import pack
from vaecli.modelfile.facts import KEY_FACTS, MAX_EXAMPLES, Facts, from_arrays, from_text
from vaecli.modelfile.protobuf import metadata
from vaecli.modelfile.read import read_file
from vaecli.modelfile.write import with_metadata

D, K = 3, 4
RNG = np.random.default_rng(0)
ARRAYS = {
    "kl": RNG.random(D),
    "z_mean": RNG.normal(size=D),
    "z_covariance": np.eye(D),
    "class_counts": np.array([5, 0, 2, 1]),
    "class_means": RNG.normal(size=(K, D)),
    "distance_scale": np.array([0.1, 1.0, 3.0]),
    "examples": RNG.normal(size=(8, D)).astype(np.float32),
    "example_labels": np.array([0, 1, 2, 3, 0, 1, 2, 3]),
}


def decode(text):
    return from_text(text, "decoder.onnx", latent_dim=D, class_count=K)


@pytest.mark.parametrize("absent", [(), ("examples", "example_labels"), ("class_counts",), tuple(ARRAYS)])
def test_round_trip(absent):
    """Facts that are present come back to the bit; absent ones stay absent."""
    arrays = {name: array for name, array in ARRAYS.items() if name not in absent}
    facts = decode(from_arrays(arrays, latent_dim=D, class_count=K).to_text())
    assert facts.arrays().keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(facts.arrays()[name], array)


def test_examples_can_be_left_out():
    """The examples, which tell something about single images, can be removed; the other facts stay."""
    facts = from_arrays(ARRAYS, latent_dim=D, class_count=K).without_examples()
    assert facts.arrays().keys() == ARRAYS.keys() - {"examples", "example_labels"}


def test_large_facts_are_shortened():
    """Examples are cut to 256, fewer with many dimensions; a large covariance or class means are left out."""
    many = {"examples": np.zeros((1000, D), np.float32), "example_labels": np.zeros(1000, np.int64)}
    facts = from_arrays(many, latent_dim=D, class_count=1)
    assert len(facts.examples) == len(facts.example_labels) == MAX_EXAMPLES
    wide = {"examples": np.zeros((300, 4096), np.float32), "z_covariance": np.zeros((4096, 4096))}
    facts = from_arrays(wide, latent_dim=4096, class_count=0)
    assert facts.examples.shape == (64, 4096) and facts.z_covariance is None
    classes = {"class_counts": np.ones(300), "class_means": np.zeros((300, 4096))}
    facts = from_arrays(classes, latent_dim=4096, class_count=300)
    assert facts.class_counts.shape == (300,) and facts.class_means is None


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"kl": np.zeros(D + 1)}, "kl must be float64 of the shape"),
        ({"z_covariance": np.zeros((D, D + 1))}, "z_covariance must be float64 of the shape"),
        ({"class_means": np.zeros((K + 1, D))}, "class_means must be float64 of the shape"),
        ({"class_counts": np.array([1, -1, 0, 0])}, "class_counts must be at least 0"),
        ({"example_labels": np.array([0, 1, 2, K, 0, 1, 2, 3])}, "example_labels must be 0 to 3"),
        ({"example_labels": np.zeros(7, np.int64)}, "example_labels must be int64 of the shape"),
        ({"kl": np.zeros(D, np.float32)}, "kl must be float64 of the shape"),
        ({"secret": np.zeros(1)}, "facts must be known"),
        ({"distance_scale": np.array([1.0, 0.0, 1.0])}, "distance_scale must be greater than 0"),
        ({"distance_scale": np.ones(D + 1)}, "distance_scale must be float64 of the shape"),
    ],
)
def test_facts_that_do_not_fit_are_refused(changes, says):
    """Facts of other shapes, types or ranges are refused, so that no reader indexes beyond an array."""
    facts = Facts(**ARRAYS)
    document = json.loads(facts.to_text())
    document |= {name: pack(array) for name, array in changes.items()}
    with pytest.raises(ModelError, match=says):
        decode(json.dumps(document))


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "3", "null", '"kl"', '{"kl": 3}', '{"kl": null}', '{"kl": [1, 2, 3]}', "{" * 100_000),
        *(
            '{"kl": {"dtype": "float64"}}',
            '{"kl": {"dtype": [], "shape": [3], "data": ""}}',
            '{"\\ud800": 1}',
        ),
        '{"kl": [' + "0," * 1_000_000 + "0]}",
    ],
)
def test_malformed_facts_are_refused(text):
    """Any malformed entry is a ModelError, and a long one is refused unread."""
    with pytest.raises(ModelError, match=r"facts of decoder\.onnx do not fit"):
        decode(text)


@pytest.mark.parametrize("arrays", [{"kl": np.array([0.0, np.nan, 1.0])}, {"z_mean": np.zeros(D + 1)}])
def test_facts_that_cannot_be_read_back_are_not_built(arrays):
    """NaN and other shapes are refused when the facts are built, before they are in a file."""
    with pytest.raises(ValueError, match="must be"):
        from_arrays(arrays, latent_dim=D, class_count=K)


def test_facts_of_a_file(model_folder, tmp_path):
    """The facts of a decoder are read from its metadata; all are None without such an entry."""
    content = (model_folder / "decoder.onnx").read_bytes()
    entries = {key: text for key, (text, _) in metadata(content).items() if key != KEY_FACTS}
    path = tmp_path / "decoder.onnx"
    path.write_bytes(with_metadata(content, entries))
    assert read_file(path).facts().arrays() == {}
    latent_dim = read_file(path).info.latent_dim
    facts = Facts(kl=np.arange(latent_dim, dtype=np.float64))
    path.write_bytes(with_metadata(content, entries | {KEY_FACTS: facts.to_text()}))
    np.testing.assert_array_equal(read_file(path).facts().kl, facts.kl)


def test_examples_are_rounded():
    """To half precision, beyond its range too; facts without examples stay as they are."""
    facts = Facts(examples=ARRAYS["examples"] * np.float32(1e6))
    rounded = facts.rounded_examples().examples
    np.testing.assert_allclose(rounded, facts.examples, rtol=2**-11)
    assert (rounded.view(np.uint32) % 2**13 == 0).all() and not np.array_equal(rounded, facts.examples)
    assert Facts().rounded_examples().examples is None
