"""The Fréchet distance between two sets of features, taken as Gaussians (Heusel et al. 2017, arXiv:1706.08500).

    d^2 = |m_1 - m_2|^2 + tr(S_1 + S_2 - 2 (S_1 S_2)^(1/2))

With S_1 = A^T A and S_2 = B^T B, the trace of the root is the sum of the singular values of A B^T. A and B are the
triangular factors of the centred features, so that no matrix root is taken, and sets of lower rank are exact.
"""

import dataclasses
from typing import NamedTuple

import numpy as np

from vaecli.metrics.samples.features import Float64, checked, require_pairs

ROWS = 4096  # images at a time


class Frechet(NamedTuple):
    """A Fréchet distance and its standard error.

    Attributes:
        distance: d^2 above.
        error: its standard error to the first order, for the choice of both sets. It leaves out that d^2 of
            finite sets is too large by about F (F + 1) / (2 N) times the variance of a feature. Where the
            distributions are equal there is no first order, and the error is about 1.4 times too large.
    """

    distance: float
    error: float


@dataclasses.dataclass(frozen=True, eq=False)
class _Gaussian:
    """Mean (F,) and triangular factor (R, F) of N features: the covariance is factor^T factor."""

    mean: Float64
    factor: Float64
    count: int


def frechet(reference: Float64, samples: Float64, *, paired: bool = False) -> Frechet:
    """Compute the Fréchet distance between features (N, F) and (M, F), N and M at least 2.

    Args:
        reference: features of real images.
        samples: features of the images that are judged.
        paired: whether sample i is made from reference image i, so that both are chosen together. It changes the
            standard error alone.

    Raises:
        DataError: features that `checked` refuses, or paired sets of different sizes.
    """
    sets = checked(reference, "the reference"), checked(samples, "the samples")
    first, second = _gaussian(sets[0]), _gaussian(sets[1])
    left, singular, right = np.linalg.svd(first.factor @ second.factor.T, full_matrices=False)
    shift = first.mean - second.mean
    spread = np.square(first.factor).sum() + np.square(second.factor).sum()
    distance = float(shift @ shift + spread - 2 * singular.sum())
    influences = [
        _influence(sets[0], first, shift, left, singular),
        _influence(sets[1], second, -shift, right.T, singular),
    ]
    if paired:
        require_pairs(*sets)
        influences = [influences[0] + influences[1]]
    variance = sum(influence.var(ddof=1) / len(influence) for influence in influences)
    return Frechet(max(distance, 0.0), float(np.sqrt(variance)))


def _gaussian(features: Float64) -> _Gaussian:
    """Compute mean and triangular factor, a block of images at a time."""
    mean = features.mean(axis=0)
    factor = np.zeros((0, features.shape[1]))
    for first in range(0, len(features), ROWS):
        block = features[first : first + ROWS] - mean
        factor = np.asarray(np.linalg.qr(np.concatenate([factor, block]), mode="r"))
    return _Gaussian(mean, factor / np.sqrt(len(features) - 1), len(features))


def _influence(
    features: Float64, gaussian: _Gaussian, shift: Float64, vectors: Float64, singular: Float64
) -> Float64:
    """Compute the influence of each image on the distance, (N,): its mean changes as the distance (delta method).

    The derivative with respect to a covariance is I - T, T the optimal transport map to the other Gaussian. With
    x = A^T a, the form x^T T x is that of the singular values: the sum of s_k (u_k^T a)^2.

    Args:
        features: (N, F)
        gaussian: their mean and factor.
        shift: (F,) their mean less that of the other set.
        vectors: (R, K) singular vectors u_k of A B^T on the side of these features.
        singular: (K,) singular values s_k.
    """
    inverse = np.linalg.pinv(gaussian.factor)  # (F, R)
    influence = np.empty(len(features))
    for first in range(0, len(features), ROWS):
        block = features[first : first + ROWS] - gaussian.mean
        transported = np.square(block @ inverse @ vectors) @ singular
        influence[first : first + ROWS] = 2 * block @ shift + np.square(block).sum(axis=1) - transported
    return influence
