"""A training step: the learning rate of each variable, and the weight of the KL divergence."""

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


@pytest.fixture(scope="module")
def weights_after():
    """Trains 3 steps on 8 images, and returns all weights."""

    def weights_after(**options):
        from vaecli.probability.likelihoods import likelihood
        from vaecli.training.steps import TrainingSteps
        from vaecli.training.vae import build

        images = np.random.default_rng(0).integers(0, 256, (8, 12, 12, 1), np.uint8)
        vae = build("dense", likelihood("bernoulli"), (12, 12, 1), 3, seed=0)
        steps = TrainingSteps(vae, images, seed=0, **options)
        positions = np.tile(np.arange(8), (3, 1))
        steps.run(positions, np.full(3, 1e-3, np.float32), 0)
        return [variable.numpy() for variable in vae.variables]

    return weights_after


def are_equal(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_no_warm_up_and_no_free_bits_change_nothing(weights_after):
    """At 0, and after a warm-up that ends with the first step, the weights are equal to the bit."""
    plain = weights_after(beta=1.0)
    assert are_equal(plain, weights_after(beta=1.0, kl_warmup=0.0, free_bits=0.0))
    assert are_equal(plain, weights_after(beta=1.0, kl_warmup=1.0))
    assert are_equal(plain, weights_after(beta=1.0, free_bits=1e-30))


def test_the_weight_of_the_kl_rises(weights_after):
    """In the first steps of a long warm-up the KL hardly counts; halfway it counts half."""
    without, plain = weights_after(beta=0.0), weights_after(beta=1.0)
    assert not are_equal(without, plain)
    almost = weights_after(beta=1.0, kl_warmup=1e9)
    for a, b in zip(without, almost, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_the_weight_in_each_step():
    """The weight is beta times the part of the warm-up that is over, and beta after it."""
    import tensorflow as tf

    from vaecli.training.steps import kl_weight

    weights = [float(kl_weight(tf.constant(step), beta=0.5, warmup=4.0)) for step in range(6)]
    assert weights == [0.125, 0.25, 0.375, 0.5, 0.5, 0.5]
    assert kl_weight(tf.constant(0), beta=0.5, warmup=0.0) == 0.5


def test_dimensions_below_their_free_bits_cost_nothing(weights_after):
    """With more free bits than any dimension has, training is that without the KL divergence."""
    for a, b in zip(weights_after(beta=0.0), weights_after(beta=1.0, free_bits=1e6), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-7)
