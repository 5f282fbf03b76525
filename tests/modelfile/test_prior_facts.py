"""The mixtures of a prior are decoded as they were encoded; those that do not fit the model are refused."""

import dataclasses
import json

import numpy as np
import pytest

from vaecli.errors import ModelError
from vaecli.modelfile.arrays import pack
from vaecli.modelfile.prior_facts import PriorFacts, from_text
from vaecli.modelfile.stored_mixture import packed_scales

D, K, C = 3, 2, 4
RNG = np.random.default_rng(0)


def mixture(count):
    factors = np.tril(RNG.normal(size=(count, D, D)), -1) + np.eye(D)
    return RNG.normal(size=(count, D)).astype(np.float32), packed_scales(factors)


MEANS, SCALES = mixture(K)
CLASS_MEANS, CLASS_SCALES = mixture(5)
FACTS = PriorFacts(
    weights=np.array([0.75, 0.25]),
    means=MEANS,
    scales=SCALES,
    class_components=np.array([2, 0, 1, 2]),
    class_weights=np.array([0.5, 0.5, 1.0, 0.9, 0.1]),
    class_means=CLASS_MEANS,
    class_scales=CLASS_SCALES,
)
ALL = {"class_components": None, "class_weights": None, "class_means": None, "class_scales": None}
CLASSES = {"weights": None, "means": None, "scales": None}


def decode(text, latent_dim=D, class_count=C):
    return from_text(text, "decoder.onnx", latent_dim=latent_dim, class_count=class_count)


@pytest.mark.parametrize(
    "changes", [{}, ALL, CLASSES, ALL | CLASSES, ALL | {"scales": np.ones((K, D), np.float32)}]
)
def test_round_trip(changes):
    """All arrays come back to the bit, whichever there are."""
    facts = dataclasses.replace(FACTS, **changes)
    decoded = decode(facts.to_text())
    assert decoded.arrays().keys() == facts.arrays().keys()
    for name, array in facts.arrays().items():
        np.testing.assert_array_equal(getattr(decoded, name), array)


def test_rows_of_the_classes():
    """Each class has its own rows, a class without a mixture none."""
    rows = [FACTS.class_rows(label) for label in range(C)]
    assert rows == [slice(0, 2), slice(2, 2), slice(2, 3), slice(3, 5)]


def changed(array, index, value):
    copy = array.copy()
    copy[index] = value
    return copy


def nan_bytes(array):
    """The stored form of an array with a NaN, which `pack` refuses to write."""
    packed = pack(array)
    packed["data"] = "AADAfw" + packed["data"][6:]  # four bytes of NaN
    return packed


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"weights": np.array([1.5, -0.5])}, "weights must be positive with the sum 1"),
        ({"weights": np.array([0.5, 0.25])}, "weights must be positive with the sum 1"),
        ({"weights": np.array([1.0, 0.0])}, "weights must be positive with the sum 1"),
        ({"weights": np.ones(3) / 3}, "means must be float32 of the shape"),
        ({"means": np.zeros((K, D + 1), np.float32)}, "means must be float32 of the shape"),
        ({"means": np.zeros((K, D))}, "means must be float32 of the shape"),
        ({"means": np.full((K, D), 1e4, np.float32)}, "means and scales must be within 1e"),
        ({"scales": np.ones((K, D, D), np.float32)}, "scales must be float32 of the shape"),
        ({"scales": changed(SCALES, (0, 0), 0.0)}, "deviations must be at least"),
        ({"scales": changed(SCALES, (1, 2), -1.0)}, "deviations must be at least"),
        ({"scales": changed(SCALES, (0, 1), 1e5)}, "means and scales must be within"),
        ({"class_components": np.array([2, 0, 1])}, "class_components must be int64 of the shape"),
        ({"class_components": np.array([2, 0, 1, 3])}, "class_components must be at least 0 with the sum 5"),
        ({"class_components": np.array([6, -2, 1, 0])}, "class_components must be at least 0 with the sum 5"),
        (
            {"class_components": np.array([2**62, 2**62, 2**62, 2**62 + 5])},
            "class_components must be at least 0",
        ),
        ({"class_components": np.array([2.0, 0, 1, 2])}, "class_components must be int64 of the shape"),
        ({"class_weights": np.full(5, 0.2)}, "weights must be positive with the sum 1"),
        ({"class_scales": changed(CLASS_SCALES, (4, 0), 0.0)}, "deviations must be at least"),
        ({"secret": np.zeros(1)}, "arrays must be known"),
    ],
)
def test_mixtures_that_do_not_fit_are_refused(changes, says):
    """Other shapes, types and ranges are refused, so that a stranger's file cannot break the arithmetic."""
    document = json.loads(FACTS.to_text()) | {name: pack(array) for name, array in changes.items()}
    with pytest.raises(ModelError, match=says):
        decode(json.dumps(document))


@pytest.mark.parametrize("name", ["means", "scales", "class_means", "class_scales"])
def test_nan_is_refused(name):
    """NaN in means or scales, such as of a broken covariance, is refused."""
    document = json.loads(FACTS.to_text())
    document[name] = nan_bytes(getattr(FACTS, name))
    with pytest.raises(ModelError, match="NaN or infinity"):
        decode(json.dumps(document))


@pytest.mark.parametrize("name", list(FACTS.arrays()))
def test_a_missing_array_is_refused(name):
    """The arrays of a mixture come together."""
    document = json.loads(FACTS.to_text())
    del document[name]
    with pytest.raises(ModelError, match="must come together"):
        decode(json.dumps(document))


def test_other_numbers_of_dimensions_and_classes_are_refused():
    """The mixtures belong to a model of as many dimensions and classes."""
    with pytest.raises(ModelError, match="means must be float32 of the shape"):
        decode(FACTS.to_text(), latent_dim=D + 1)
    for count in (0, C - 1, C + 1):
        with pytest.raises(ModelError, match="class_components must be int64 of the shape"):
            decode(FACTS.to_text(), class_count=count)


def test_too_many_components_are_refused():
    """Neither the number of components nor that of the scales is without bound."""
    count = 1025
    facts = PriorFacts(
        np.full(count, 1 / count), np.zeros((count, D), np.float32), np.ones((count, D), np.float32)
    )
    with pytest.raises(ModelError, match="at most 1,024 components"):
        decode(facts.to_text())


@pytest.mark.parametrize(
    "text", ["", "[]", "3", "null", '"x"', '{"weights": 3}', "{" * 100_000, "[" * 100_000]
)
def test_malformed_entries_are_refused(text):
    """Any malformed entry is a ModelError."""
    with pytest.raises(ModelError, match=r"mixtures of the prior in decoder\.onnx do not fit"):
        decode(text)
