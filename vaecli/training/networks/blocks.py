"""Initializers of layers: one seed a layer, each a function of the run's seed."""

import keras


class Seeds:
    """Initializers in the order of the layers, each with a seed of its own that follows from the run's."""

    def __init__(self, seed: int) -> None:
        self._next = seed % 2**30

    def he(self) -> keras.initializers.Initializer:
        """Variance 2 / fan-in: keeps the signal's size through a ReLU (He et al. 2015, arXiv:1502.01852)."""
        self._next += 2**20 + 7
        return keras.initializers.HeNormal(seed=self._next)

    def glorot(self, scale: float = 1.0) -> keras.initializers.Initializer:
        """Variance 2 / (fan-in + fan-out) times `scale`^2, for layers without a ReLU (Glorot & Bengio 2010)."""
        self._next += 2**20 + 7
        return keras.initializers.VarianceScaling(
            scale=scale**2, mode="fan_avg", distribution="uniform", seed=self._next
        )
