"""Likelihoods p(x given z): what the decoder's raw outputs say about the pixels of an image.

One object each, chosen by name; the name is in the options and in the metadata of every exported file. `xp` is the
array module, numpy or `keras.ops`. Pixels are floats in [0, 1]; all values are in nats.
"""

import math
from collections.abc import Mapping
from typing import Any, Protocol

from vaecli.choices import LikelihoodName
from vaecli.errors import OptionError


class Likelihood(Protocol):
    """A distribution of pixels, given the decoder's outputs.

    Attributes:
        name: in options and metadata.
        outputs: the names of the decoder's raw outputs.
        normalised: whether `log_prob` is a log-probability of 8-bit pixels as they are, comparable with published
            log-likelihoods and convertible to bits per dimension.
        note: what a reader of its figures must know; may be empty.
    """

    name: LikelihoodName
    outputs: tuple[str, ...]
    normalised: bool
    note: str

    def log_prob(self, images: Any, outputs: Mapping[str, Any], xp: Any) -> Any:
        """Log-likelihood of each pixel, (..., H, W, C) in nats; sums over pixels are the caller's."""

    def mean(self, outputs: Mapping[str, Any], xp: Any) -> Any:
        """The mean image, (..., H, W, C) in [0, 1]."""

    def initial_outputs(self, mean: float) -> dict[str, float]:
        """Bias of each raw output of an untrained decoder, for pixels of this mean in [0, 1]."""


class Bernoulli:
    """Each pixel is 0 or 1 with probability sigmoid(logits); on grey pixels, minus the cross-entropy."""

    name: LikelihoodName = "bernoulli"
    outputs: tuple[str, ...] = ("logits",)
    normalised = False
    note = "cross-entropy; on grey pixels not a log-likelihood"

    def log_prob(self, images: Any, outputs: Mapping[str, Any], xp: Any) -> Any:
        """`x log p + (1 - x) log(1 - p)` with `p = sigmoid(l)`.

        Computed as `l x - max(l, 0) - log(1 + exp(-|l|))`, which does not overflow for any logit.
        """
        logits = outputs["logits"]
        return logits * images - xp.maximum(logits, 0.0) - xp.log1p(xp.exp(-xp.abs(logits)))

    def mean(self, outputs: Mapping[str, Any], xp: Any) -> Any:
        """`sigmoid(logits)`."""
        return sigmoid(outputs["logits"], xp)

    def initial_outputs(self, mean: float) -> dict[str, float]:
        """The log-odds of the mean, which is taken as at least 0.01 and at most 0.99."""
        mean = min(max(mean, 0.01), 0.99)
        return {"logits": math.log(mean / (1 - mean))}


LIKELIHOODS: Mapping[str, Likelihood] = {likelihood.name: likelihood for likelihood in (Bernoulli(),)}


def likelihood(name: str) -> Likelihood:
    """Look up a likelihood by its name.

    Raises:
        OptionError: an unknown name.
    """
    if name not in LIKELIHOODS:
        raise OptionError(
            f"--likelihood must be one of {', '.join(LIKELIHOODS)}, got {name!r}.", option="--likelihood"
        )
    return LIKELIHOODS[name]


def sigmoid(logits: Any, xp: Any) -> Any:
    """`1 / (1 + exp(-l))`; numpy, which has no sigmoid, computes it by tanh, which does not overflow."""
    return xp.sigmoid(logits) if hasattr(xp, "sigmoid") else 0.5 + 0.5 * xp.tanh(0.5 * logits)
