"""Log-densities of images given the decoder's output, and of latents."""

import math
from typing import Any

LOG_2_PI = math.log(2.0 * math.pi)


def bernoulli_cross_entropy(images: Any, logits: Any, xp: Any) -> Any:
    """Cross-entropy of each pixel, `-x log p - (1 - x) log(1 - p)` with `p = sigmoid(logits)`, in nats.

    `images`, floats in [0, 1], and `logits` have the same shape, and so has the result. It is computed as
    `max(l, 0) - l x + log(1 + exp(-|l|))`, which overflows for no logit. For pixels that are 0 or 1 it is
    `-log p(x|z)`; for grey pixels it is a cross-entropy and not a log-likelihood.
    """
    return xp.maximum(logits, 0.0) - logits * images + xp.log1p(xp.exp(-xp.abs(logits)))


def log_normal_standard(z: Any, xp: Any) -> Any:
    """`log N(z; 0, 1)` of each dimension, in nats; any shape."""
    return -0.5 * (LOG_2_PI + xp.square(z))


def log_normal(z: Any, z_mean: Any, z_log_var: Any, xp: Any) -> Any:
    """`log N(z; z_mean, exp(z_log_var))` of each dimension, in nats; the shapes broadcast."""
    return -0.5 * (LOG_2_PI + z_log_var + xp.square(z - z_mean) * xp.exp(-z_log_var))
