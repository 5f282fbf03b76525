"""Many training steps in one call of the graph; the state between calls is the variables and a step number."""

import keras
import numpy as np
import tensorflow as tf

from vaecli.data.images import Images
from vaecli.training.network import Vae
from vaecli.training.objective import terms
from vaecli.training.precision import Resolved, active
from vaecli.training.source import source_of

CLIP_NORM = 1000.0  # nats; ordinary gradients stay below, a broken step is cut to size


def make_optimizer(vae: Vae) -> keras.optimizers.Optimizer:
    """Adam, built at once so that its state can be saved before the first step; the engine sets its rate."""
    optimizer = keras.optimizers.Adam(learning_rate=0.0, global_clipnorm=CLIP_NORM)
    optimizer.build(vae.variables)
    return optimizer


class Engine:
    """Training steps over images (N, H, W, C) that stay uint8, in memory or in a file, and are scaled on the fly.

    Randomness is stateless: the caller gives the order of the images, and the noise of step s follows from
    (seed, s) by position in the batch. So a run can be taken up at any step.
    """

    def __init__(
        self, vae: Vae, images: Images, *, beta: float, seed: int, precision: Resolved = "float32"
    ) -> None:
        self.vae = vae
        self._precision: Resolved = precision
        self.optimizer = make_optimizer(vae)
        self._source = source_of(images)
        self._beta = beta
        self._seed = seed % 2**31
        self._latent_dim = int(vae.decoder.input_shape[-1])
        self._run = tf.function(
            self._steps,
            input_signature=[
                self._source.signature,
                tf.TensorSpec((None,), tf.float32),
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
            ahead: the positions that the next call is likely to have.

        Returns:
            reconstruction (S,) and kl (S,): the mean over each batch, in nats.
        """
        arguments = (
            self._source.feed(indices, indices[:0] if ahead is None else ahead),
            tf.constant(rates, tf.float32),
            tf.constant(first_step, tf.int32),
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

    def _steps(self, fed: tf.Tensor, rates: tf.Tensor, first_step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        count = tf.shape(fed)[0]
        reconstructions = tf.TensorArray(tf.float32, size=count)
        kls = tf.TensorArray(tf.float32, size=count)
        for i in tf.range(count):
            self.optimizer.learning_rate.assign(rates[i])
            reconstruction, kl = self._step(self._source.images(fed[i]), first_step + i)
            reconstructions = reconstructions.write(i, reconstruction)
            kls = kls.write(i, kl)
        return reconstructions.stack(), kls.stack()

    def _step(self, pixels: tf.Tensor, step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        images = tf.cast(pixels, tf.float32) / 255.0
        noise = tf.random.stateless_normal(
            (tf.shape(pixels)[0], self._latent_dim), seed=tf.stack([self._seed, step])
        )
        variables = self.vae.variables
        with tf.GradientTape() as tape:
            reconstruction, kl_of_dimensions, _ = terms(self.vae, images, noise, training=True)
            kl = tf.reduce_sum(kl_of_dimensions, axis=1)
            loss = tf.reduce_mean(reconstruction + self._beta * kl)
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return tf.reduce_mean(reconstruction), tf.reduce_mean(kl)
