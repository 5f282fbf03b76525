"""All metrics of two sets of features, with the time that each takes."""

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping

import numpy.typing as npt

from vaecli.metrics.samples.features import Float64, checked_pair
from vaecli.metrics.samples.frechet import frechet
from vaecli.metrics.samples.kernel import kernel_distance
from vaecli.metrics.samples.neighbours import neighbours

Values = Mapping[str, float]
NEIGHBOURS = ("precision", "recall", "density", "coverage")


@dataclasses.dataclass(frozen=True)
class Comparison:
    """The metrics of images against a reference.

    Attributes:
        values: name of each metric of `SAMPLE_METRICS` -> value.
        errors: name -> standard error, for the choice of the images of both sets. Where these are of the same
            distribution, that of `frechet` and `kernel` is about 1.4 times too large.
        n_images: number of images that were judged.
        seconds: `frechet`, `kernel` and `neighbours`, which are all others together -> duration.
    """

    values: Values
    errors: Values
    n_images: int
    seconds: Mapping[str, float]


def compare(
    reference: npt.ArrayLike,
    images: npt.ArrayLike,
    *,
    paired: bool = False,
    step: Callable[[str], None] = lambda _metric: None,
) -> Comparison:
    """Compare features (M, F) with those of the reference (N, F).

    Args:
        reference: features of real images.
        images: features of the images that are judged.
        paired: whether image i is made from reference image i, as a reconstruction is. Both are then chosen
            together, which changes the standard errors and no value.
        step: called with the name of what is done: `frechet`, `kernel`, `neighbours`.

    Raises:
        DataError: features that `checked_pair` refuses, or paired sets of different sizes.
    """
    x, y = checked_pair(reference, images)
    values: dict[str, float] = {}
    errors: dict[str, float] = {}
    seconds: dict[str, float] = {}
    for name, results in (("frechet", _frechet), ("kernel", _kernel), ("neighbours", _neighbours)):
        began = time.perf_counter()
        for metric, value, error in results(x, y, paired=paired):
            values[metric], errors[metric] = value, error
        seconds[name] = time.perf_counter() - began
        step(name)
    return Comparison(values, errors, len(y), seconds)


def _frechet(x: Float64, y: Float64, *, paired: bool) -> Iterator[tuple[str, float, float]]:
    yield "frechet", *frechet(x, y, paired=paired)


def _kernel(x: Float64, y: Float64, *, paired: bool) -> Iterator[tuple[str, float, float]]:
    yield "kernel", *kernel_distance(x, y, paired=paired)


def _neighbours(x: Float64, y: Float64, *, paired: bool) -> Iterator[tuple[str, float, float]]:
    of_images = neighbours(x, y, paired=paired)
    for name in NEIGHBOURS:
        column: Float64 = getattr(of_images, name)
        yield name, float(column.mean()), of_images.errors[name]
