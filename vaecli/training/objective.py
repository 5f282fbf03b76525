"""The loss in the graph: cross-entropy plus beta times KL, summed over pixels, one number an image, in nats."""

from typing import NamedTuple

import keras
import tensorflow as tf

from vaecli.probability.divergence import kl_to_standard_normal
from vaecli.probability.posterior import sample_posterior
from vaecli.training.network import Vae


@tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow has no types
def cross_entropy(images: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Bernoulli cross-entropy of every pixel with its gradient in closed form, sigmoid(logits) - images.

    The same function as `probability.likelihood.bernoulli_cross_entropy`, at about half its cost in a
    training step; a test holds them equal, values and gradients.
    """
    values = tf.nn.relu(logits) - logits * images + tf.math.log1p(tf.exp(-tf.abs(logits)))

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return -upstream * logits, upstream * (tf.sigmoid(logits) - images)

    return values, gradient


class Terms(NamedTuple):
    """What the loss of each image is made of, in nats, and the posterior's means.

    `reconstruction` is (N,); `kl`, of each latent dimension, and `z_mean` are (N, D).
    """

    reconstruction: tf.Tensor
    kl: tf.Tensor
    z_mean: tf.Tensor


def terms(vae: Vae, images: tf.Tensor, noise: tf.Tensor, *, training: bool) -> Terms:
    """The terms of each image with one sample of the posterior.

    Args:
        vae: the networks.
        images: (N, H, W, C) float32 in [0, 1].
        noise: (N, D) standard normal.
        training: as Keras layers take it.
    """
    posterior = vae.encoder(images, training=training)
    z_mean, z_log_var = (tf.cast(posterior[name], tf.float32) for name in ("z_mean", "z_log_var"))
    z = sample_posterior(z_mean, z_log_var, noise, keras.ops)
    logits = tf.cast(vae.decoder(z, training=training), tf.float32)
    reconstruction = tf.reduce_sum(cross_entropy(images, logits), axis=(1, 2, 3))
    return Terms(reconstruction, kl_to_standard_normal(z_mean, z_log_var, keras.ops), z_mean)
