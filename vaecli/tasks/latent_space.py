"""The latent space of a model: where its images lie, and which dimensions it uses."""

import dataclasses
import re

import numpy as np
import numpy.typing as npt

from vaecli.checks import shown
from vaecli.errors import OptionError
from vaecli.latent.aggregate import posterior_variance
from vaecli.modelfile.facts import Facts
from vaecli.runtime.model import Model
from vaecli.sample_size import FEWEST_IMAGES

LEAST_NATS = 0.01  # a dimension with a lower KL is not used
_PAIR = re.compile(r"\s*(\d{1,6})\s*,\s*(\d{1,6})\s*")

Float64 = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True, eq=False)
class LatentSpace:
    """The aggregated posterior of a model's validation images, or its prior where the file has no facts.

    Attributes:
        mean: (D,)
        deviation: (D,) standard deviation.
        kl: (D,) mean KL of each dimension, in nats; None if the file does not have it.
        is_measured: False for the prior.
    """

    mean: Float64
    deviation: Float64
    kl: Float64 | None
    is_measured: bool

    def by_kl(self) -> npt.NDArray[np.int64]:
        """Return all dimensions, that with the most KL first; in their own order if it is not known."""
        if self.kl is None:
            return np.arange(len(self.mean))
        return np.argsort(-self.kl, kind="stable")

    def used(self) -> npt.NDArray[np.int64]:
        """Return the dimensions whose KL is at least 0.01 nats, in the same order."""
        order = self.by_kl()
        return order if self.kl is None else order[self.kl[order] >= LEAST_NATS]


def latent_space(model: Model) -> LatentSpace:
    """Return where the latents of a model's images lie, from the facts in its decoder file.

    Raises:
        ModelError: the facts do not fit the model.
    """
    facts = model.facts
    variance = variance_of_means(facts)
    if facts.kl is None or facts.z_mean is None or variance is None:
        return LatentSpace(np.zeros(model.latent_dim), np.ones(model.latent_dim), facts.kl, is_measured=False)
    total = variance + posterior_variance(facts.kl, facts.z_mean, variance)
    return LatentSpace(facts.z_mean, np.sqrt(total), facts.kl, is_measured=True)


def variance_of_means(facts: Facts) -> Float64 | None:
    """Return the variance (D,) of the posterior means; None if it is not known.

    A file has no covariance if there are more than 256 dimensions; the latents of its examples take its place.
    """
    if facts.z_covariance is not None:
        diagonal: Float64 = np.maximum(np.diagonal(facts.z_covariance), 0.0)
        return diagonal
    if facts.examples is not None and len(facts.examples) >= FEWEST_IMAGES:
        variance: Float64 = facts.examples.var(axis=0, dtype=np.float64)
        return variance
    return None


def parse_dims(text: str, space: LatentSpace) -> tuple[int, int]:
    """Return the two dimensions that --dims names: `2` for those with the most KL, or their numbers, `4,0`.

    Raises:
        OptionError: another text, a number out of range, twice the same, or a model of one dimension.
    """
    count = len(space.mean)
    if count < 2:
        raise OptionError("--dims needs a model of at least 2 latent dimensions, got 1.", option="--dims")
    if text.strip() == "2":
        first, second = map(int, space.by_kl()[:2])
        return first, second
    match = _PAIR.fullmatch(text)
    if match is None:
        raise OptionError(
            f"--dims must be 2, or two numbers of dimensions such as 4,0, got {shown(text)}.", option="--dims"
        )
    first, second = int(match[1]), int(match[2])
    if max(first, second) >= count:
        raise OptionError(f"--dims must be numbers from 0 to {count - 1}, got {text}.", option="--dims")
    if first == second:
        raise OptionError(f"--dims must be two different dimensions, got {text}.", option="--dims")
    return first, second
