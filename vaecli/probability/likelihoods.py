"""Likelihoods p(x given z): the distribution of an image's pixels, given the decoder's raw outputs.

Each is one object, chosen by name; the name is in the options and in the metadata of every exported file. `xp` is
the array module, numpy or `keras.ops`. Pixels are floats in [0, 1]; all values are in nats.
"""

import math
from collections.abc import Mapping
from typing import Any, Protocol

from vaecli import checks
from vaecli.choices import LikelihoodName

TINY = 1e-30  # in place of 0 in a logarithm whose factor is 0


class Likelihood(Protocol):
    """A distribution of pixels, given the decoder's outputs.

    Attributes:
        name: name in options and metadata.
        outputs: names of the decoder's raw outputs.
        normalised: whether `log_prob` is a log-probability of 8-bit pixels, which can be compared with published
            log-likelihoods and converted to bits per dimension.
        note: warning to readers of this likelihood's figures; empty if there is none.
    """

    name: LikelihoodName
    outputs: tuple[str, ...]
    normalised: bool
    note: str

    def log_prob(self, images: Any, outputs: Mapping[str, Any], xp: Any) -> Any:
        """Compute the log-likelihood of each pixel, (..., H, W, C) in nats; the caller sums over pixels."""

    def log_prob_at(self, images: Any, mean: Any, outputs: Mapping[str, Any], xp: Any) -> Any:
        """Compute the log-likelihood of each pixel if the mean image were `mean`, all else being as in `outputs`.

        At `mean = images` no picture explains the pixels better. `mean` (..., H, W, C) is in [0, 1] and broadcasts.
        """

    def mean(self, outputs: Mapping[str, Any], xp: Any) -> Any:
        """Compute the mean image, (..., H, W, C) in [0, 1]."""

    def initial_outputs(self, mean: float) -> dict[str, float]:
        """Return the bias of each raw output of an untrained decoder, for pixels of this mean in [0, 1]."""


class Bernoulli:
    """Binary pixels, 1 with probability sigmoid(logits); on grey pixels `log_prob` is minus the cross-entropy."""

    name: LikelihoodName = "bernoulli"
    outputs: tuple[str, ...] = ("logits",)
    normalised = False
    note = "cross-entropy; on grey pixels not a log-likelihood"

    def log_prob(self, images: Any, outputs: Mapping[str, Any], xp: Any) -> Any:
        """Compute `x log p + (1 - x) log(1 - p)` with `p = sigmoid(l)`.

        The form `l x - max(l, 0) - log(1 + exp(-|l|))` does not overflow for any logit l.
        """
        logits = outputs["logits"]
        return logits * images - xp.maximum(logits, 0.0) - xp.log1p(xp.exp(-xp.abs(logits)))

    def log_prob_at(self, images: Any, mean: Any, outputs: Mapping[str, Any], xp: Any) -> Any:  # noqa: ARG002
        """Compute `x log m + (1 - x) log(1 - m)`, where 0 log 0 is 0; at `m = x` minus the pixel's own entropy."""
        black, white = xp.maximum(1.0 - mean, TINY), xp.maximum(mean, TINY)
        return images * xp.log(white) + (1.0 - images) * xp.log(black)

    def mean(self, outputs: Mapping[str, Any], xp: Any) -> Any:
        """Compute `sigmoid(logits)`."""
        return sigmoid(outputs["logits"], xp)

    def initial_outputs(self, mean: float) -> dict[str, float]:
        """Return the log-odds of `mean`, after clipping it to [0.01, 0.99]."""
        mean = min(max(mean, 0.01), 0.99)
        return {"logits": math.log(mean / (1 - mean))}


LIKELIHOODS: Mapping[str, Likelihood] = {likelihood.name: likelihood for likelihood in (Bernoulli(),)}


def likelihood(name: str) -> Likelihood:
    """Look up a likelihood by its name.

    Raises:
        OptionError: an unknown name.
    """
    checks.choice(name, "--likelihood", list(LIKELIHOODS))
    return LIKELIHOODS[name]


def sigmoid(logits: Any, xp: Any) -> Any:
    """Compute `1 / (1 + exp(-l))` of logits l; in numpy, which has no sigmoid, from tanh, which never overflows."""
    return xp.sigmoid(logits) if hasattr(xp, "sigmoid") else 0.5 + 0.5 * xp.tanh(0.5 * logits)
