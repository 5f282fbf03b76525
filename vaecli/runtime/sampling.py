"""Latents and pictures drawn from the priors of a model: the part of `Model` that a decoder is enough for."""

import abc
import functools

import numpy as np
import numpy.typing as npt

from vaecli.choices import PriorName
from vaecli.latent.priors import Prior
from vaecli.modelfile.read import ModelFile
from vaecli.runtime.labels import Labels
from vaecli.runtime.priors import Priors, draw

Float32 = npt.NDArray[np.float32]


class Sampling(abc.ABC):
    """A decoder whose file holds priors."""

    def __init__(self, decoder: ModelFile) -> None:
        self._decoder_file = decoder

    @abc.abstractmethod
    def decode(self, z: npt.ArrayLike, labels: Labels = None) -> Float32:
        """Compute the mean image of each latent (N, D): (N, H, W, C) in [0, 1]."""

    @functools.cached_property
    def priors(self) -> Priors:
        """The priors in the decoder file."""
        return Priors(self._decoder_file)

    @property
    def prior(self) -> Prior:
        """The prior p(z) that the decoder's metadata name."""
        return self.priors.get()

    def draw(
        self,
        n: int,
        *,
        seed: int = 0,
        first: int = 0,
        temperature: float = 1.0,
        prior: PriorName | None = None,
        label: str | None = None,
    ) -> Float32:
        """Draw latents `first` to `first + n - 1` of the endless series of a seed from a prior, (n, D).

        Args:
            n: number of latents.
            seed: latent i of a seed and a prior depends on (seed, i) alone.
            first: number of the first latent.
            temperature: factor on the standard deviation of N(0, I) or of each component, 0 to 100,000.
            prior: `normal` or `mixture`; the model's own if left out.
            label: name of a class, or a unique part of it, from whose mixture to draw; a conditional model without
                one draws from N(0, I).

        Raises:
            OptionError: a number out of its range, or an unknown prior or label.
            ModelError: the model has no mixture, or none of that class.
        """
        source = self.priors.get(prior, label)
        return draw(
            source, n, self._decoder_file.info.latent_dim, seed=seed, first=first, temperature=temperature
        )

    def sample(
        self,
        n: int,
        *,
        seed: int = 0,
        first: int = 0,
        temperature: float = 1.0,
        prior: PriorName | None = None,
        label: str | None = None,
    ) -> Float32:
        """Decode latents `first` to `first + n - 1` of the series of a seed, as `draw` makes them: (n, H, W, C)."""
        drawn = {"seed": seed, "first": first}
        z = self.draw(n, **drawn, temperature=temperature, prior=prior, label=label)
        if label is None or not self._decoder_file.info.is_conditional:
            return self.decode(z)
        return self.decode(z, self.priors.label(label))
