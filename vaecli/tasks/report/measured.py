"""The measurements of a report beside the evaluation, taken once."""

import dataclasses
from collections.abc import Callable

from vaecli.data.images import ImageSet
from vaecli.report.content import LeftOut
from vaecli.report.signs import Signs
from vaecli.tasks.quality.steps import Steps
from vaecli.tasks.report.activity import dead_units
from vaecli.tasks.report.different import GAP, LATENTS, LEVELS, UNITS, missing
from vaecli.tasks.report.encoded import Encoded, encode
from vaecli.tasks.report.extremes import Extremes, find_extremes
from vaecli.tasks.report.signs import signs_of
from vaecli.tasks.report.subject import Subject
from vaecli.tasks.report.training import (
    Closest,
    closest_pairs,
    drawn_samples,
    gap_to_training,
    training_images,
)

PARTS = 5


@dataclasses.dataclass(frozen=True, eq=False)
class Measured:
    """The measurements of a report beside the evaluation.

    Attributes:
        encoded: latents of some images.
        closest: samples beside their nearest training images, or why there are none.
        extremes: images that stand out, or why there are none.
        signs: figures from which warnings follow.
        unchecked: checks that are left out, as there are too few different images.
    """

    encoded: Encoded
    closest: Closest | LeftOut
    extremes: list[Extremes | LeftOut]
    signs: Signs
    unchecked: list[LeftOut]


def measure(subject: Subject, steps: Steps, advance: Callable[[int], None]) -> Measured:
    """Measure what a report needs; `advance` is called with 1 after each of `PARTS` parts."""
    with steps.step("latents"):
        encoded = encode(subject)
    advance(1)
    with steps.step("worst images"):
        extremes = find_extremes(subject, steps)
    advance(1)
    with steps.step("closest pairs"):
        samples = drawn_samples(subject, subject.evaluation.prior)
        training = training_images(subject, steps.report)
        closest = (
            training if isinstance(training, LeftOut) else closest_pairs(subject, training, samples, steps)
        )
    advance(1)
    gap = None
    if isinstance(training, ImageSet):
        with steps.step("gap"):
            gap = gap_to_training(subject, training, steps)
    advance(1)
    with steps.step("warnings"):
        signs = signs_of(subject, encoded, samples, gap, dead_units(subject, steps))
    advance(1)
    gaps = (GAP,) if isinstance(training, ImageSet) else ()
    reasons = [missing(subject, need) for need in (LATENTS, UNITS, LEVELS, *gaps)]
    return Measured(encoded, closest, extremes, signs, [reason for reason in reasons if reason])
