"""Samples of the posterior q(z|x)."""

from typing import Any


def sample_posterior(z_mean: Any, z_log_var: Any, noise: Any, xp: Any) -> Any:
    """`z = z_mean + exp(z_log_var / 2) * noise`: the reparametrisation of Kingma & Welling 2014, section 2.4.

    All are (N, D). The noise is standard normal and the caller's, so the same noise gives the same z.
    """
    return z_mean + xp.exp(0.5 * z_log_var) * noise
