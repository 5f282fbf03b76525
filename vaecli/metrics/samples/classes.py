"""The classes of images as a classifier sees them: shares, confidence, and agreement with the classes asked for."""

import dataclasses

import numpy as np
import numpy.typing as npt

from vaecli.metrics.samples.features import Float64


@dataclasses.dataclass(frozen=True)
class ClassShares:
    """How many images a classifier takes for each class.

    Attributes:
        shares: (K,) share of each class.
        errors: (K,) their standard errors.
        confidence: mean probability of the most likely class.
    """

    shares: Float64
    errors: Float64
    confidence: float


def probabilities(logits: npt.NDArray[np.floating]) -> Float64:
    """Return the softmax (N, K) of logits (N, K)."""
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=1, keepdims=True)
    weights: Float64 = np.exp(shifted)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def class_shares(logits: npt.NDArray[np.floating]) -> ClassShares:
    """Return the shares of the classes among N images with logits (N, K)."""
    predicted, count = logits.argmax(axis=1), len(logits)
    shares = np.bincount(predicted, minlength=logits.shape[1]) / count
    errors = np.sqrt(shares * (1 - shares) / count)
    return ClassShares(shares, errors, float(probabilities(logits).max(axis=1).mean()))


def agreement(logits: npt.NDArray[np.floating], label: int) -> tuple[float, float]:
    """Return the share of images with logits (N, K) whose likeliest class is `label`, and its standard error."""
    share = float((logits.argmax(axis=1) == label).mean())
    return share, float(np.sqrt(share * (1 - share) / len(logits)))
