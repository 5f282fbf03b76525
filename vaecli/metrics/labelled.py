"""A conditional model with the labels of a batch of images, measured like any other model."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from vaecli.latent.priors import Prior
from vaecli.metrics.protocol import Autoencoder, Float32
from vaecli.probability.likelihoods import Likelihood

Labels = npt.NDArray[np.integer]  # (N,) class numbers, -1 for no label


class Conditional(Autoencoder, Protocol):
    """An autoencoder that also takes a label for each image and each latent."""

    def encode(self, images: Float32, /, labels: Labels | None = None) -> tuple[Float32, Float32]:
        """Compute `z_mean` and `z_log_var`, (N, D), of images (N, H, W, C) in [0, 1] with labels (N,)."""

    def outputs(self, z: Float32, /, labels: Labels | None = None) -> Mapping[str, Float32]:
        """Compute `image` in [0, 1] and the likelihood's raw outputs, (N, H, W, C), of z (N, D) and labels (N,)."""


class Labelled:
    """A model and the labels of N images; it takes these images, and latents of all of them, any number of times.

    Args:
        model: the model.
        labels: (N,)
    """

    def __init__(self, model: Conditional, labels: Labels) -> None:
        self._model, self._labels = model, labels
        self.latent_dim: int = model.latent_dim
        self.image_shape: tuple[int, int, int] = model.image_shape
        self.likelihood: Likelihood = model.likelihood
        self.prior: Prior = model.prior

    def encode(self, images: Float32, /) -> tuple[Float32, Float32]:
        """Encode the N images with their labels."""
        return self._model.encode(images, labels=self._labels)

    def outputs(self, z: Float32, /) -> Mapping[str, Float32]:
        """Decode latents (K N, D): of all images, then again of all images."""
        return self._model.outputs(z, labels=np.tile(self._labels, len(z) // len(self._labels)))
