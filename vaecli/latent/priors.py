"""Priors p(z). A decoder file names its prior; samples and bounds on log p(x) are computed with it."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from vaecli.choices import PRIORS, PriorName
from vaecli.errors import ModelError
from vaecli.latent.mixture import Mixture
from vaecli.probability.gaussian import kl_to_standard_normal, log_normal_standard

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

_ROWS_AT_ONCE = 1024  # keeps the working set in the cache


class Density(Protocol):
    """The density p(z) of latents (..., D), as bounds on log p(x) need it.

    Attributes:
        name: the prior's name in the metadata of a decoder file.
    """

    name: PriorName

    def log_prob(self, z: npt.NDArray[Any]) -> Float64:
        """Compute `log p(z)` of latents (..., D), in nats: (...)."""

    def kl(self, z_mean: npt.NDArray[Any], z_log_var: npt.NDArray[Any]) -> Float64 | None:
        """Compute KL(N(z_mean, exp(z_log_var)) || p(z)), (N,) in nats; None if there is no closed form."""


class Prior(Density, Protocol):
    """A prior that can be sampled and stored."""

    def sample(self, normals: Float32, words: npt.NDArray[np.uint64]) -> Float32:
        """Turn random numbers into latents (n, D).

        Row i of the result depends only on row i of both arguments.

        Args:
            normals: (n, D), standard normal; multiplied by t, they give samples at temperature t.
            words: (n, 4), further random bits for a prior that needs them.
        """

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


class MixturePrior:
    """A Gaussian mixture as prior.

    The first spare word of a row chooses the component, and the row's normals place the latent within it. Each
    latent is computed by the same operations in the same order, without BLAS, whatever others are drawn with it.
    """

    name: PriorName = "mixture"

    def __init__(self, mixture: Mixture) -> None:
        self.mixture = mixture
        self._cumulative = np.cumsum(mixture.weights)
        columns = mixture.scales[:, :, None] if mixture.is_diagonal else mixture.scales
        self._columns = np.ascontiguousarray(
            np.moveaxis(columns, 2, 0)
        )  # (D, K, D), or (1, K, D) if diagonal

    def sample(self, normals: Float32, words: npt.NDArray[np.uint64]) -> Float32:
        """Place each row of normals in the component that the first of its words chooses."""
        z = np.empty_like(normals)
        for start in range(0, len(normals), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            component, noise = self._component(words[rows, 0]), normals[rows].astype(np.float64)
            exact = self.mixture.means[component]
            if self.mixture.is_diagonal:
                exact += self._columns[0][component] * noise
            else:
                for number, column in enumerate(self._columns):
                    exact += column[component] * noise[:, number, None]
            z[rows] = exact
        return z

    def log_prob(self, z: npt.NDArray[Any]) -> Float64:
        """Compute the log-density under the mixture."""
        return self.mixture.log_prob(z)

    def kl(self, z_mean: npt.NDArray[Any], z_log_var: npt.NDArray[Any]) -> Float64 | None:  # noqa: ARG002
        """Return None: the KL to a mixture has no closed form."""
        return None

    def arrays(self) -> Mapping[str, np.ndarray]:
        """Return weights (K,), means (K, D) and factors of the covariances, (K, D, D) or (K, D)."""
        return {"weights": self.mixture.weights, "means": self.mixture.means, "scales": self.mixture.scales}

    def _component(self, words: npt.NDArray[np.uint64]) -> npt.NDArray[np.intp]:
        """Return the component (n,) that each word chooses, by its upper 53 bits."""
        uniform = (words >> np.uint64(11)).astype(np.float64) * 2.0**-53
        numbers = np.searchsorted(self._cumulative, uniform, side="right")
        return np.minimum(numbers, len(self._cumulative) - 1)  # the sum of the weights may be below 1


def prior(name: str, mixture: Mixture | None = None) -> Prior:
    """Return the prior of this name.

    Raises:
        ModelError: the name is not known, or the prior is a mixture and none is given.
    """
    if name == MixturePrior.name and mixture is not None:
        return MixturePrior(mixture)
    if name == MixturePrior.name:
        raise ModelError("A prior that is a mixture needs its components, got none.", hint="Export it again.")
    if name != StandardNormal.name:
        raise ModelError(
            f"The prior must be {' or '.join(PRIORS)}, got {name!r}.", hint="pip install --upgrade vaecli"
        )
    return StandardNormal()
