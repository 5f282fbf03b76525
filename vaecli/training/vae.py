"""The variational autoencoder in Keras: two networks with named inputs, and the likelihood of the pixels."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from vaecli.probability.likelihoods import Likelihood
from vaecli.training.keras_settings import standard_settings
from vaecli.training.networks import keras_model, table
from vaecli.training.networks.initializers import Initializers
from vaecli.training.networks.layers import LABEL, Graph
from vaecli.training.networks.shared import Size


@dataclasses.dataclass(frozen=True)
class Vae:
    """An encoder and a decoder.

    Attributes:
        encoder: `image` (N, H, W, C) in [0, 1] -> `z_mean`, `z_log_var` (N, D).
        decoder: `z` (N, D) -> the raw outputs of the likelihood, each (N, H, W, C).
        likelihood: p(x given the decoder's outputs).
        parameters: the likelihood's own learned numbers, by name.
        latent_dim: D.
        label_count: number of classes K of a conditional model, whose halves also take `label` (N, K); else 0.
        hidden_units: width of the encoder's last hidden layer: no more latent dimensions can vary independently.
        rate_factors: path of a variable -> factor on its learning rate, where it is not 1.
    """

    encoder: keras.Model
    decoder: keras.Model
    likelihood: Likelihood
    parameters: dict[str, keras.Variable]
    latent_dim: int
    label_count: int
    hidden_units: int
    rate_factors: Mapping[str, float]

    @property
    def variables(self) -> list[keras.Variable]:
        """All variables, the encoder's first. All are trainable, which a test holds."""
        return [*self.encoder.variables, *self.decoder.variables, *self.parameters.values()]

    def encode(self, inputs: Mapping[str, Any], *, training: bool = False) -> dict[str, Any]:
        """Compute `z_mean` and `z_log_var` (N, D) from `image` (N, H, W, C) and, if the model has it, `label`."""
        outputs: dict[str, Any] = self.encoder(self._with_label(inputs, "image"), training=training)
        return outputs

    def decode(self, inputs: Mapping[str, Any], *, training: bool = False) -> dict[str, Any]:
        """Compute the likelihood's raw outputs (N, H, W, C) from `z` (N, D) and, if there is one, `label`."""
        outputs: dict[str, Any] = self.decoder(self._with_label(inputs, "z"), training=training)
        return outputs

    def _with_label(self, inputs: Mapping[str, Any], name: str) -> dict[str, Any]:
        """Return the inputs with `label`, if the model has it; without one it is zero, which means no label."""
        if not self.label_count or LABEL in inputs:
            return dict(inputs)
        values = keras.ops.convert_to_tensor(inputs[name])
        return {name: values, LABEL: keras.ops.zeros((keras.ops.shape(values)[0], self.label_count))}


def build(
    network: str,
    likelihood: Likelihood,
    shape: tuple[int, int, int],
    latent_dim: int,
    *,
    seed: int,
    size: Size | None = None,
    pixel_mean: float = 0.5,
    label_count: int = 0,
) -> Vae:
    """Build an untrained autoencoder.

    Args:
        network: name of the architecture.
        likelihood: likelihood of the pixels.
        shape: (H, W, C) of the images.
        latent_dim: D.
        seed: seed of the initial weights.
        size: width and depth of the network; its default for the shape if left out.
        pixel_mean: mean of the training pixels in [0, 1]; at z = 0 the untrained decoder returns it everywhere.
        label_count: number of classes of a conditional autoencoder; 0 for one without labels.

    Raises:
        OptionError: an unknown network.
        TrainingError: Keras runs on another backend than TensorFlow.
    """
    size = size or table.size(network, shape)
    encoder, decoder = graphs(
        network, likelihood, shape, latent_dim, size=size, pixel_mean=pixel_mean, label_count=label_count
    )
    initializers = Initializers(seed)
    with standard_settings():
        return Vae(
            keras_model.build(encoder, initializers),
            keras_model.build(decoder, initializers),
            likelihood,
            {name: keras.Variable(value, name=name) for name, value in likelihood.parameters.items()},
            latent_dim,
            label_count,
            table.hidden_units(network, shape, size),
            encoder.rate_factors() | decoder.rate_factors(),
        )


def graphs(
    network: str,
    likelihood: Likelihood,
    shape: tuple[int, int, int],
    latent_dim: int,
    *,
    size: Size,
    pixel_mean: float = 0.5,
    label_count: int = 0,
) -> tuple[Graph, Graph]:
    """Describe encoder and decoder without building them; arguments as of `build`.

    Raises:
        OptionError: an unknown network.
    """
    architecture = table.architecture(network)
    outputs = likelihood.initial_outputs(pixel_mean)
    encoder = architecture.encoder(shape, latent_dim, size)
    decoder = architecture.decoder(shape, latent_dim, size, outputs)
    if not label_count:
        return encoder, decoder
    return (
        encoder.conditional(label_count, before_dense=-1),
        decoder.conditional(label_count, before_dense=0),
    )


def parameter_count(vae: Vae) -> int:
    """Return the number of weights and biases of both networks."""
    return sum(int(np.prod(variable.shape)) for variable in vae.variables)
