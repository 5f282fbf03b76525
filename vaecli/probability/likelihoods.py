"""Likelihoods p(x given z): the distribution of an image's pixels, given the decoder's raw outputs.

Each is one object, chosen by name; the name is in the options and in the metadata of every exported file. `xp` is
the array module, numpy or `keras.ops`. Pixels are floats in [0, 1]; all values are in nats.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from vaecli import checks
from vaecli.choices import LikelihoodName
from vaecli.probability.bernoulli import Bernoulli, ContinuousBernoulli
from vaecli.probability.gaussian_pixels import GaussianPixels
from vaecli.probability.logistic import DiscretisedLogistic


class Likelihood(Protocol):
    """A distribution of pixels, given the decoder's outputs.

    Attributes:
        name: name in options and metadata.
        outputs: names of the decoder's raw outputs.
        normalised: whether `log_prob` is a log-probability of 8-bit pixels, which can be compared with published
            log-likelihoods and converted to bits per dimension.
        binarised: whether pixels are made binary at random before the model is trained and measured on them.
    """

    name: LikelihoodName
    outputs: tuple[str, ...]
    normalised: bool
    binarised: bool

    @property
    def note(self) -> str:
        """Return a warning to readers of this likelihood's figures; empty if there is none."""

    @property
    def parameters(self) -> dict[str, float]:
        """Numbers that are learned with the networks and are the same for all images, by name."""

    def with_parameters(self, values: Mapping[str, float]) -> "Likelihood":
        """Return the likelihood with these numbers in place of its own."""

    def log_prob(self, images: Any, outputs: Mapping[str, Any], xp: Any) -> Any:
        """Compute the log-likelihood of each pixel, (..., H, W, C) in nats; the caller sums over pixels.

        `outputs` may also hold parameters, by name, which replace those of the object.
        """

    def log_prob_at(self, images: Any, mean: Any, outputs: Mapping[str, Any], xp: Any) -> Any:
        """Compute the log-likelihood of each pixel if the mean image were `mean`, all else being as in `outputs`.

        At `mean = images` no picture explains the pixels better. `mean` (..., H, W, C) is in [0, 1] and broadcasts.
        """

    def mean(self, outputs: Mapping[str, Any], xp: Any) -> Any:
        """Compute the mean image, (..., H, W, C) in [0, 1]."""

    def initial_outputs(self, mean: float) -> dict[str, float]:
        """Return the bias of each raw output of an untrained decoder, for pixels of this mean in [0, 1]."""


_ALL: tuple[Likelihood, ...] = (Bernoulli(), ContinuousBernoulli(), GaussianPixels(), DiscretisedLogistic())
LIKELIHOODS: Mapping[str, Likelihood] = {known.name: known for known in _ALL}


def likelihood(name: str, *, binarised: bool = False) -> Likelihood:
    """Look up a likelihood by its name; `binarised` is for Bernoulli alone.

    Raises:
        OptionError: an unknown name.
    """
    checks.choice(name, "--likelihood", list(LIKELIHOODS))
    return Bernoulli(binarised=True) if binarised and name == Bernoulli.name else LIKELIHOODS[name]


def from_metadata(table: Mapping[str, Any]) -> Likelihood:
    """Return the likelihood of a model from `name`, `parameters` and `binarised` in its metadata."""
    known = likelihood(table["name"], binarised=table.get("binarised", False))
    return known.with_parameters(table.get("parameters", {}))


def in_words(table: Mapping[str, Any]) -> str:
    """Say what the likelihood of a model is, from the same metadata: its name, and a learned deviation."""
    known = from_metadata(table)
    return f"{known.name}, sigma {known.sigma:.3g}" if isinstance(known, GaussianPixels) else known.name
