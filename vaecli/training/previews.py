"""Pictures of the weights as they are: samples of the prior, reconstructions of validation images."""

import numpy as np

from vaecli.data.images import Images
from vaecli.latent.draws import standard_normal
from vaecli.training.vae import Vae


class Gallery:
    """The same latents and the same images every time, so that epochs can be compared.

    Args:
        vae: the networks.
        images: (N, H, W, C) uint8.
        indices: of those that belong to validation.
        seed: of the samples: those that `vaecli sample --seed` draws.
    """

    def __init__(self, vae: Vae, images: Images, indices: np.ndarray, *, seed: int) -> None:
        self._vae, self._images, self._indices, self._seed = vae, images, indices, seed

    def samples(self, n: int) -> np.ndarray:
        """The first n pictures of the prior, (n, H, W, C) float32 in [0, 1]."""
        z = standard_normal(0, n, self._vae.latent_dim, seed=self._seed)
        return self._decode(z)

    def reconstructions(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """The first n validation images and what becomes of them, both (n, H, W, C) float32 in [0, 1]."""
        images = self._images[self._indices[:n]].astype(np.float32) / np.float32(255)
        return images, self._decode(self._vae.encode({"image": images})["z_mean"])

    def _decode(self, z: np.ndarray) -> np.ndarray:
        outputs = {name: value.numpy() for name, value in self._vae.decode({"z": z}).items()}
        images: np.ndarray = self._vae.likelihood.mean(outputs, np)
        return images
