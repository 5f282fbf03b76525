"""The classes of samples as the classifier sees them, and samples drawn of each class."""

from collections.abc import Mapping

import numpy as np

from vaecli.choices import PriorName
from vaecli.metrics.samples.classes import agreement, class_shares
from vaecli.runtime.model import Model
from vaecli.tasks.quality.judge import Float32, Judge
from vaecli.tasks.quality.result import ClassRow


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


def class_rows(
    judge: Judge, samples: Float32, reference: Float32, drawn: Mapping[int, Float32]
) -> tuple[ClassRow, ...]:
    """Return how the classifier sees each class.

    Args:
        judge: the classifier.
        samples: logits (N, K) of samples.
        reference: logits (M, K) of the reference.
        drawn: number of a class -> logits (n, K) of samples that were drawn of it.
    """
    shares, of_reference = class_shares(samples), class_shares(reference)
    rows = []
    for number, name in enumerate(judge.class_names):
        share, error = agreement(drawn[number], number) if number in drawn else (None, None)
        rows.append(
            ClassRow(
                name,
                float(shares.shares[number]),
                float(shares.errors[number]),
                float(of_reference.shares[number]),
                share,
                error,
            )
        )
    return tuple(rows)


def counts_of(total: int, classes: int) -> np.ndarray:
    """Return how many of `total` samples each class gets, (classes,); they differ by one at most."""
    return np.diff(np.linspace(0, total, classes + 1).astype(np.int64))
