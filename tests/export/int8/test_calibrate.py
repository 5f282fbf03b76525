"""Calibration: the quantised decoder is close to the float32 one, and its weights keep the pair limit."""

import numpy as np
import pytest

from vaecli.export import subpixel
from vaecli.export.int8 import ranges
from vaecli.export.int8.calibrate import calibrate
from vaecli.export.int8.integer_decoder import QuantisedPhase


@pytest.fixture(scope="module")
def latents():
    return np.random.default_rng(2).normal(size=(40, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def pair(random_decoder, latents):
    """A float32 decoder and its quantised form."""
    decoder = random_decoder((9, 14, 3), channels=16)
    return decoder, calibrate(decoder, latents)


MATRICES = {"classic": 9, "dense": 3, "conv": 12}  # those of weights; each convolution in two orders


@pytest.fixture(scope="module", params=MATRICES)
def any_pair(request, random_decoder, latents):
    """A float32 decoder of each network, its quantised form, and the number of its matrices."""
    decoder = random_decoder((9, 14, 3), channels=16, network=request.param)
    return decoder, calibrate(decoder, np.concatenate([latents, latents[:20] / 2])), MATRICES[request.param]


def test_logits_are_close_to_float32(any_pair, latents, logits_from):
    """On other latents, the mean error of the logits is below two per cent of their standard deviation."""
    decoder, quantised, _ = any_pair
    z = latents[::-1] * np.float32(0.9)
    expected = logits_from(decoder, decoder.activations(z)[0])[:, :9, :14]
    assert np.abs(quantised.outputs(z)["logits"] - expected).mean() < 0.02 * expected.std()


def test_weights_keep_the_pair_limit(any_pair, largest_pair):
    """|w_k| + |w_k+1| <= 128 in both orders of every convolution, and along the columns of every matrix."""
    _, quantised, count = any_pair
    parts = [part for layer in quantised.hidden for part in getattr(layer, "phases", [layer])]
    kernels = [part.weights for part in [*parts, quantised.last]]
    pairs = [
        largest_pair(rows)
        for kernel in kernels
        for rows in (ranges.reductions(kernel) if kernel.ndim == 4 else [kernel])
    ]
    assert len(pairs) == count
    assert 100 < max(pairs) <= 128


def test_the_corner_matrix_is_zero_where_the_float32_one_is(pair):
    """Its weights stand only where a 3x3 kernel connects a cell with a corner block."""
    decoder, quantised = pair
    possible = subpixel.corner_matrix(np.ones_like(decoder.last.kernel)) > 0
    assert not quantised.last.weights[~possible].any()
    assert quantised.last.weights[possible].any()


@pytest.mark.parametrize("network", ["classic", "dense", "conv"])
def test_dead_layers(random_decoder, latents, network):
    """If all hidden activations are zero, the logits are the last bias and nothing is divided by zero."""
    decoder = random_decoder((4, 4, 1), channels=4, network=network)
    decoder.first.kernel[:] = 0
    decoder.first.bias[:] = -1
    for layer in decoder.hidden:
        layer.bias[:] = -1
    logits = calibrate(decoder, latents).outputs(latents)["logits"]
    np.testing.assert_allclose(logits.reshape(40, 16), np.resize(decoder.last.bias, (40, 16)), atol=1e-5)


def test_merged_phases_compute_what_each_computes_alone(pair):
    """The even and the odd columns of a row equal the outputs of the two phases by themselves."""
    _, quantised = pair
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (2, 3, 4, 16)).astype(np.float32)
    for layer in quantised.hidden:
        x = x[..., : layer.phases[0].weights.shape[2]]
        for phase in layer.phases:
            half = len(phase.bias) // 2
            assert not phase.weights[:, 0, :, half:].any()
            for columns, left in ((slice(half), 1), (slice(half, None), 0)):
                weights = phase.weights[:, 1 - left :, :, columns]
                alone = QuantisedPhase(weights, phase.scale[columns], phase.bias[columns], phase.top, left)
                np.testing.assert_array_equal(phase.apply(x)[..., columns], alone.apply(x))
