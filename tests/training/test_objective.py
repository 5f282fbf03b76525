"""The loss in the graph against the formulas of the probability package."""

import numpy as np
import pytest

pytestmark = pytest.mark.train


def test_fused_cross_entropy_equals_the_formula():
    """Values and both gradients agree with automatic differentiation of the plain formula."""
    import keras
    import tensorflow as tf

    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.objective import cross_entropy

    rng = np.random.default_rng(0)
    pixels = np.concatenate([rng.uniform(size=(5, 7)), np.repeat([[0.0], [0.5], [1.0]], 7, axis=1)])
    extreme = np.tile([-1e4, -80.0, -1.0, -1e-6, 1e-6, 80.0, 1e4], (3, 1))
    images = tf.constant(pixels, tf.float32)
    logits = np.concatenate([rng.normal(size=(4, 7)) * 10, np.full((1, 7), 80.0), extreme])
    logits = tf.constant(logits, tf.float32)
    weights = tf.constant(rng.normal(size=(8, 7)), tf.float32)

    def run(function):
        with tf.GradientTape() as tape:
            tape.watch([images, logits])
            values = function(images, logits)
            total = tf.reduce_sum(values * weights)
        return [values, *tape.gradient(total, [images, logits])]

    fused = run(cross_entropy)
    plain = run(lambda x, y: -likelihood("bernoulli").log_prob(x, {"logits": y}, keras.ops))
    for one, other in zip(fused, plain, strict=True):
        assert np.isfinite(one).all()
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_pixels_are_scaled_alike_in_the_graph():
    """All 256 levels have the same float32 value in training and everywhere else."""
    from vaecli.pixels import to_float32
    from vaecli.training.objective import to_unit_range

    levels = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(to_unit_range(levels), to_float32(levels))


def test_terms_match_numpy():
    """Reconstruction and KL of a batch are those that numpy computes from the same networks and noise."""
    from vaecli.probability.gaussian import kl_to_standard_normal, sample_posterior
    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.objective import terms
    from vaecli.training.vae import build

    rng = np.random.default_rng(1)
    vae = build("classic", likelihood("bernoulli"), (12, 8, 1), 3, seed=0)
    images = rng.uniform(size=(6, 12, 8, 1)).astype(np.float32)
    noise = rng.normal(size=(6, 3)).astype(np.float32)
    reconstruction, kl, kl_of_dimensions, z_mean = terms(vae, images, noise, training=False)
    posterior = {name: value.numpy() for name, value in vae.encode({"image": images}).items()}
    z = sample_posterior(posterior["z_mean"], posterior["z_log_var"], noise, np)
    outputs = {name: value.numpy() for name, value in vae.decode({"z": z}).items()}
    expected = -vae.likelihood.log_prob(images, outputs, np).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(reconstruction, expected, rtol=1e-5)
    expected_kl = kl_to_standard_normal(posterior["z_mean"], posterior["z_log_var"], np)
    np.testing.assert_allclose(kl_of_dimensions, expected_kl, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(kl, expected_kl.sum(axis=1), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(z_mean, posterior["z_mean"], rtol=1e-5, atol=1e-6)
