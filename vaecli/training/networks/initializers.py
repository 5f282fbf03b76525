"""Initializers of layers, each a function of the run's seed and the layer's name."""

import hashlib

import keras


class Initializers:
    """Initial weights of a network: those of each layer follow from (seed, name of the layer) alone."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def he(self, layer: str, scale: float = 1.0) -> keras.initializers.Initializer:
        """Return an initializer of variance `scale`^2 * 2 / fan-in; at 1, a ReLU keeps the signal's size.

        Source: He et al. 2015 (arXiv:1502.01852).
        """
        return keras.initializers.VarianceScaling(
            scale=2 * scale**2, mode="fan_in", distribution="truncated_normal", seed=self._layer_seed(layer)
        )

    def glorot(self, layer: str, scale: float = 1.0) -> keras.initializers.Initializer:
        """Return an initializer of variance `scale`^2 * 2 / (fan-in + fan-out), for layers without a ReLU.

        Source: Glorot & Bengio 2010.
        """
        return keras.initializers.VarianceScaling(
            scale=scale**2, mode="fan_avg", distribution="uniform", seed=self._layer_seed(layer)
        )

    def _layer_seed(self, layer: str) -> int:
        """Hash the run's seed and the layer's name to a 32-bit seed, as Keras requires."""
        digest = hashlib.blake2b(f"{self._seed}/{layer}".encode(), digest_size=4).digest()
        return int.from_bytes(digest, "little")
