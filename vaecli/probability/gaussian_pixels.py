"""Pixels with Gaussian noise of one learned deviation."""

import math
from collections.abc import Mapping
from typing import Any

from vaecli.choices import LikelihoodName
from vaecli.probability.bernoulli import Bernoulli, sigmoid

LEAST_LOG_SIGMA = -6.0  # half a grey level is -6.2; a smaller deviation would reward rounding errors
MOST_LOG_SIGMA = 700.0  # of which a float holds the exponential
INITIAL_LOG_SIGMA = -1.5
HALF_LOG_2_PI = 0.5 * math.log(2 * math.pi)


class GaussianPixels:
    """Pixels of mean sigmoid(logits) and one deviation sigma for all pixels of all images.

    Source: Rybkin et al. 2021 (arXiv:2006.13202), with sigma learned by gradient descent.
    """

    name: LikelihoodName = "gaussian"
    outputs: tuple[str, ...] = ("logits",)
    normalised = False
    binarised = False
    note = "a density of pixels in [0, 1], not a probability of 8-bit pixels"

    def __init__(self, log_sigma: float = INITIAL_LOG_SIGMA) -> None:
        self.log_sigma = log_sigma

    @property
    def parameters(self) -> dict[str, float]:
        """Return `log_sigma`."""
        return {"log_sigma": self.log_sigma}

    @property
    def sigma(self) -> float:
        """The deviation of a pixel, of which a pixel's range is 1."""
        return math.exp(min(max(self.log_sigma, LEAST_LOG_SIGMA), MOST_LOG_SIGMA))

    def with_parameters(self, values: Mapping[str, float]) -> "GaussianPixels":
        """Return the likelihood with another `log_sigma`."""
        return GaussianPixels(**values)

    def log_prob(self, images: Any, outputs: Mapping[str, Any], xp: Any) -> Any:
        """Compute `log_prob_at` the mean of the outputs."""
        return self.log_prob_at(images, self.mean(outputs, xp), outputs, xp)

    def log_prob_at(self, images: Any, mean: Any, outputs: Mapping[str, Any], xp: Any) -> Any:
        """Compute `-(x - mean)^2 / (2 sigma^2) - log sigma - log(2 pi) / 2`, with `log sigma` at least -6."""
        if "log_sigma" in outputs:
            log_sigma = xp.maximum(outputs["log_sigma"], LEAST_LOG_SIGMA)
            per_sigma = xp.exp(-log_sigma)
        else:  # a plain number, which leaves the type of the pixels as it is
            log_sigma = max(self.log_sigma, LEAST_LOG_SIGMA)
            per_sigma = math.exp(-log_sigma)
        deviations = (images - mean) * per_sigma
        return -0.5 * deviations * deviations - log_sigma - HALF_LOG_2_PI

    def mean(self, outputs: Mapping[str, Any], xp: Any) -> Any:
        """Compute `sigmoid(logits)`."""
        return sigmoid(outputs["logits"], xp)

    def initial_outputs(self, mean: float) -> dict[str, float]:
        """Return the log-odds of `mean`, after clipping it to [0.01, 0.99]."""
        return Bernoulli().initial_outputs(mean)
