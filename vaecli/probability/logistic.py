"""8-bit pixels as a logistic distribution, cut into 256 bins: a true probability of the integers 0 to 255."""

from collections.abc import Mapping
from typing import Any

from vaecli.choices import LikelihoodName
from vaecli.probability.parameters import WithoutParameters

HALF_BIN = 1 / 255  # half the width of a bin, in [-1, 1]
LEAST_LOG_SCALE, MOST_LOG_SCALE = -7.0, 7.0  # a bin is as wide as 2 e^-4.8
INITIAL_LOG_SCALE = -1.0


class DiscretisedLogistic(WithoutParameters):
    """Pixels in 256 bins of a logistic distribution, whose location and scale the decoder gives for each pixel.

    The bins of 0 and 255 take the tails, so that the location may leave [-1, 1].
    Source: Salimans et al. 2017 (arXiv:1701.05517), with one component.
    """

    name: LikelihoodName = "logistic"
    outputs: tuple[str, ...] = ("location", "log_scale")
    normalised = True
    note = ""

    def log_prob(self, images: Any, outputs: Mapping[str, Any], xp: Any) -> Any:
        """Compute the log-probability of each pixel's bin, exactly for any location and scale.

        With a and b the distances of the bin's upper and lower edge from the location, in scales, the probability
        is sigma(a) - sigma(b) = sigma(a) sigma(-b) (1 - exp(b - a)). a - b is known without subtraction, so nothing
        cancels and no bin has the probability 0.
        """
        log_scale = xp.minimum(xp.maximum(outputs["log_scale"], LEAST_LOG_SCALE), MOST_LOG_SCALE)
        per_scale = xp.exp(-log_scale)
        offset = 2.0 * images - 1.0 - outputs["location"]
        below_upper = _log_sigmoid((offset + HALF_BIN) * per_scale, xp)
        above_lower = _log_sigmoid(-(offset - HALF_BIN) * per_scale, xp)
        inside = below_upper + above_lower + xp.log(-xp.expm1(-2 * HALF_BIN * per_scale))
        last = xp.where(images > 1 - 0.5 / 255, above_lower, inside)
        return xp.where(images < 0.5 / 255, below_upper, last)

    def log_prob_at(self, images: Any, mean: Any, outputs: Mapping[str, Any], xp: Any) -> Any:
        """Compute the log-probability of each pixel's bin with the location of `mean`."""
        return self.log_prob(images, dict(outputs) | {"location": 2.0 * mean - 1.0}, xp)

    def mean(self, outputs: Mapping[str, Any], xp: Any) -> Any:
        """Return the location as a pixel, cut to [0, 1]; it is the median, and the mean where no tail is cut."""
        return xp.minimum(xp.maximum(0.5 * outputs["location"] + 0.5, 0.0), 1.0)

    def initial_outputs(self, mean: float) -> dict[str, float]:
        """Return the location of `mean`, and a scale that covers most of the range of pixels."""
        mean = min(max(mean, 0.01), 0.99)
        return {"location": 2 * mean - 1, "log_scale": INITIAL_LOG_SCALE}


def _log_sigmoid(x: Any, xp: Any) -> Any:
    return xp.minimum(x, 0.0) - xp.log1p(xp.exp(-xp.abs(x)))
