"""A model small enough for numerical integration: logits are linear in a latent of two dimensions."""

import threading

import numpy as np
import pytest

from vaecli.latent.priors import StandardNormal
from vaecli.probability.likelihoods import likelihood


class Toy:
    """A model of binary images of 3 x 2 pixels; `calls` counts the images encoded and the latents decoded."""

    latent_dim = 2
    image_shape = (3, 2, 1)
    likelihood, prior = likelihood("bernoulli"), StandardNormal()

    def __init__(self):
        rng = np.random.default_rng(5)
        self.weights = rng.normal(size=(2, 6)) * 1.5
        self.bias = rng.normal(size=6) * 0.3
        self.calls = {"encode": 0, "outputs": 0}
        self.lock = threading.Lock()

    def encode(self, images):
        """Compute a rough posterior: in the right direction, somewhat narrower than the prior."""
        with self.lock:
            self.calls["encode"] += len(images)
        flat = images.reshape(len(images), -1).astype(np.float64) - 0.5
        z_mean = 0.4 * flat @ self.weights.T
        return z_mean.astype(np.float32), np.full_like(z_mean, -0.5, dtype=np.float32)

    def outputs(self, z):
        """Compute Bernoulli logits and their means."""
        with self.lock:
            self.calls["outputs"] += len(z)
        logits = (np.asarray(z, dtype=np.float64) @ self.weights + self.bias).reshape(-1, 3, 2, 1)
        return {"logits": logits.astype(np.float32), "image": (1 / (1 + np.exp(-logits))).astype(np.float32)}

    def log_likelihood(self, images, z):
        """Compute log p(x|z) of each image and latent, (N, Z), as the log of a product of probabilities."""
        p = 1 / (1 + np.exp(-(z @ self.weights + self.bias)))
        x = images.reshape(len(images), 1, -1) / 255
        return np.log(np.where(x == 1, p, 1 - p)).sum(axis=-1)

    def log_evidence(self, images):
        """Compute log p(x) as the sum of p(x|z) p(z) over a fine grid."""
        axis = np.linspace(-8, 8, 401)
        z = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
        prior = np.exp(-0.5 * (z**2).sum(axis=1)) / (2 * np.pi) * (axis[1] - axis[0]) ** 2
        return np.log(np.array([np.exp(self.log_likelihood(image[None], z)[0]) @ prior for image in images]))


@pytest.fixture
def toy():
    """A fresh model with its counters at 0."""
    return Toy()


@pytest.fixture(scope="session")
def images():
    """300 black and white images (N, 3, 2, 1) uint8."""
    return np.random.default_rng(1).choice(np.array([0, 255], np.uint8), size=(300, 3, 2, 1))


@pytest.fixture
def rng():
    """A generator with a fixed seed."""
    return np.random.default_rng(7)
