"""The variational autoencoder in Keras: two networks with named inputs, and the likelihood of the pixels."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from vaecli.errors import OptionError
from vaecli.probability.likelihoods import Likelihood
from vaecli.training.keras_settings import standard_settings
from vaecli.training.networks import classic
from vaecli.training.networks.blocks import Initializers


@dataclasses.dataclass(frozen=True)
class Vae:
    """An encoder and a decoder.

    Attributes:
        encoder: `image` (N, H, W, C) in [0, 1] -> `z_mean`, `z_log_var` (N, D).
        decoder: `z` (N, D) -> the raw outputs of the likelihood, each (N, H, W, C).
        likelihood: p(x given the decoder's outputs).
        latent_dim: D.
        hidden_units: width of the encoder's last hidden layer: no more latent dimensions can vary independently.
    """

    encoder: keras.Model
    decoder: keras.Model
    likelihood: Likelihood
    latent_dim: int
    hidden_units: int

    @property
    def variables(self) -> list[keras.Variable]:
        """All variables, the encoder's first. All are trainable, which a test holds."""
        return [*self.encoder.variables, *self.decoder.variables]

    def encode(self, inputs: Mapping[str, Any], *, training: bool = False) -> dict[str, Any]:
        """Compute `z_mean` and `z_log_var` (N, D) from named inputs, among them `image` (N, H, W, C)."""
        outputs: dict[str, Any] = self.encoder(dict(inputs), training=training)
        return outputs

    def decode(self, inputs: Mapping[str, Any], *, training: bool = False) -> dict[str, Any]:
        """Compute the likelihood's raw outputs (N, H, W, C) from named inputs, among them `z` (N, D)."""
        outputs: dict[str, Any] = self.decoder(dict(inputs), training=training)
        return outputs


def build(
    network: str,
    likelihood: Likelihood,
    shape: tuple[int, int, int],
    latent_dim: int,
    *,
    seed: int,
    pixel_mean: float = 0.5,
) -> Vae:
    """Build an untrained autoencoder.

    Args:
        network: name of the architecture.
        likelihood: likelihood of the pixels.
        shape: (H, W, C) of the images.
        latent_dim: D.
        seed: seed of the initial weights.
        pixel_mean: mean of the training pixels in [0, 1]; at z = 0 the untrained decoder returns it everywhere.

    Raises:
        OptionError: an unknown network.
        TrainingError: Keras runs on another backend than TensorFlow.
    """
    _require_known(network)
    initializers = Initializers(seed)
    with standard_settings():
        return Vae(
            classic.encoder(shape, latent_dim, initializers),
            classic.decoder(shape, latent_dim, initializers, likelihood.initial_outputs(pixel_mean)),
            likelihood,
            latent_dim,
            hidden_units(network, shape),
        )


def hidden_units(network: str, shape: tuple[int, int, int]) -> int:
    """Return the width of the encoder's last hidden layer for images (H, W, C).

    Raises:
        OptionError: an unknown network.
    """
    _require_known(network)
    return classic.hidden_units(shape)


def weight_counts(network: str, shape: tuple[int, int, int], latent_dim: int) -> dict[str, int]:
    """Return the number of weights and biases of `encoder` and `decoder`, without building them.

    Raises:
        OptionError: an unknown network.
    """
    _require_known(network)
    return classic.weight_counts(shape, latent_dim)


def _require_known(network: str) -> None:
    if network != "classic":
        raise OptionError(f"--network must be classic, got {network!r}.", option="--network")


def parameter_count(vae: Vae) -> int:
    """Return the number of weights and biases of both networks."""
    return sum(int(np.prod(variable.shape)) for variable in vae.variables)
