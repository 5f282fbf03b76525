"""The classes of samples as the classifier sees them, and samples drawn of each class."""

from collections.abc import Mapping

import numpy as np

from vaecli.choices import PriorName
from vaecli.data.images import ImageSet
from vaecli.metrics.samples.classes import agreement, class_shares
from vaecli.runtime.model import Model
from vaecli.tasks.quality.judge import Float32, Judge
from vaecli.tasks.quality.seen import ClassRow, Confidence, SeenClasses


def drawn_classes(model: Model, judge: Judge, prior: PriorName | None) -> dict[int, str]:
    """Return the classes of which a model can draw samples and which the classifier knows: its number -> name.

    N(0, I) has no classes, so with it only a conditional model can.
    """
    if prior == "normal" and not model.info.is_conditional:
        return {}
    names = {name: number for number, name in enumerate(judge.class_names)}
    return {
        names[name]: name
        for number, name in enumerate(model.info.class_names)
        if name in names and model.priors.can_draw(number, prior)
    }


def seen_classes(
    judge: Judge,
    samples: Float32 | None,
    reference: Float32 | None,
    images: ImageSet,
    drawn: Mapping[int, Float32] | None = None,
) -> SeenClasses:
    """Return how the classifier sees each class; nothing without a classifier.

    Args:
        judge: the classifier.
        samples: logits (N, K) of samples.
        reference: logits (M, K) of the reference.
        images: the reference; without labels it is not known of which class its images are.
        drawn: number of a class -> logits (n, K) of samples that were drawn of it.
    """
    if samples is None or reference is None:
        return SeenClasses()
    shares, of_reference = class_shares(samples), class_shares(reference)
    of_class = drawn or {}
    rows = []
    for number, name in enumerate(judge.class_names):
        real = _of_class(reference, images, name)
        rows.append(
            ClassRow(
                name,
                float(shares.shares[number]),
                float(shares.errors[number]),
                float(of_reference.shares[number]),
                float(of_reference.errors[number]),
                *(agreement(of_class[number], number) if number in of_class else (None, None)),
                *(agreement(real, number) if len(real) else (None, None)),
            )
        )
    confidence = Confidence(
        shares.confidence,
        shares.confidence_error,
        of_reference.confidence,
        of_reference.confidence_error,
    )
    return SeenClasses(tuple(rows), confidence)


def _of_class(logits: Float32, images: ImageSet, name: str) -> Float32:
    """Return the logits of the images whose label has a name; none if the images have no labels."""
    if images.labels is None or name not in images.class_names:
        return logits[:0]
    return np.asarray(logits[np.asarray(images.labels) == images.class_names.index(name)])


def counts_of(total: int, classes: int) -> np.ndarray:
    """Return how many of `total` samples each class gets, (classes,); they differ by one at most."""
    return np.diff(np.linspace(0, total, classes + 1).astype(np.int64))
