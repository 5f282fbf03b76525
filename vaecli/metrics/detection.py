"""How well a score tells other images from normal ones."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vaecli.metrics.protocol import Float64


class Detection(NamedTuple):
    """Figures of a detector on labelled images.

    Attributes:
        auroc: share of pairs of a normal and another image in which the other has the higher score.
        f1: harmonic mean of precision and recall of the marked images.
        precision: share of others among the marked images; NaN if none is marked.
        recall: share of the others that are marked.
    """

    auroc: float
    f1: float
    precision: float
    recall: float


def auroc(scores: npt.ArrayLike, is_other: npt.ArrayLike) -> float:
    """Compute the area under the ROC curve from scores (N,) and labels (N,) bool; NaN if a side is empty.

    A pair of equal scores counts half (Mann and Whitney 1947).
    """
    values, other = np.asarray(scores, np.float64), np.asarray(is_other, bool)
    others, normals = int(other.sum()), int((~other).sum())
    if not others or not normals:
        return float("nan")
    return float((ranks(values)[other].sum() - others * (others + 1) / 2) / (others * normals))


def ranks(values: Float64) -> Float64:
    """Return the rank of each of values (N,), from 1; equal values share the mean of their ranks."""
    _, position, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    shared: Float64 = (last - (counts - 1) / 2)[position]
    return shared


def detection(scores: npt.ArrayLike, is_other: npt.ArrayLike, is_marked: npt.ArrayLike) -> Detection:
    """Judge scores (N,) and marks (N,) bool by whether each image is another than normal, (N,) bool."""
    other, marked = np.asarray(is_other, bool), np.asarray(is_marked, bool)
    hits, total = int((other & marked).sum()), int(marked.sum()) + int(other.sum())
    precision = hits / int(marked.sum()) if marked.any() else float("nan")
    recall = hits / int(other.sum()) if other.any() else float("nan")
    return Detection(auroc(scores, other), 2 * hits / total if total else float("nan"), precision, recall)
