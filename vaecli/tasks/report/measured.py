"""The measurements of a report beside the evaluation, taken once."""

import dataclasses
from collections.abc import Callable

from vaecli.pixels import Pixels
from vaecli.report.content import LeftOut
from vaecli.report.signs import Gap, Signs
from vaecli.tasks.report.activity import dead_units
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

STEPS = 5


@dataclasses.dataclass(frozen=True, eq=False)
class Measured:
    """The measurements of a report beside the evaluation.

    Attributes:
        encoded: latents of some images.
        closest: samples beside their nearest training images, or why there are none.
        extremes: images that stand out, or why there are none.
        signs: figures from which warnings follow.
    """

    encoded: Encoded
    closest: Closest | LeftOut
    extremes: list[Extremes | LeftOut]
    signs: Signs


def measure(subject: Subject, step: Callable[[], None]) -> Measured:
    """Measure what a report needs; `step` is called `STEPS` times, as the work goes on."""
    encoded = encode(subject)
    step()
    extremes = find_extremes(subject)
    step()
    samples = drawn_samples(subject, subject.evaluation.prior)
    gap, closest = _beside_training(subject, samples)
    step()
    dead = dead_units(subject)
    step()
    signs = signs_of(subject, encoded, samples, gap, dead)
    step()
    return Measured(encoded, closest, extremes, signs)


def _beside_training(subject: Subject, samples: Pixels) -> tuple[Gap | None, Closest | LeftOut]:
    training = training_images(subject)
    if isinstance(training, LeftOut):
        return None, training
    return gap_to_training(subject, training), closest_pairs(subject, training, samples)
