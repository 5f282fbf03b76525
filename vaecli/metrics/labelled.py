"""A conditional model with the labels of a batch of images, and the priors of their classes.

Both are measured like any other model and any other prior.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from vaecli.choices import PriorName
from vaecli.latent.priors import Prior
from vaecli.metrics.protocol import Autoencoder, Float32, Float64
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


class ClassPrior:
    """The prior p(z given the class) of N labelled images, without a closed form of the KL.

    Args:
        labels: (N,)
        prior_of: class number, -1 for no label -> its prior.
    """

    name: PriorName = "mixture"

    def __init__(self, labels: Labels, prior_of: Callable[[int], Prior]) -> None:
        self._rows = {int(label): np.flatnonzero(labels == label) for label in np.unique(labels)}
        self._prior_of = prior_of

    def log_prob(self, z: npt.NDArray[Any]) -> Float64:
        """Compute `log p(z)` of latents (..., N, D), of all images, in nats: (..., N)."""
        density = np.empty(z.shape[:-1])
        for label, rows in self._rows.items():
            density[..., rows] = self._prior_of(label).log_prob(z[..., rows, :])
        return density

    def kl(self, z_mean: npt.NDArray[Any], z_log_var: npt.NDArray[Any]) -> None:
        """Return None: the KL to a mixture has no closed form."""
