"""The decoder in bytes: what its numbers stand for, and that no processor saturates on them."""

import numpy as np
import pytest

from vaecli.export import subpixel
from vaecli.export.int8 import calibrate, ranges
from vaecli.export.int8.integer_decoder import BytePhase


@pytest.fixture(scope="module")
def latents():
    return np.random.default_rng(2).normal(size=(40, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def made(random_stages, latents):
    parts = random_stages((9, 14, 3), channels=16)
    return parts, calibrate.calibrated(parts, latents)


def test_near_to_float32(made, latents, logits_from):
    """By the definition of its numbers, on other latents: within one per cent of the logits' spread."""
    parts, stages = made
    z = latents[::-1] * np.float32(0.9)
    expected = logits_from(parts, parts.activations(z)[0])[:, :9, :14]
    assert np.abs(stages.outputs(z)["logits"] - expected).mean() < 0.02 * expected.std()


def test_pairs_are_kept(made, largest_pair):
    """|w_k| + |w_k+1| <= 128 in both orders of every convolution, and along the columns of the corner matrix."""
    _, stages = made
    kernels = [
        rows for phases in stages.doubling for phase in phases for rows in ranges.reductions(phase.weights)
    ]
    pairs = [largest_pair(rows) for rows in [*kernels, stages.corners]]
    assert len(pairs) == 9
    assert 100 < max(pairs) <= 128


def test_zeros_of_the_corner_matrix(made):
    """It has weights only where the float32 one may have them."""
    parts, stages = made
    possible = subpixel.corner_matrix(np.ones_like(parts.last.kernel)) > 0
    assert not stages.corners[~possible].any()
    assert stages.corners[possible].any()


def test_dead_layers(random_stages, latents):
    """A decoder whose layers give nothing but zeros: the bias alone, exactly; no division by zero."""
    parts = random_stages((4, 4, 1), channels=4)
    parts.dense[:] = 0
    parts.dense_bias[:] = -1
    for layer in parts.doubling:
        layer.bias[:] = -1
    stages = calibrate.calibrated(parts, latents)
    np.testing.assert_allclose(stages.outputs(latents)["logits"], parts.last.bias[0], atol=1e-5)


def test_phases_side_by_side(made):
    """The even and the odd columns of a row give what each phase gives alone."""
    _, stages = made
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (2, 3, 4, 16)).astype(np.float32)
    for phases in stages.doubling:
        x = x[..., : phases[0].weights.shape[2]]
        for phase in phases:
            half = len(phase.bias) // 2
            assert not phase.weights[:, 0, :, half:].any()
            for columns, left in ((slice(half), 1), (slice(half, None), 0)):
                weights = phase.weights[:, 1 - left :, :, columns]
                alone = BytePhase(weights, phase.scale[columns], phase.bias[columns], phase.top, left)
                np.testing.assert_array_equal(phase.convolved(x)[..., columns], alone.convolved(x))
