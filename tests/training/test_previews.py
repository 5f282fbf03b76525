"""Previews and validation of large images: bounded in bytes, with the same results."""

import numpy as np
import pytest

pytestmark = pytest.mark.train


@pytest.fixture
def vae():
    """An untrained network for images of 28 x 28."""
    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.vae import build

    return build("classic", likelihood("bernoulli"), (28, 28, 1), 2, seed=1)


@pytest.fixture
def batches(vae, monkeypatch):
    """The sizes of the batches that the networks have been called with, outside of a graph."""
    sizes = []
    for name in ("encode", "decode"):
        real = getattr(type(vae), name)

        def counted(self, inputs, real=real, **more):
            sizes.append(len(next(iter(inputs.values()))))
            return real(self, inputs, **more)

        monkeypatch.setattr(type(vae), name, counted)
    return sizes


def test_previews_are_made_in_chunks(vae, few, batches, monkeypatch):
    """With a bound of three images, previews equal those made at once; a bound of ten in all gives ten."""
    from vaecli.training import previews
    from vaecli.training.previews import Previews

    maker = Previews(vae, few, np.arange(20), seed=3)
    samples, (originals, reconstructed) = maker.samples(16), maker.reconstructions(16)
    batches.clear()
    monkeypatch.setattr(previews, "CHUNK_BYTES", 3 * 784)
    np.testing.assert_allclose(maker.samples(16), samples, atol=1e-6)
    np.testing.assert_allclose(maker.reconstructions(16)[1], reconstructed, atol=1e-6)
    assert max(batches) == 3
    assert np.array_equal(originals, few[:16] / np.float32(255))
    monkeypatch.setattr(previews, "MOST_BYTES", 10 * 784)
    assert len(maker.samples(16)) == len(maker.reconstructions(16)[0]) == 10


def test_previews_of_binary_pixels_and_of_labels(few):
    """A model is given the binary images of the validation, and their labels, as its loss is measured."""
    from vaecli.data.binarise import binarised
    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.labels import Labels
    from vaecli.training.previews import Previews
    from vaecli.training.vae import build

    of_pixels = likelihood("bernoulli", binarised=True)
    vae = build("classic", of_pixels, (28, 28, 1), 2, seed=1, label_count=3)
    indices, numbers = np.arange(5, 20), np.arange(len(few)) % 3
    maker = Previews(vae, few, indices, seed=3, labels=Labels(numbers, 3, seed=0))
    originals, reconstructed = maker.reconstructions(8)
    (binary,) = binarised([few[indices]])
    assert np.array_equal(originals, binary[:8] / 255)
    label = {"label": np.eye(3, dtype=np.float32)[numbers[indices[:8]]]}
    z_mean = vae.encode({"image": originals} | label)["z_mean"].numpy()
    outputs = {name: value.numpy() for name, value in vae.decode({"z": z_mean} | label).items()}
    np.testing.assert_allclose(reconstructed, of_pixels.mean(outputs, np), atol=1e-6)
    plain = Previews(vae, few, indices, seed=3).reconstructions(8)[1]
    assert np.abs(plain - reconstructed).max() > 1e-4


def test_validation_is_measured_in_chunks(vae, few, monkeypatch):
    """With a bound of seven images, the losses are those of all images at once."""
    from vaecli.training import validation
    from vaecli.training.validation import Validation

    expected = Validation(vae, few, np.arange(100), seed=3).measure()
    monkeypatch.setattr(validation, "CHUNK_BYTES", 7 * 784)
    parts = Validation(vae, few, np.arange(100), seed=3).measure()
    assert parts.reconstruction == pytest.approx(expected.reconstruction, rel=1e-6)
    np.testing.assert_allclose(parts.kl_of_dimensions, expected.kl_of_dimensions, atol=1e-4)
    np.testing.assert_allclose(parts.z_mean, expected.z_mean, atol=1e-5)


def test_noise_of_seeds_far_apart(vae, few):
    """Seeds that differ by 2^31 or 2^32 give other noise: the first loss of the same network differs."""
    from vaecli.training.steps import TrainingSteps

    losses = set()
    for seed in (5, 5 + 2**31, 5 + 2**32, 5 + 2**62):
        steps = TrainingSteps(vae, few, beta=1.0, seed=seed)
        reconstruction, _ = steps.run(np.arange(8)[None], np.zeros(1, np.float32), 0)
        losses.add(float(reconstruction[0]))
    assert len(losses) == 4
