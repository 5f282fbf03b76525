"""The learning rate of each variable in a training step."""

import numpy as np
import pytest

pytestmark = pytest.mark.train


@pytest.mark.parametrize(("shape", "factor"), [((28, 28, 1), 1.0), ((32, 32, 3), 784 / 3072)], ids=str)
def test_the_hidden_layer_of_large_images_learns_slower(shape, factor):
    """Adam's first step moves a weight by the learning rate at most, the hidden layer's kernel by less."""
    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.steps import TrainingSteps
    from vaecli.training.vae import build

    images = np.random.default_rng(0).integers(0, 256, (4, *shape), np.uint8)
    vae = build("classic", likelihood("bernoulli"), shape, 2, seed=0)
    before = [variable.numpy() for variable in vae.variables]
    TrainingSteps(vae, images, beta=1.0, seed=0).run(np.arange(4)[None], np.full(1, 1e-3, np.float32), 0)
    moved = {
        variable.path: np.abs(variable.numpy() - old).max()
        for variable, old in zip(vae.variables, before, strict=True)
    }
    assert moved.pop("hidden/kernel") == pytest.approx(1e-3 * factor, rel=0.01)
    assert moved["hidden/bias"] == pytest.approx(1e-3, rel=0.01) and max(moved.values()) < 1.01e-3
