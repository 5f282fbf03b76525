"""The classifier that comes with vaecli: accuracy, features that are alive, size; chunks; refusals."""

import numpy as np
import pytest

from vaecli.data.named.bundled import load_mini
from vaecli.errors import ModelError, OptionError
from vaecli.runtime.classifier import Classifier, bundled_file


@pytest.fixture(scope="module")
def classifier():
    return Classifier(bundled_file())


@pytest.fixture(scope="module")
def classified(classifier):
    """Features and logits of the 1,000 bundled test images."""
    return classifier.classify(load_mini("test").images)


def test_it_knows_the_classes(classified, classifier):
    """At least 92 % of test images get their class; their names are those of the data set."""
    assert (classified.logits.argmax(axis=1) == load_mini("test").labels).mean() >= 0.92
    assert classifier.info.class_names == load_mini("test").class_names


def test_no_feature_is_dead(classified):
    """All 64 features vary: the smallest standard deviation is above a twentieth of the largest."""
    spread = classified.features.std(axis=0)
    assert classified.features.shape == (1000, 64)
    assert spread.min() > 0.05 * spread.max()
    assert np.linalg.matrix_rank(np.cov(classified.features.T)) == 64


def test_it_is_small_and_tells_its_origin():
    """At most 1 MB, trained on Fashion-MNIST's training images alone."""
    file = bundled_file()
    assert len(file.content) <= 10**6
    assert file.info.data["count"] + file.info.data["held_out_count"] == 60_000
    assert len(file.sha256) == 64


def test_chunks_change_nothing(classifier, classified, monkeypatch):
    """The features of an image do not depend on those beside it, up to rounding; progress counts all images."""
    monkeypatch.setattr("vaecli.runtime.classifier.MOST", 7)
    done = []
    part = classifier.classify(load_mini("test").images[:30], advance=done.append)
    assert part.features == pytest.approx(classified.features[:30], abs=1e-4)
    assert sum(done) == 30


def test_refusals(classifier, tmp_path):
    """Images of another shape, and a file that is not there."""
    with pytest.raises(OptionError, match=r"must have the shape \(N, H, W, C\) = \(N, 28, 28, 1\)"):
        classifier.classify(np.zeros((2, 14, 13, 1), np.uint8))
    with pytest.raises(ModelError, match="Cannot read"):
        Classifier.open(tmp_path / "none.onnx")
