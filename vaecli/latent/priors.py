"""Priors p(z). A decoder file names its prior; samples and bounds on log p(x) are computed with it."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from vaecli.choices import PriorName
from vaecli.errors import ModelError
from vaecli.probability.gaussian import kl_to_standard_normal, log_normal_standard

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]


class Prior(Protocol):
    """The prior density p(z) of latents (..., D).

    Attributes:
        name: the prior's name in the metadata of a decoder file.
    """

    name: PriorName

    def sample(self, normals: Float32, words: npt.NDArray[np.uint64]) -> Float32:
        """Turn random numbers into latents (n, D).

        Row i of the result depends only on row i of both arguments.

        Args:
            normals: (n, D), standard normal; multiplied by t, they give samples at temperature t.
            words: (n, 4), further random bits for a prior that needs them.
        """

    def log_prob(self, z: npt.NDArray[Any]) -> Float64:
        """Compute `log p(z)` of latents (..., D), in nats: (...)."""

    def kl(self, z_mean: npt.NDArray[Any], z_log_var: npt.NDArray[Any]) -> Float64 | None:
        """Compute KL(N(z_mean, exp(z_log_var)) || p(z)), (N,) in nats; None if there is no closed form."""

    def arrays(self) -> Mapping[str, np.ndarray]:
        """Return the arrays, by name, that a decoder file must hold so that this prior can be rebuilt."""


class StandardNormal:
    """The prior N(0, I)."""

    name: PriorName = "normal"

    def sample(self, normals: Float32, words: npt.NDArray[np.uint64]) -> Float32:  # noqa: ARG002
        """Return the normals unchanged."""
        return normals

    def log_prob(self, z: npt.NDArray[Any]) -> Float64:
        """Compute the sum over dimensions of `log N(z; 0, 1)`."""
        density: Float64 = log_normal_standard(np.asarray(z, np.float64), np).sum(axis=-1)
        return density

    def kl(self, z_mean: npt.NDArray[Any], z_log_var: npt.NDArray[Any]) -> Float64 | None:
        """Compute the KL to N(0, I) in closed form, summed over dimensions: (N,)."""
        mean, log_var = np.asarray(z_mean, np.float64), np.asarray(z_log_var, np.float64)
        divergence: Float64 = kl_to_standard_normal(mean, log_var, np).sum(axis=-1)
        return divergence

    def arrays(self) -> Mapping[str, np.ndarray]:
        """Return an empty mapping: N(0, I) has no parameters."""
        return {}


def prior(name: str) -> Prior:
    """Return the prior of this name.

    Raises:
        ModelError: the name is not known.
    """
    if name != StandardNormal.name:
        raise ModelError(
            f"The prior must be {StandardNormal.name}, got {name!r}.", hint="pip install --upgrade vaecli"
        )
    return StandardNormal()
