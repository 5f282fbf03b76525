"""The validation loss: the same images with the same noise after every epoch, or early stopping chases noise."""

import dataclasses
import math

import numpy as np
import tensorflow as tf

from vaecli.data.images import Images
from vaecli.latent.draws import standard_normal_at
from vaecli.training.cluster.devices import Devices
from vaecli.training.objective import terms
from vaecli.training.vae import Vae

CHUNK, CHUNK_PIXELS = 500, 2**22  # images, and pixels of them, at most
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
    """The losses of the images (N, H, W, C) at `indices`, the noise of each fixed by (seed, its index).

    The workers take turns at the chunks.
    """

    def __init__(
        self, vae: Vae, images: Images, indices: np.ndarray, *, seed: int, devices: Devices | None = None
    ) -> None:
        self._devices = devices or Devices()
        self._images = images  # (N, H, W, C) uint8
        self._indices = indices
        self._noise = standard_normal_at(indices, vae.latent_dim, seed=seed)
        self._chunk = max(1, min(CHUNK, CHUNK_PIXELS // math.prod(images.shape[1:3])))
        self._terms = tf.function(
            lambda pixels, noise: terms(vae, tf.cast(pixels, tf.float32) / 255.0, noise, training=False),
            autograph=False,
            reduce_retracing=True,
        )

    def measure(self) -> Measured:
        """Measure the weights as they are now; the same weights give the same numbers."""
        rows = np.zeros((len(self._indices), 1 + 2 * self._noise.shape[1]))
        starts = range(0, len(self._indices), self._chunk)
        for start in starts[self._devices.worker :: self._devices.workers]:
            part = slice(start, start + self._chunk)
            pixels = self._images[self._indices[part]]
            found = self._terms(tf.constant(pixels), tf.constant(self._noise[part]))
            rows[part] = np.column_stack([tensor.numpy() for tensor in found])
        reconstruction, kl, z_mean = np.split(
            self._devices.summed(rows), [1, 1 + self._noise.shape[1]], axis=1
        )
        active = int(np.count_nonzero(z_mean.var(axis=0) > ACTIVE_VARIANCE))
        return Measured(float(reconstruction.mean()), kl.mean(axis=0), active)
