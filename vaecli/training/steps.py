"""Many training steps in one call of the graph; the state between calls is the variables and a step number."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from vaecli.choices import Schedule
from vaecli.data.images import Images
from vaecli.training.cluster.devices import Devices
from vaecli.training.image_source import source_of
from vaecli.training.objective import terms
from vaecli.training.precision import Resolved, active
from vaecli.training.schedule import beta_2
from vaecli.training.vae import Vae

CLIP_NORM = 1000.0  # nats; ordinary gradients stay below, a broken step is cut to size


class SummedAdam(keras.optimizers.Adam):  # type: ignore[misc]  # Keras has no types
    """Adam for gradients that are sums over all replicas already; Keras would clip before it sums them."""

    def _all_reduce_sum_gradients(self, grads_and_vars: list[Any]) -> list[Any]:
        return grads_and_vars


def make_optimizer(vae: Vae, beta_2: float) -> keras.optimizers.Optimizer:
    """Adam, built at once so that its state can be saved before the first step; the engine sets its rate."""
    optimizer = SummedAdam(learning_rate=0.0, beta_2=beta_2, global_clipnorm=CLIP_NORM, name="adam")
    optimizer.build(vae.variables)
    return optimizer


class Engine:
    """Training steps over images (N, H, W, C) that stay uint8, in memory or in a file, and are scaled on the fly.

    Randomness is stateless: the caller gives the order of the images, and the noise of step s follows from
    (seed, s) by position in the batch. So a run can be taken up at any step, and each replica takes its part.
    """

    def __init__(
        self,
        vae: Vae,
        images: Images,
        *,
        beta: float,
        seed: int,
        schedule: Schedule = "cosine",
        precision: Resolved = "float32",
        devices: Devices | None = None,
    ) -> None:
        self.devices = devices or Devices()
        self.vae = vae
        self._precision: Resolved = precision
        with self.devices.scope():
            self.optimizer = make_optimizer(vae, beta_2(schedule))
        self._source = source_of(images)
        self._beta = beta
        self._seed = seed % 2**31
        self._latent_dim = vae.latent_dim
        self._run = tf.function(
            self._steps,
            autograph=False,  # it would take half a second to read this source and all that it calls
            input_signature=[
                self._source.signature,
                tf.TensorSpec((None,), tf.float32),
                tf.TensorSpec((), tf.int32),
                tf.TensorSpec((), tf.int32),
            ],
        )

    def run(
        self, indices: np.ndarray, rates: np.ndarray, first_step: int, *, ahead: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Take S steps of B images each.

        Args:
            indices: (S, B) positions in the images.
            rates: (S,) learning rates.
            first_step: the number of the first of these steps since training began.
            ahead: (S, B) positions that the next call is likely to have.

        Returns:
            reconstruction (S,) and kl (S,): the mean over each batch, in nats.
        """
        ahead = indices[:0] if ahead is None else ahead
        mine, mine_ahead = (batches[:, self.devices.share(batches.shape[1])] for batches in (indices, ahead))
        arguments = (
            self._source.feed(mine, mine_ahead),
            tf.constant(rates, tf.float32),
            tf.constant(first_step, tf.int32),
            tf.constant(indices.shape[1], tf.int32),
        )
        with active(self.vae, self._precision):
            reconstruction, kl = self._run(*arguments)
        return reconstruction.numpy(), kl.numpy()

    @property
    def variables(self) -> list[keras.Variable]:
        """All that training changes: of the networks, then of the optimizer."""
        return [*self.vae.variables, *self.optimizer.variables]

    def is_finite(self) -> bool:
        """Whether every number in the variables is one."""
        return all(bool(np.isfinite(variable.numpy()).all()) for variable in self.variables)

    def _steps(
        self, fed: tf.Tensor, rates: tf.Tensor, first_step: tf.Tensor, size: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        count = tf.shape(fed)[0]

        def one(
            i: tf.Tensor, reconstructions: tf.TensorArray, kls: tf.TensorArray
        ) -> tuple[tf.Tensor, tf.TensorArray, tf.TensorArray]:
            self.optimizer.learning_rate.assign(rates[i])
            arguments = self._source.images(fed[i]), first_step + i, size
            reconstruction, kl = self.devices.run(self._step, arguments)
            return i + 1, reconstructions.write(i, reconstruction), kls.write(i, kl)

        empty = tf.TensorArray(tf.float32, size=count), tf.TensorArray(tf.float32, size=count)
        _, reconstructions, kls = tf.while_loop(lambda i, *_: i < count, one, (tf.constant(0), *empty))
        return reconstructions.stack(), kls.stack()

    def _step(self, pixels: tf.Tensor, step: tf.Tensor, size: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """In a replica: one step from the pixels of this worker's share of a batch of `size` images."""
        pixels = self.devices.part(pixels, size, of_worker=True)
        images = tf.cast(pixels, tf.float32) / 255.0
        noise = tf.random.stateless_normal((size, self._latent_dim), seed=tf.stack([self._seed, step]))
        noise = self.devices.part(noise, size)
        variables = self.vae.variables
        with tf.GradientTape() as tape:
            reconstruction, kl_of_dimensions, _ = terms(self.vae, images, noise, training=True)
            kl = tf.reduce_sum(kl_of_dimensions, axis=1)
            loss = _mean(reconstruction + self._beta * kl, size)
        gradients = tape.gradient(loss, variables)
        means = _mean(reconstruction, size), _mean(kl, size)
        *gradients, reconstruction, kl = self.devices.total([*gradients, *means], size)
        self.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return reconstruction, kl


def _mean(values: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """The part of these values (n,) in the mean over a batch: n is smaller than `size` in each of many replicas."""
    return tf.reduce_sum(values) / tf.cast(size, tf.float32)
