"""The classes of images as a classifier sees them: shares, confidence, and agreement with the classes asked for."""

import dataclasses

import numpy as np
import numpy.typing as npt

from vaecli.metrics.samples.features import Float64
from vaecli.metrics.shares import share_error


@dataclasses.dataclass(frozen=True)
class ClassShares:
    """How many images a classifier takes for each class.

    Attributes:
        shares: (K,) share of each class.
        errors: (K,) their standard errors, which are not 0 for shares of 0 or 1.
        confidence: mean probability of the most likely class.
        confidence_error: its standard error.
    """

    shares: Float64
    errors: Float64
    confidence: float
    confidence_error: float


def probabilities(logits: npt.NDArray[np.floating]) -> Float64:
    """Return the softmax (N, K) of logits (N, K)."""
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=1, keepdims=True)
    weights: Float64 = np.exp(shifted)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def class_shares(logits: npt.NDArray[np.floating]) -> ClassShares:
    """Return the shares of the classes among N images with logits (N, K), N at least 2."""
    hits = np.bincount(logits.argmax(axis=1), minlength=logits.shape[1])
    likeliest = probabilities(logits).max(axis=1)
    confidence_error = likeliest.std(ddof=1) / np.sqrt(len(logits))
    return ClassShares(
        hits / len(logits),
        share_error(hits, len(logits)),
        float(likeliest.mean()),
        float(confidence_error),
    )


def agreement(logits: npt.NDArray[np.floating], label: int) -> tuple[float, float]:
    """Return the share of images with logits (N, K) whose likeliest class is `label`, and its standard error.

    The error is not 0 for a share of 0 or 1.
    """
    hits = logits.argmax(axis=1) == label
    return float(hits.mean()), float(share_error(hits.sum(), len(logits)))
