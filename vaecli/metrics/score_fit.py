"""The fit of the score: a mixture on training images, quantiles and tails on validation images.

The images are not binarised for a model of binary pixels, because the pictures to be scored are not, either.
"""

import math

import numpy as np
import numpy.typing as npt

from vaecli.data.images import Images
from vaecli.errors import DataError
from vaecli.latent.fitting import FitOptions, fit_mixture
from vaecli.latent.mixture import MAX_FULL, Mixture, feature_count
from vaecli.metrics.protocol import Autoencoder, Float64
from vaecli.metrics.score import (
    AT_ONCE,
    LEVELS,
    STATISTICS,
    TAIL,
    Measured,
    Scorer,
    combined,
    components_of,
    measure_all,
)
from vaecli.pixels import chunk_length
from vaecli.probability.gaussian import active_dimensions
from vaecli.sample_size import FEWEST_IMAGES

MOST_MEASURED, LEAST_MEASURED = 20_000, 1000  # training images and validation images, evenly chosen
MOST_PIXELS = 2**25  # of these; 20,000 of 28 x 28 have half as many
MOST_COMPONENTS, MOST_VALUES = 60, 2**18  # of the mixture
IMAGES_PER_DIMENSION = 15  # of a component, on average
TOLERANCE, ITERATIONS = 1e-3, 40
FLOOR = 0.03  # of the covariances: a component that is narrow by chance would call its neighbours strange
GRANULE = 4096  # images read at a time, at most


def fit_scorer(
    model: Autoencoder,
    images: Images,
    held_out: npt.NDArray[np.bool_],
    *,
    seed: int = 0,
    threads: int = AT_ONCE,
) -> Scorer:
    """Fit the score of a model.

    Args:
        model: an exported model.
        images: (N, H, W, C) uint8, all that the model was trained with; at most 20,000 for training and as many for
            validation are measured, fewer of large ones.
        held_out: (N,) true for the validation images.
        seed: of the mixture's start.
        threads: number of threads.

    Raises:
        DataError: fewer than 100 training or validation images, too few for percentiles.
    """
    training, validation = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    for name, positions in (("training", training), ("validation", validation)):
        if len(positions) < FEWEST_IMAGES:
            raise DataError(f"A score needs at least {FEWEST_IMAGES} {name} images, got {len(positions)}.")
    measured = _measured(model, images, training, threads)
    # The other dimensions hold next to nothing but rounding errors, which whitening would enlarge.
    dimensions = np.flatnonzero(active_dimensions(measured.z_mean))
    if not len(dimensions):
        dimensions = np.array([measured.z_mean.var(axis=0).argmax()])
    mixture = _fit(measured.joint(dimensions), seed).rounded()
    measured = _measured(model, images, validation, threads)
    components = components_of(measured, dimensions, mixture)
    quantiles = {name: np.quantile(values, LEVELS) for name, values in components.items()}
    rates = np.array([tail_rate(components[name]) for name in STATISTICS])
    score = combined(components, quantiles, rates)
    ranked = np.stack([np.quantile(score, LEVELS), *quantiles.values()])
    return Scorer(dimensions, mixture, ranked, rates, len(validation))


def measured_count(count: int, shape: tuple[int, ...]) -> int:
    """Return how many of `count` images of `shape` (H, W, C) are measured for a fit."""
    return min(count, max(LEAST_MEASURED, min(MOST_MEASURED, MOST_PIXELS // math.prod(shape))))


def tail_rate(values: Float64) -> float:
    """Return the rate of an exponential tail beyond the 90th percentile of values (N,).

    It is 1 over the mean distance of those beyond; where all are equal, as large as a file may hold.
    """
    threshold = np.quantile(values, TAIL)
    beyond = float((values[values > threshold] - threshold).mean()) if (values > threshold).any() else 0.0
    return 1.0 / max(beyond, 1e-6)


def mixture_size(count: int, size: int) -> tuple[int, bool]:
    """Return the number of components over `size` coordinates of `count` images, and whether they are diagonal."""
    diagonal = size > MAX_FULL or count < IMAGES_PER_DIMENSION * size
    by_file = MOST_VALUES // feature_count(size, diagonal=diagonal)
    by_images = count // (IMAGES_PER_DIMENSION * size)
    return max(1, min(MOST_COMPONENTS, by_images, by_file)), diagonal


def _fit(joint: Float64, seed: int) -> Mixture:
    """Fit the mixture to rows (N, D + 2), with as many components as images and the file allow."""
    components, diagonal = mixture_size(*joint.shape)
    options = FitOptions(
        components, diagonal=diagonal, iterations=ITERATIONS, tolerance=TOLERANCE, floor=FLOOR, seed=seed
    )
    return fit_mixture(joint, options).mixture


def _measured(
    model: Autoencoder, images: Images, positions: npt.NDArray[np.integer], threads: int
) -> Measured:
    """Measure images at some of the `positions`, evenly chosen, in bounded memory."""
    count = measured_count(len(positions), model.image_shape)
    evenly = np.linspace(0, len(positions) - 1, count).astype(np.int64)
    positions = positions[evenly]
    granule = chunk_length(model.image_shape, most=GRANULE)
    parts = [
        measure_all(model, images[positions[start : start + granule]], threads=threads)
        for start in range(0, len(positions), granule)
    ]
    return Measured(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
