"""The interface of a model that can be measured: the runtime's, or a toy in a test."""

from collections.abc import Mapping
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from vaecli.latent.priors import Prior
from vaecli.probability.likelihoods import Likelihood

Float32: TypeAlias = npt.NDArray[np.float32]
Float64: TypeAlias = npt.NDArray[np.float64]


class Autoencoder(Protocol):
    """A variational autoencoder that takes and gives arrays: images (N, H, W, C) and latents (N, D)."""

    @property
    def latent_dim(self) -> int:
        """Number D of latent dimensions."""

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Shape (H, W, C) of one image."""

    @property
    def likelihood(self) -> Likelihood:
        """The likelihood p(x given z), computed from the decoder's outputs."""

    @property
    def prior(self) -> Prior:
        """The prior p(z)."""

    def encode(self, images: Float32, /) -> tuple[Float32, Float32]:
        """Compute `z_mean` and `z_log_var`, (N, D), of images (N, H, W, C) in [0, 1]."""

    def outputs(self, z: Float32, /) -> Mapping[str, Float32]:
        """Compute `image` in [0, 1] and the likelihood's raw outputs, (N, H, W, C), of z (N, D)."""
