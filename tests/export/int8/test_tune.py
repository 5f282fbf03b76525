"""Tuning: the float32 numbers of a quantised decoder move closer to the float32 pictures, or stay."""

import numpy as np
import pytest

from vaecli.export.int8.calibrate import calibrate
from vaecli.export.int8.layers import largest_activation

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def tune():
    from vaecli.export.int8 import tune

    return tune


@pytest.fixture(scope="module")
def latents():
    return np.random.default_rng(2).normal(size=(1200, 3)).astype(np.float32)


CASES = [("classic", (12, 16, 1)), ("classic", (9, 14, 3)), ("dense", (9, 14, 3)), ("conv", (9, 14, 3))]


@pytest.fixture(scope="module", params=CASES, ids=str)
def pair(request, random_decoder, latents, logits_from):
    """A quantised decoder, and the function that decodes in float32."""
    network, shape = request.param
    decoder = random_decoder(shape, channels=16, network=network)

    def decode(z):
        logits = logits_from(decoder, decoder.activations(z)[0])
        return (1 / (1 + np.exp(-logits)))[:, : shape[0], : shape[1]].astype(np.float32)

    return calibrate(decoder, latents), decode


def phases(decoder):
    return [part for layer in decoder.hidden for part in getattr(layer, "phases", [layer])]


def test_tuning_lowers_the_error_on_new_latents(tune, pair, latents):
    """The squared error falls, of dense networks does not rise; integer weights, shapes, types are unchanged."""
    quantised, decode = pair
    tuned = tune.tune(quantised, latents, decode)
    z = np.random.default_rng(9).normal(size=(400, 3)).astype(np.float32)
    expected = decode(z)
    before = np.square(quantised.outputs(z)["image"] - expected).mean()
    after = np.square(tuned.outputs(z)["image"] - expected).mean()
    assert after <= (0.97 if any(hasattr(layer, "phases") for layer in tuned.hidden) else 1) * before
    np.testing.assert_array_equal(tuned.last.weights, quantised.last.weights)
    for old, new in zip(phases(quantised), phases(tuned), strict=True):
        np.testing.assert_array_equal(new.weights, old.weights)
        assert (new.scale > 0).all() and (new.scale.dtype, new.bias.dtype) == (np.float32, old.bias.dtype)
        assert new.scale.shape == new.bias.shape == old.bias.shape
    assert tuned.dense.dtype == tuned.dense_bias.dtype == tuned.last.scale.dtype == np.float32


def test_the_forward_pass_is_the_quantised_decoder(tune, pair, latents):
    """In TensorFlow it gives the logits that numpy gives, except for a few levels that round to a neighbour."""
    quantised, _ = pair
    logits = np.asarray(tune.logits(quantised, tune.numbers(quantised), latents[:50]))
    expected = quantised.outputs(latents[:50])["logits"]
    gaps = np.abs(logits - expected) / np.abs(expected).max()
    assert (gaps < 1e-5).mean() > 0.97 and gaps.max() < 0.02


def test_a_perfect_decoder_is_returned_unchanged(tune, pair, latents):
    """If the start already gives the target pictures, a slightly worse result is not taken."""
    quantised, _ = pair
    assert tune.tune(quantised, latents, lambda z: quantised.outputs(z)["image"]) is quantised


def test_no_tuning_without_latents_or_memory(tune, pair, latents):
    """With few latents, or images too large for a batch, the decoder is returned at once and nothing is decoded."""
    quantised, _ = pair
    assert tune.tune(quantised, latents[:200], pytest.fail) is quantised
    too_few = largest_activation(quantised.shapes, quantised.image_shape) * tune.MIN_BATCH - 1
    assert tune.tune(quantised, latents, pytest.fail, max_elements=too_few) is quantised
