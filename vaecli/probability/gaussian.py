"""Gaussian formulas: log-densities, the KL divergence to N(0, I), the reparametrised sample."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

LOG_2_PI = math.log(2.0 * math.pi)
ACTIVE_VARIANCE = 0.01


def kl_to_standard_normal(z_mean: Any, z_log_var: Any, xp: Any) -> Any:
    """Compute KL(N(z_mean, exp(z_log_var)) || N(0, 1)) of each dimension, (N, D) in nats, from arrays (N, D).

    Its sum over D is the KL term of the ELBO.
    Source: Kingma & Welling 2014, appendix B (arXiv:1312.6114).
    """
    return 0.5 * (xp.square(z_mean) + xp.exp(z_log_var) - 1.0 - z_log_var)


def kl_divergence(z_mean: Any, z_log_var: Any, other_mean: Any, other_log_var: Any, xp: Any) -> Any:
    """Compute KL(N(z_mean, exp(z_log_var)) || N(other_mean, exp(other_log_var))) of each dimension, in nats.

    The shapes broadcast. With N(0, 1) as the other it is `kl_to_standard_normal`.
    """
    distance = (z_mean - other_mean) * xp.exp(-0.5 * other_log_var)
    return kl_to_standard_normal(distance, z_log_var - other_log_var, xp)


def sample_posterior(z_mean: Any, z_log_var: Any, noise: Any, xp: Any) -> Any:
    """Return the samples `z = z_mean + exp(z_log_var / 2) * noise`, (N, D), from standard normal noise (N, D).

    Source: the reparametrisation of Kingma & Welling 2014, section 2.4 (arXiv:1312.6114).
    """
    return z_mean + xp.exp(0.5 * z_log_var) * noise


def log_normal_standard(z: Any, xp: Any) -> Any:
    """Compute `log N(z; 0, 1)` of each dimension, in nats, for any shape."""
    return -0.5 * (LOG_2_PI + xp.square(z))


def log_normal(z: Any, z_mean: Any, z_log_var: Any, xp: Any) -> Any:
    """Compute `log N(z; z_mean, exp(z_log_var))` of each dimension, in nats; the shapes broadcast."""
    return -0.5 * (LOG_2_PI + z_log_var + xp.square(z - z_mean) * xp.exp(-z_log_var))


def active_dimensions(z_mean: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Return which latent dimensions (D,) have posterior means (N, D) with a variance over the images above 0.01.

    Source: Burda, Grosse & Salakhutdinov 2016, section 5.2 (arXiv:1509.00519).
    """
    active: npt.NDArray[np.bool_] = np.asarray(z_mean, np.float64).var(axis=0) > ACTIVE_VARIANCE
    return active


def active_units(z_mean: npt.NDArray[Any]) -> int:
    """Count the active dimensions of posterior means (N, D)."""
    return int(np.count_nonzero(active_dimensions(z_mean)))
