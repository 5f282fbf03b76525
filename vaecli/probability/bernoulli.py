"""Pixels as draws of a Bernoulli distribution, binary or continuous."""

import math
from collections.abc import Mapping
from typing import Any

from vaecli.choices import LikelihoodName
from vaecli.probability.parameters import WithoutParameters

SMALLEST_MEAN = 0.01  # of an untrained decoder; its largest is 1 - 0.01
TINY = 1e-30  # in place of 0 in a logarithm whose factor is 0
TABLE_SIZE = 100_001  # of logits and their means
SERIES_BELOW = 0.6  # half a logit, up to which log(sinh(u) / u) is a series: relative error 6e-9
MEAN_SERIES_BELOW = 0.25  # a logit, up to which the mean of a continuous Bernoulli is a series: error 3e-8


class Bernoulli(WithoutParameters):
    """Binary pixels, 1 with probability sigmoid(logits); on grey pixels `log_prob` is minus the cross-entropy."""

    name: LikelihoodName = "bernoulli"
    outputs: tuple[str, ...] = ("logits",)
    normalised = False

    def __init__(self, *, binarised: bool = False) -> None:
        self.binarised = binarised

    @property
    def note(self) -> str:
        """Return what the figures are, which differs for grey and for binarised pixels."""
        if self.binarised:
            return "of binarised pixels; not to be compared with figures of grey pixels"
        return "the reconstruction loss is a cross-entropy, and no log-likelihood of grey pixels"

    def log_prob(self, images: Any, outputs: Mapping[str, Any], xp: Any) -> Any:
        """Compute `x log p + (1 - x) log(1 - p)` with `p = sigmoid(l)`.

        The form `l x - max(l, 0) - log(1 + exp(-|l|))` does not overflow for any logit l.
        """
        logits = outputs["logits"]
        return logits * images - xp.maximum(logits, 0.0) - xp.log1p(xp.exp(-xp.abs(logits)))

    def log_prob_at(self, images: Any, mean: Any, outputs: Mapping[str, Any], xp: Any) -> Any:
        """Compute `x log m + (1 - x) log(1 - m)`, where 0 log 0 is 0; at `m = x` minus the pixel's own entropy."""
        del outputs
        black, white = xp.maximum(1.0 - mean, TINY), xp.maximum(mean, TINY)
        return images * xp.log(white) + (1.0 - images) * xp.log(black)

    def mean(self, outputs: Mapping[str, Any], xp: Any) -> Any:
        """Compute `sigmoid(logits)`."""
        return sigmoid(outputs["logits"], xp)

    def initial_outputs(self, mean: float) -> dict[str, float]:
        """Return the log-odds of `mean`, after clipping it to [0.01, 0.99]."""
        mean = min(max(mean, SMALLEST_MEAN), 1 - SMALLEST_MEAN)
        return {"logits": math.log(mean / (1 - mean))}


class ContinuousBernoulli(WithoutParameters):
    """Pixels in [0, 1] of the density C(l) exp(l x), where C makes its integral 1.

    Source: Loaiza-Ganem & Cunningham 2019 (arXiv:1907.06845).
    """

    name: LikelihoodName = "continuous-bernoulli"
    outputs: tuple[str, ...] = ("logits",)
    normalised = False
    note = "a density of pixels in [0, 1], without a bound above where many pixels are 0 or 1"

    def log_prob(self, images: Any, outputs: Mapping[str, Any], xp: Any) -> Any:
        """Compute `l (x - 1/2) - log(sinh(u) / u)` with `u = |l| / 2`, which serves both signs of the logit l.

        `log(sinh(u) / u)` is a series for small u, and `u - log(2 u) + log(1 - exp(-2 u))` for others.
        """
        logits = outputs["logits"]
        half = 0.5 * xp.abs(logits)
        square = half * half
        series = square * (
            1 / 6 - square * (1 / 180 - square * (1 / 2835 - square * (1 / 37800 - square / 467775.0)))
        )
        large = xp.maximum(
            half, SERIES_BELOW
        )  # the gradient of the branch that is not used must be finite, too
        others = large - xp.log(2 * large) + xp.log1p(-xp.exp(-2 * large))
        return logits * (images - 0.5) - xp.where(half < SERIES_BELOW, series, others)

    def log_prob_at(self, images: Any, mean: Any, outputs: Mapping[str, Any], xp: Any) -> Any:
        """Compute the log-density at the logits whose mean is `mean`, cut to [0.001, 0.999]."""
        del outputs
        return self.log_prob(images, {"logits": self._logits(mean)}, xp)

    def _logits(self, mean: Any) -> Any:
        """Return the logits of which `mean` is the mean, by linear interpolation in a table; in numpy."""
        import numpy as np  # noqa: PLC0415  # this module is loaded by commands that need no arrays

        mean = np.asarray(mean)
        logits = np.sinh(np.linspace(-7.6, 7.6, TABLE_SIZE))  # up to 1,000 in size, denser near 0
        table = self.mean({"logits": logits}, np)
        return np.interp(mean, table, logits).astype(mean.dtype)

    def mean(self, outputs: Mapping[str, Any], xp: Any) -> Any:
        """Compute `1/2 + coth(l / 2) / 2 - 1 / l`, which is not the sigmoid.

        It is `1/2 + l g(|l|)` with an even g. Near 0, where g is a difference of large numbers, it is g(1/4) plus
        the next term of its series, `(1/16 - l^2) / 720`. No branch is needed, which keeps exported graphs plain.
        """
        logits = outputs["logits"]
        size = xp.maximum(xp.abs(logits), MEAN_SERIES_BELOW)
        slope = (0.5 / xp.tanh(0.5 * size) - 1.0 / size) / size
        # for |l| above 1/4 the two squares are equal
        bounded = xp.minimum(xp.abs(logits), MEAN_SERIES_BELOW)
        return 0.5 + logits * (slope + (MEAN_SERIES_BELOW**2 - bounded * bounded) / 720)

    def initial_outputs(self, mean: float) -> dict[str, float]:
        """Return the logit of which `mean`, clipped to [0.01, 0.99], is the mean, from the same table."""
        return {"logits": float(self._logits(min(max(mean, SMALLEST_MEAN), 1 - SMALLEST_MEAN)))}


def sigmoid(logits: Any, xp: Any) -> Any:
    """Compute `1 / (1 + exp(-l))` of logits l; in numpy, which has no sigmoid, from tanh, which never overflows."""
    return xp.sigmoid(logits) if hasattr(xp, "sigmoid") else 0.5 + 0.5 * xp.tanh(0.5 * logits)
