"""The validation loss: the same images with the same noise after every epoch, or early stopping chases noise."""

import dataclasses

import numpy as np
import tensorflow as tf

from vaecli.data.images import Images
from vaecli.latent.draws import standard_normal_at
from vaecli.training.network import Vae
from vaecli.training.objective import terms

CHUNK = 500
ACTIVE_VARIANCE = 0.01  # of the posterior mean over images (Burda, Grosse & Salakhutdinov 2016, section 5.2)


@dataclasses.dataclass(frozen=True)
class Measured:
    """Means over the validation images, in nats: `reconstruction`, and `kl` (D,) of each latent dimension.

    `active_units` is the number of dimensions whose posterior mean varies over the images.
    """

    reconstruction: float
    kl: np.ndarray
    active_units: int


class Validation:
    """The losses of the images (N, H, W, C) at `indices`, the noise of each fixed by (seed, its index)."""

    def __init__(self, vae: Vae, images: Images, indices: np.ndarray, *, seed: int) -> None:
        self._images = images  # (N, H, W, C) uint8
        self._indices = indices
        self._noise = standard_normal_at(indices, int(vae.decoder.input_shape[-1]), seed=seed)
        self._terms = tf.function(
            lambda pixels, noise: terms(vae, tf.cast(pixels, tf.float32) / 255.0, noise, training=False),
            reduce_retracing=True,
        )

    def measure(self) -> Measured:
        """Measure the weights as they are now; the same weights give the same numbers."""
        parts = []
        for start in range(0, len(self._indices), CHUNK):
            part = slice(start, start + CHUNK)
            pixels = self._images[self._indices[part]]
            found = self._terms(tf.constant(pixels), tf.constant(self._noise[part]))
            parts.append([tensor.numpy().astype(np.float64) for tensor in found])
        reconstruction, kl, z_mean = (np.concatenate(pieces) for pieces in zip(*parts, strict=True))
        active = int(np.count_nonzero(z_mean.var(axis=0) > ACTIVE_VARIANCE))
        return Measured(float(reconstruction.mean()), kl.mean(axis=0), active)
