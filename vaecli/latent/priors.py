"""Priors p(z): a decoder file names its own, and samples and bounds come from it."""

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
        name: in the metadata of a file.
    """

    name: PriorName

    def sample(self, normals: Float32, words: npt.NDArray[np.uint64]) -> Float32:
        """Latents (n, D) from standard normal rows (n, D) and their spare words (n, 4).

        Row i of the result depends on row i of both alone. Normals scaled by a factor give samples at that
        temperature.
        """

    def log_prob(self, z: npt.NDArray[Any]) -> Float64:
        """`log p(z)` of latents (..., D), in nats: (...)."""

    def kl(self, z_mean: npt.NDArray[Any], z_log_var: npt.NDArray[Any]) -> Float64 | None:
        """KL(N(z_mean, exp(z_log_var)) || p(z)) in closed form, (N,) in nats; None if there is none."""

    def arrays(self) -> Mapping[str, np.ndarray]:
        """The arrays that a file must hold to rebuild this prior."""


class StandardNormal:
    """N(0, I)."""

    name: PriorName = "normal"

    def sample(self, normals: Float32, words: npt.NDArray[np.uint64]) -> Float32:  # noqa: ARG002
        """The normals themselves."""
        return normals

    def log_prob(self, z: npt.NDArray[Any]) -> Float64:
        """The sum over dimensions of `log N(z; 0, 1)`."""
        density: Float64 = log_normal_standard(np.asarray(z, np.float64), np).sum(axis=-1)
        return density

    def kl(self, z_mean: npt.NDArray[Any], z_log_var: npt.NDArray[Any]) -> Float64 | None:
        """The sum over dimensions of the closed form."""
        mean, log_var = np.asarray(z_mean, np.float64), np.asarray(z_log_var, np.float64)
        divergence: Float64 = kl_to_standard_normal(mean, log_var, np).sum(axis=-1)
        return divergence

    def arrays(self) -> Mapping[str, np.ndarray]:
        """No arrays."""
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
