"""The validation loss, on the same images with the same noise after every epoch.

With fresh noise each time, early stopping would follow the noise. Binary images are the same in each epoch, too:
those that `vaecli eval --split validation` measures.
"""

import dataclasses
import itertools
from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from vaecli.data.binarise import binarised
from vaecli.data.images import Images
from vaecli.latent.draws import standard_normal_at
from vaecli.pixels import Pixels, chunks
from vaecli.probability.gaussian import active_units
from vaecli.sample_size import FEWEST_IMAGES
from vaecli.training.cluster.devices import Devices
from vaecli.training.labels import Labels
from vaecli.training.mixture_prior import MixturePrior
from vaecli.training.objective import CHUNK_BYTES, MOST_IMAGES, LatentPrior, Terms, terms, to_unit_range
from vaecli.training.vae import Vae


@dataclasses.dataclass(frozen=True)
class Measurement:
    """The losses of N validation images under the current weights, in nats.

    Attributes:
        reconstruction: mean over the images.
        kl: mean over the images of the KL divergence from the prior.
        kl_of_dimensions: (N, D) KL divergence of each latent dimension from N(0, 1).
        z_mean: (N, D) posterior means.
    """

    reconstruction: float
    kl: float
    kl_of_dimensions: np.ndarray
    z_mean: np.ndarray

    @property
    def active_units(self) -> int | None:
        """The number of dimensions whose posterior mean varies over the images; None for fewer than 100 images."""
        if len(self.z_mean) < FEWEST_IMAGES:
            return None
        return active_units(self.z_mean)


class Validation:
    """The losses of the validation images; several workers share the work.

    Args:
        vae: the networks.
        images: (N, H, W, C) uint8, all images.
        indices: positions of the validation images.
        seed: seed of the noise; an image's noise follows from (seed, position of the image).
        labels: labels of all images, for a conditional model; none is dropped.
        mixture: the prior of those measurements that are made with it.
        devices: devices of all workers, which share the images.
    """

    def __init__(
        self,
        vae: Vae,
        images: Images,
        indices: np.ndarray,
        *,
        seed: int,
        labels: Labels | None = None,
        mixture: MixturePrior | None = None,
        devices: Devices | None = None,
    ) -> None:
        self.indices = indices
        self.noise = standard_normal_at(indices, vae.latent_dim, seed=seed)
        self._devices = devices or Devices()
        self._images, self._binarised = images, vae.likelihood.binarised
        self._labels = labels

        def graph_with(prior: LatentPrior | None) -> Callable[..., Terms]:
            graph: Callable[..., Terms] = tf.function(
                lambda pixels, noise, label=None: terms(
                    vae, to_unit_range(pixels), noise, training=False, label=label, prior=prior
                ),
                autograph=False,
                reduce_retracing=True,
            )
            return graph

        self._terms, self._terms_with_mixture = graph_with(None), graph_with(mixture)

    def measure(self, *, with_mixture: bool = False) -> Measurement:
        """Measure the losses under the current weights; the same weights give the same losses.

        Args:
            with_mixture: whether the mixture is the prior, in place of N(0, I).
        """
        compute = self._terms_with_mixture if with_mixture else self._terms
        dimensions = self.noise.shape[1]
        rows = np.zeros((len(self.indices), 2 + 2 * dimensions))  # the terms of each image
        for part, pixels in self._parts():
            arguments = tf.constant(pixels), tf.constant(self.noise[part])
            columns = compute(*arguments, *self._one_hot(part))
            rows[part] = np.column_stack([column.numpy() for column in columns])
        losses, kl_of_dimensions, z_mean = np.split(
            self._devices.all_reduce(rows), [2, 2 + dimensions], axis=1
        )
        reconstruction, kl = losses.mean(axis=0).tolist()
        return Measurement(reconstruction, kl, kl_of_dimensions, z_mean)

    def _one_hot(self, part: slice) -> tuple[tf.Tensor, ...]:
        """Return the one-hot labels (n, K) of a chunk of a conditional model; else nothing."""
        labels = self._labels
        return () if labels is None else (labels.one_hot(labels.at(self.indices[part])),)

    def _parts(self) -> Iterator[tuple[slice, Pixels]]:
        """Yield this worker's chunks of the validation images, with their positions among them."""
        shape = self._images.shape[1:]
        parts = [*chunks(len(self.indices), shape, most=MOST_IMAGES, chunk_bytes=CHUNK_BYTES)]
        mine = slice(self._devices.worker, None, self._devices.workers)
        if not self._binarised:
            yield from ((part, self._images[self.indices[part]]) for part in parts[mine])
            return
        batches = binarised(
            self._images[self.indices[part]] for part in parts
        )  # a draw follows those before it
        yield from itertools.islice(zip(parts, batches, strict=True), mine.start, None, mine.step)
