"""Priors p(z). A decoder file names its prior, from which its samples and bounds follow."""

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
    """A density over latents (..., D).

    Attributes:
        name: name in the metadata of a file.
    """

    name: PriorName

    def sample(self, normals: Float32, words: npt.NDArray[np.uint64]) -> Float32:
        """Return latents (n, D) from standard normal rows (n, D) and their spare words (n, 4).

        Row i of the result depends only on row i of both. Normals times a factor give samples at that temperature.
        """

    def log_prob(self, z: npt.NDArray[Any]) -> Float64:
        """Compute `log p(z)` of latents (..., D), in nats: (...)."""

    def kl(self, z_mean: npt.NDArray[Any], z_log_var: npt.NDArray[Any]) -> Float64 | None:
        """Compute KL(N(z_mean, exp(z_log_var)) || p(z)), (N,) in nats; None if there is no closed form."""

    def arrays(self) -> Mapping[str, np.ndarray]:
        """Return the arrays that a file must hold to rebuild this prior."""


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
        """Compute the sum over dimensions of the closed form."""
        mean, log_var = np.asarray(z_mean, np.float64), np.asarray(z_log_var, np.float64)
        divergence: Float64 = kl_to_standard_normal(mean, log_var, np).sum(axis=-1)
        return divergence

    def arrays(self) -> Mapping[str, np.ndarray]:
        """Return no arrays."""
        return {}


def prior(name: str) -> Prior:
    """Build a prior by the name that a file gives.

    Raises:
        ModelError: an unknown name.
    """
    if name != StandardNormal.name:
        raise ModelError(
            f"The prior must be {StandardNormal.name}, got {name!r}.", hint="pip install --upgrade vaecli"
        )
    return StandardNormal()
