"""Gradients in which colours count more."""

import numpy as np
import pytest

pytestmark = pytest.mark.train


@pytest.mark.parametrize("factor", [1.0, 3.0])
def test_the_gradient(factor):
    """The outputs stay as they are; in the gradient the mean of a pixel stays, and differences from it grow."""
    import tensorflow as tf

    from vaecli.training.colours import emphasise

    rng = np.random.default_rng(0)
    outputs = tf.constant(rng.normal(size=(2, 3, 4, 3)), tf.float32)
    upstream = rng.normal(size=outputs.shape).astype(np.float32)
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        emphasised = emphasise(outputs, tf.constant(factor))
        loss = tf.reduce_sum(emphasised * upstream)
    np.testing.assert_array_equal(emphasised, outputs)
    gradient = tape.gradient(loss, outputs).numpy()
    grey = upstream.mean(axis=-1, keepdims=True)
    np.testing.assert_allclose(gradient.mean(axis=-1, keepdims=True), grey, atol=1e-6)
    np.testing.assert_allclose(gradient - grey, factor * (upstream - grey), atol=1e-5)


def test_the_gain_falls_to_one():
    """It is largest in the first step and 1 from the last one on: training ends in the loss's own minimum."""
    import tensorflow as tf

    from vaecli.training.colours import GAIN, gain

    values = [float(gain(tf.constant(step), 10)) for step in (0, 5, 10, 99)]
    assert values == pytest.approx([GAIN, (GAIN + 1) / 2, 1, 1])


@pytest.mark.parametrize(("channels", "is_changed"), [(1, False), (3, True)])
def test_only_images_in_colour_are_trained_so(channels, is_changed):
    """The first step of grey images is the same to the bit; that of images in colour is another one."""
    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.steps import TrainingSteps
    from vaecli.training.vae import build

    images = np.random.default_rng(0).integers(0, 256, (8, 8, 8, channels), np.uint8)

    def kernel(colour_steps):
        vae = build("classic", likelihood("bernoulli"), (8, 8, channels), 2, seed=0)
        steps = TrainingSteps(vae, images, beta=1.0, seed=0, colour_steps=colour_steps)
        steps.run(np.arange(8).reshape(2, 4), np.full(2, 1e-2), 0)
        return {variable.path: variable.numpy() for variable in vae.variables}["grid/kernel"]

    assert np.array_equal(kernel(0), kernel(100)) != is_changed
