"""How a classifier sees each class: shares, agreement with labels, confidence."""

import dataclasses
import math
import statistics
from collections.abc import Iterable
from typing import NamedTuple


@dataclasses.dataclass(frozen=True)
class ClassRow:
    """A class as the classifier sees it.

    Attributes:
        name: of the class.
        samples: share of the samples that it takes for this class.
        samples_error: its standard error.
        reference: the same share of the reference images.
        reference_error: its standard error.
        agreement: share of the samples that were drawn of this class and are taken for it; None if none were.
        agreement_error: its standard error.
        agreement_reference: share of the reference images of this class that are taken for it; None without labels.
        agreement_reference_error: its standard error.
    """

    name: str
    samples: float
    samples_error: float
    reference: float
    reference_error: float
    agreement: float | None = None
    agreement_error: float | None = None
    agreement_reference: float | None = None
    agreement_reference_error: float | None = None


class Confidence(NamedTuple):
    """Mean probability of the class that an image is taken for, of samples and of reference images.

    Attributes:
        samples: of the samples of all seeds.
        samples_error: its standard error.
        reference: of the reference images.
        reference_error: its standard error.
    """

    samples: float
    samples_error: float
    reference: float
    reference_error: float


class SeenClasses(NamedTuple):
    """How a classifier sees each class, and how sure it is; empty without a classifier."""

    rows: tuple[ClassRow, ...] = ()
    confidence: Confidence | None = None


class Share(NamedTuple):
    """A share of images and its standard error."""

    value: float
    error: float


def mean_share(shares: Iterable[tuple[float | None, float | None]]) -> Share | None:
    """Return the mean of the shares of classes, as far as they are known, with its standard error."""
    known = [(value, error) for value, error in shares if value is not None and error is not None]
    if not known:
        return None
    variance = sum(error**2 for _, error in known)
    return Share(statistics.fmean(value for value, _ in known), math.sqrt(variance) / len(known))
