"""Samples and reconstructions by the current weights, to look at while training."""

import numpy as np

from vaecli.data.binarise import as_modelled
from vaecli.data.images import Images
from vaecli.latent import draws
from vaecli.pixels import chunk_length, chunks, to_float32
from vaecli.training.labels import Labels
from vaecli.training.mixture_prior import MixturePrior
from vaecli.training.networks.layers import LABEL
from vaecli.training.objective import CHUNK_BYTES, MOST_IMAGES
from vaecli.training.vae import Vae

MOST_BYTES = 2**24  # of the 8-bit pixels of all previews: 16 grey images of 1,000 x 1,000


class Previews:
    """Images made from the same latents and the same validation images after every epoch, so that epochs compare.

    Args:
        vae: the networks.
        images: (N, H, W, C) uint8, all images.
        indices: positions of the validation images.
        seed: seed of the samples.
        labels: labels of all images, for a conditional model; samples have none.
        mixture: the prior of the samples, once it is fitted; N(0, I) before.
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
    ) -> None:
        self._vae, self._images, self._indices, self._seed = vae, images, indices, seed
        self._shape, self._labels, self._mixture = images.shape[1:], labels, mixture

    def samples(self, n: int) -> np.ndarray:
        """Return the first n samples of the prior, (n, H, W, C) float32 in [0, 1]; fewer of very large images."""
        rows = draws.rows(0, self._at_most(n), self._vae.latent_dim, seed=self._seed)
        if self._mixture is None or not self._mixture.is_fitted:
            return self._decode(rows.normals)
        return self._decode(self._mixture.sample(rows))

    def reconstructions(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the first n validation images and their reconstructions, both (n, H, W, C) float32 in [0, 1].

        Fewer than n are returned for very large images, or if there are fewer than n validation images. A model of
        binary pixels is given, and returns, the binary images of the validation.
        """
        indices = self._indices[: self._at_most(n)]
        (pixels,) = as_modelled([self._images[indices]], binary=self._vae.likelihood.binarised)
        images = to_float32(pixels)
        z_mean = [
            self._vae.encode({"image": images[part]} | self._label(indices[part]))["z_mean"]
            for part in self._parts(len(images))
        ]
        return images, self._decode(np.concatenate(z_mean), indices)

    def _label(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        """Return the input `label` (n, K) of the images at `indices`; nothing if the model takes none."""
        labels = self._labels
        return {} if labels is None else {LABEL: labels.one_hot(labels.at(indices)).numpy()}

    def _decode(self, z: np.ndarray, indices: np.ndarray | None = None) -> np.ndarray:
        """Decode latents (N, D), with the labels of the images at `indices` (N,) if there are any."""
        images = []
        for part in self._parts(len(z)):
            label = {} if indices is None else self._label(indices[part])
            outputs = {
                name: value.numpy() for name, value in self._vae.decode({"z": z[part]} | label).items()
            }
            images.append(self._vae.likelihood.mean(outputs, np))
        return np.concatenate(images)

    def _at_most(self, n: int) -> int:
        return chunk_length(self._shape, most=n, chunk_bytes=MOST_BYTES)

    def _parts(self, count: int) -> list[slice]:
        return [*chunks(count, self._shape, most=MOST_IMAGES, chunk_bytes=CHUNK_BYTES)]
