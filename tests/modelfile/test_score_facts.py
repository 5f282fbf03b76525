"""The figures of the score are decoded as they were encoded; figures that do not fit the model are refused."""

import dataclasses
import json

import numpy as np
import pytest

from vaecli.choices import RANKED
from vaecli.errors import ModelError
from vaecli.modelfile.arrays import pack
from vaecli.modelfile.score_facts import LEVELS, ScoreFacts, from_text
from vaecli.modelfile.stored_mixture import packed_scales

D, K, SIZE = 4, 3, 4  # two of four latent dimensions, and two more coordinates
FACTORS = np.tril(np.random.default_rng(0).normal(size=(K, SIZE, SIZE)), -1) + np.eye(SIZE)
FACTS = ScoreFacts(
    count=np.array([500]),
    dimensions=np.array([0, 3]),
    weights=np.array([0.5, 0.25, 0.25]),
    means=np.random.default_rng(1).normal(size=(K, SIZE)).astype(np.float32),
    scales=packed_scales(FACTORS),
    quantiles=np.cumsum(np.ones((len(RANKED), LEVELS), np.float32), axis=1),
    rates=np.array([0.1, 2.0, 30.0]),
)
STEEP = packed_scales(np.where(np.eye(SIZE), 1e-8, np.full((K, SIZE, SIZE), 1e8)))
DEVIATIONS = np.full((K, SIZE), 0.5, np.float32)


def decode(text, latent_dim=D):
    return from_text(text, "decoder.onnx", latent_dim=latent_dim)


@pytest.mark.parametrize("facts", [FACTS, dataclasses.replace(FACTS, scales=DEVIATIONS)])
def test_round_trip(facts):
    """All arrays come back to the bit; the factors of the covariances have 11 bits."""
    decoded = decode(facts.to_text())
    for field in dataclasses.fields(facts):
        np.testing.assert_array_equal(getattr(decoded, field.name), getattr(facts, field.name))
    expected = FACTORS if facts is FACTS else DEVIATIONS
    np.testing.assert_allclose(decoded.factors(), expected, rtol=2**-11)


def changed_scales(row, value):
    """Return the scales with one of the first component's changed."""
    scales = FACTS.scales.copy()
    scales[0, row] = value
    return scales


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"count": np.array([0])}, "count must be at least 1"),
        ({"count": np.array([1, 2])}, "count must be int64 of the shape"),
        ({"dimensions": np.array([0, D])}, "dimensions must increase within 0 and 3"),
        ({"dimensions": np.array([-1, 2])}, "dimensions must increase"),
        ({"dimensions": np.array([3, 0])}, "dimensions must increase"),
        ({"dimensions": np.array([0, 1, 2])}, "means must be float32 of the shape"),
        ({"weights": np.array([0.5, 0.5, 0.5])}, "weights must be positive with the sum 1"),
        ({"weights": np.array([1.5, -0.25, -0.25])}, "weights must be positive with the sum 1"),
        ({"weights": np.ones(2) / 2}, "means must be float32 of the shape"),
        ({"means": np.zeros((K, SIZE))}, "means must be float32 of the shape"),
        ({"means": np.full((K, SIZE), 1e20, np.float32)}, "means and scales must be within"),
        ({"scales": np.ones((K, 3), np.float32)}, "scales must be float32 of the shape"),
        ({"scales": changed_scales(0, 0.0)}, "deviations must be at least"),
        ({"scales": changed_scales(0, -1.0)}, "deviations must be at least"),
        ({"scales": STEEP}, "inverses of scales must be within"),
        ({"scales": changed_scales(1, 1e12)}, "means and scales must be within"),
        ({"quantiles": np.zeros((len(RANKED), 7), np.float32)}, "quantiles must be float32 of the shape"),
        ({"quantiles": -FACTS.quantiles}, "quantiles must not decrease"),
        ({"rates": np.array([1.0, 0.0, 1.0])}, "rates must be positive"),
        ({"rates": np.array([1.0, 1e12, 1.0])}, "rates must be positive and at most"),
        ({"secret": np.zeros(1)}, "they must be count, dimensions"),
    ],
)
def test_figures_that_do_not_fit_are_refused(changes, says):
    """Other shapes, types and ranges are refused, so that a stranger's file cannot break the arithmetic."""
    document = json.loads(FACTS.to_text()) | {name: pack(array) for name, array in changes.items()}
    with pytest.raises(ModelError, match=says):
        decode(json.dumps(document))


def test_missing_arrays_and_too_many_dimensions_are_refused():
    """Each array is needed, and a model has no fewer dimensions than the mixture uses."""
    for name in [field.name for field in dataclasses.fields(FACTS)]:
        document = json.loads(FACTS.to_text())
        del document[name]
        with pytest.raises(ModelError, match="they must be count, dimensions"):
            decode(json.dumps(document))
    with pytest.raises(ModelError, match="do not fit"):
        decode(FACTS.to_text(), latent_dim=1)


@pytest.mark.parametrize("text", ["", "[]", "3", "null", '"x"', '{"count": 3}', "{" * 100_000, "[" * 100_000])
def test_malformed_entries_are_refused(text):
    """Any malformed entry is a ModelError."""
    with pytest.raises(ModelError, match=r"figures for scores in decoder\.onnx do not fit"):
        decode(text)
