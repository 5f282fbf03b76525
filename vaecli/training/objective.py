"""The two terms of the loss of each image, in nats: negative log-likelihood, summed over pixels, and KL."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

import keras
import tensorflow as tf

from vaecli.pixels import SCALE
from vaecli.probability.gaussian import kl_to_standard_normal, sample_posterior
from vaecli.probability.likelihoods import Likelihood
from vaecli.training import colours
from vaecli.training.networks.layers import LABEL
from vaecli.training.vae import Vae

MOST_IMAGES = 500  # that the networks get at a time outside of training steps
CHUNK_BYTES = 2**20  # of their pixels: the networks hold about 500 bytes for each byte of an image


def to_unit_range(pixels: tf.Tensor) -> tf.Tensor:
    """Divide 8-bit pixels by 255, in the graph; the values equal those of `pixels.to_float32`."""
    return tf.cast(pixels, tf.float32) / float(SCALE)


@tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow has no types
def cross_entropy(images: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Compute the Bernoulli cross-entropy of every pixel; its gradient is sigmoid(logits) - images, in closed form.

    The values are minus `probability.likelihoods.Bernoulli.log_prob`, at about half the cost in a training step; a
    test holds values and gradients equal.
    """
    values = tf.nn.relu(logits) - logits * images + tf.math.log1p(tf.exp(-tf.abs(logits)))

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return -upstream * logits, upstream * (tf.sigmoid(logits) - images)

    return values, gradient


# name of a likelihood -> its negative log-likelihood of every pixel, in a form that trains faster
FUSED: dict[str, Callable[[tf.Tensor, Mapping[str, tf.Tensor]], tf.Tensor]] = {
    "bernoulli": lambda images, outputs: cross_entropy(images, outputs["logits"]),
}


class LatentPrior(Protocol):
    """A prior from which the KL divergence is estimated, in place of that from N(0, I)."""

    def kl(self, z: tf.Tensor, z_mean: tf.Tensor, z_log_var: tf.Tensor) -> tf.Tensor:
        """Estimate the KL divergence of posteriors (N, D) by one sample of each, `z` (N, D): (N,) in nats."""


class Terms(NamedTuple):
    """The terms of the loss of N images, in nats, and the posterior means.

    Attributes:
        reconstruction: (N,) negative log-likelihood.
        kl: (N,) KL divergence from the prior.
        kl_of_dimensions: (N, D) KL divergence of each latent dimension from N(0, 1).
        z_mean: (N, D).
    """

    reconstruction: tf.Tensor
    kl: tf.Tensor
    kl_of_dimensions: tf.Tensor
    z_mean: tf.Tensor


def terms(
    vae: Vae,
    images: tf.Tensor,
    noise: tf.Tensor,
    *,
    training: bool,
    label: tf.Tensor | None = None,
    colour_gain: tf.Tensor | None = None,
    prior: LatentPrior | None = None,
) -> Terms:
    """Compute the loss terms of each image, with one posterior sample per image.

    Args:
        vae: the networks.
        images: (N, H, W, C) float32 in [0, 1].
        noise: (N, D) standard normal.
        training: passed to the Keras layers.
        label: (N, K) one-hot, zero where an image has none; only of a conditional model.
        colour_gain: factor in the gradient on the differences between the channels of images in colour.
        prior: the prior, if it is not N(0, I).
    """
    labels = {} if label is None else {LABEL: label}
    posterior = vae.encode({"image": images} | labels, training=training)
    z_mean, z_log_var = (tf.cast(posterior[name], tf.float32) for name in ("z_mean", "z_log_var"))
    z = sample_posterior(z_mean, z_log_var, noise, keras.ops)
    decoded = vae.decode({"z": z} | labels, training=training)
    outputs = {name: tf.cast(value, tf.float32) for name, value in decoded.items()}
    if colour_gain is not None:
        outputs = {name: colours.emphasise(value, colour_gain) for name, value in outputs.items()}
    outputs |= {name: tf.convert_to_tensor(variable) for name, variable in vae.parameters.items()}
    reconstruction = tf.reduce_sum(_cost(vae.likelihood, images, outputs), axis=(1, 2, 3))
    kl_of_dimensions = kl_to_standard_normal(z_mean, z_log_var, keras.ops)
    kl = prior.kl(z, z_mean, z_log_var) if prior else tf.reduce_sum(kl_of_dimensions, axis=1)
    return Terms(reconstruction, kl, kl_of_dimensions, z_mean)


def _cost(likelihood: Likelihood, images: tf.Tensor, outputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
    """Compute the negative log-likelihood of every pixel (N, H, W, C), in nats."""
    if likelihood.name in FUSED:
        return FUSED[likelihood.name](images, outputs)
    return -likelihood.log_prob(images, outputs, keras.ops)
