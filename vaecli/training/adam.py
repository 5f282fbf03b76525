"""The optimizer: Adam with summed gradients, and with learning rates by variable."""

import math
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from vaecli.training.keras_settings import standard_settings
from vaecli.training.vae import Vae

CLIP_NORM = (
    1000.0  # of all gradients together, in nats, of images of CLIP_VALUES values; ordinary steps stay below
)
CLIP_VALUES = 28 * 28


class SummedAdam(keras.optimizers.Adam):  # type: ignore[misc]  # Keras has no types
    """Adam for gradients that are already summed over all replicas; Keras would clip before it sums.

    Args:
        rate_factors: factor on the learning rate of each variable, in their order.
        settings: of Keras' Adam.
    """

    def __init__(self, rate_factors: Sequence[float], **settings: Any) -> None:
        super().__init__(**settings)
        self._rate_factors = rate_factors

    def update_step(self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor) -> None:
        """Update a variable and its moments."""
        factor = self._rate_factors[self._get_variable_index(variable)]
        super().update_step(gradient, variable, learning_rate if factor == 1 else learning_rate * factor)

    def _all_reduce_sum_gradients(self, grads_and_vars: list[Any]) -> list[Any]:
        return grads_and_vars


def make_optimizer(vae: Vae, beta_2: float) -> keras.optimizers.Optimizer:
    """Make Adam with all its variables, so that they can be saved before the first step.

    `TrainingSteps` sets the learning rate of each step.
    """
    with standard_settings():
        optimizer = SummedAdam(
            [vae.rate_factors.get(variable.path, 1.0) for variable in vae.variables],
            learning_rate=0.0,
            beta_2=beta_2,
            epsilon=1e-7,
            global_clipnorm=clip_norm(vae),
            name="adam",
        )
        optimizer.build(vae.variables)
    return optimizer


def clip_norm(vae: Vae) -> float:
    """Return the largest norm of all gradients together; it grows with the sum over values that is the loss."""
    values: int = math.prod(vae.encoder.inputs[0].shape[1:])
    return CLIP_NORM * max(1.0, values / CLIP_VALUES)
