"""How far the posterior q(z|x) is from the prior p(z)."""

from typing import Any


def kl_to_standard_normal(z_mean: Any, z_log_var: Any, xp: Any) -> Any:
    """KL(N(z_mean, exp(z_log_var)) || N(0, 1)) of each dimension, in nats.

    `z_mean` and `z_log_var` are (N, D), and so is the result; its sum over D is the KL term of the ELBO.
    Source: Kingma & Welling 2014, appendix B (arXiv:1312.6114).
    """
    return 0.5 * (xp.square(z_mean) + xp.exp(z_log_var) - 1.0 - z_log_var)
