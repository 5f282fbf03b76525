"""The numbers that stay float32 in an int8 decoder, tuned to the pictures."""

import numpy as np
import pytest

from vaecli.export.int8 import calibrate

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def tune():
    from vaecli.export.int8 import tune

    return tune


@pytest.fixture(scope="module")
def latents():
    return np.random.default_rng(2).normal(size=(1200, 3)).astype(np.float32)


@pytest.fixture(scope="module", params=[(12, 16, 1), (9, 14, 3)], ids=str)
def made(request, random_stages, latents, logits_from):
    """A decoder in bytes, and what makes the float32 pictures."""
    parts = random_stages(request.param, channels=16)

    def pictures(z):
        logits = logits_from(parts, parts.activations(z)[0])
        return (1 / (1 + np.exp(-logits)))[:, : request.param[0], : request.param[1]].astype(np.float32)

    return calibrate.calibrated(parts, latents), pictures


def phases(stages):
    return [phase for layer in stages.doubling for phase in layer]


def test_nearer_on_latents_that_it_has_not_seen(tune, made, latents):
    """Less squared error; whole numbers, shapes and types are those of before."""
    found, pictures = made
    result = tune.tuned(found, latents, pictures)
    unseen = np.random.default_rng(9).normal(size=(400, 3)).astype(np.float32)
    expected = pictures(unseen)
    before, after = (np.square(one.outputs(unseen)["image"] - expected).mean() for one in (found, result))
    assert after < 0.97 * before
    np.testing.assert_array_equal(result.corners, found.corners)
    for old, new in zip(phases(found), phases(result), strict=True):
        np.testing.assert_array_equal(new.weights, old.weights)
        assert (new.scale > 0).all() and (new.scale.dtype, new.bias.dtype) == (np.float32, np.int32)
        assert new.scale.shape == new.bias.shape == old.bias.shape
    assert result.dense.dtype == result.dense_bias.dtype == result.corner_scale.dtype == np.float32


def test_it_sees_what_the_numbers_say(tune, made, latents):
    """Its forward pass is that of the decoder in bytes, but for a byte moved by one here and there."""
    found, _ = made
    logits = np.asarray(tune._logits(found, tune._numbers(found), latents[:50]))
    expected = found.outputs(latents[:50])["logits"]
    gaps = np.abs(logits - expected) / np.abs(expected).max()
    assert (gaps < 1e-5).mean() > 0.97 and gaps.max() < 0.02


def test_what_cannot_be_bettered_stays(tune, made, latents):
    """A decoder that gives the wanted pictures already is given back itself, not one that is a little worse."""
    found, _ = made
    assert tune.tuned(found, latents, lambda z: found.outputs(z)["image"]) is found


def test_where_it_would_take_too_much(tune, made, latents, monkeypatch):
    """Images too large for a batch, or too few latents to see whether it helps: as it was, at once."""
    found, _ = made
    assert tune.tuned(found, latents[:200], pytest.fail) is found
    monkeypatch.setattr(tune, "MOST_ELEMENTS", 12 * 16 * 8 * tune.FEWEST - 1)
    assert tune.tuned(found, latents, pytest.fail) is found
