"""The classifier of features: its layers, blur, and the scale of its features."""

import numpy as np
import pytest

pytestmark = pytest.mark.train


@pytest.fixture
def tf():
    """TensorFlow, which the tests of the base install do not have."""
    import tensorflow

    return tensorflow


def test_the_network_of_any_size(tf):
    """Convolutions halve an image until its longer side is at most 4; features and logits have their shapes."""
    from vaecli.training.classifier.network import FEATURES, build

    for shape in ((28, 28, 1), (5, 9, 3), (64, 40, 3)):
        classifier = build(shape, 4, seed=0)
        features = classifier.features(tf.zeros((2, *shape)))
        assert features.shape == (2, FEATURES)
        assert classifier.logits(features).shape == (2, 4)
        before_flatten = classifier.trunk.get_layer("flatten").input.shape
        assert 3 <= max(before_flatten[1:3]) <= 4


def test_the_scale_of_features_changes_no_logit(tf):
    """Features become larger by the factor; the logits stay."""
    from vaecli.training.classifier.network import build

    classifier = build((8, 8, 1), 3, seed=1)
    images = tf.random.stateless_uniform((5, 8, 8, 1), seed=(1, 2))
    features = classifier.features(images).numpy()
    logits = classifier.logits(features).numpy()
    classifier.scale_features(0.25)
    scaled = classifier.features(images)
    assert scaled.numpy() == pytest.approx(features / 4, rel=1e-4, abs=1e-6)
    assert classifier.logits(scaled).numpy() == pytest.approx(logits, rel=1e-4, abs=1e-5)


def test_half_of_the_images_are_blurred(tf):
    """A step blurs about half of its images, each by an amount of its own; its seed decides; flat images stay."""
    from vaecli.training.classifier.training import blurred

    images = tf.random.stateless_uniform((400, 12, 12, 1), seed=(3, 4))
    result = blurred(images, seed=(7, 1)).numpy()
    changes = np.abs(result - images.numpy()).mean(axis=(1, 2, 3))
    assert 0.4 < (changes == 0).mean() < 0.6
    assert len(np.unique(changes[changes > 0])) > 150
    assert result.std() < images.numpy().std()
    assert np.array_equal(result, blurred(images, seed=(7, 1)).numpy())
    assert not np.array_equal(result, blurred(images, seed=(7, 2)).numpy())
    flat = tf.ones((9, 6, 6, 3)) * 0.3
    assert blurred(flat, seed=(7, 1)).numpy() == pytest.approx(flat.numpy(), abs=1e-6)
