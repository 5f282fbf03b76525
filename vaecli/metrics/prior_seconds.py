"""How long the fit of the prior takes on this machine, measured on one iteration of a small one."""

import time

import numpy as np

from vaecli.latent.fitting import FitOptions, expect, start
from vaecli.latent.mixture import MAX_FULL
from vaecli.latent.posterior_fit import Posteriors
from vaecli.latent.prior_sizes import CLASS_COMPONENTS, COMPONENTS
from vaecli.metrics.prior_fit import CLASS_ITERATIONS, ITERATIONS, SEARCH_ITERATIONS

MOST_PROBED = 4096  # latents of the probe
ROUNDS = 6  # of which the fastest counts: the first one starts threads
PROBED_COMPONENTS = 40  # a middle number: an iteration of 150 takes twice as long, one of few half as long


def fit_seconds(
    count: int, latent_dim: int, *, has_classes: bool, name: str, components: int | None
) -> float:
    """Estimate the duration of the fit of the mixtures, without the encoding of the images.

    Args:
        count: number of encoded training images.
        latent_dim: D.
        has_classes: whether there are mixtures of classes, too.
        name: of the prior, `auto`, `normal` or `mixture`.
        components: number of components of the mixture; None if it is to be chosen.
    """
    search = 0 if components is not None else SEARCH_ITERATIONS * len(COMPONENTS)
    iterations = 0 if name == "normal" else search + ITERATIONS
    if has_classes:
        iterations += SEARCH_ITERATIONS * len(CLASS_COMPONENTS) + CLASS_ITERATIONS
    return iterations * count * _seconds_of_an_image(min(count, MOST_PROBED), latent_dim)


def _seconds_of_an_image(count: int, latent_dim: int) -> float:
    """Measure the duration of an iteration for one image."""
    count = max(count, PROBED_COMPONENTS)
    noise = np.random.default_rng(0).standard_normal((count, latent_dim), np.float32)
    posteriors = Posteriors(noise, np.ones_like(noise), seed=0)
    diagonal = latent_dim > MAX_FULL
    mixture = start(noise.astype(np.float64), FitOptions(PROBED_COMPONENTS), diagonal=diagonal)
    seconds = []
    for number in range(ROUNDS):
        began = time.perf_counter()
        expect(posteriors.sample(number), mixture)
        seconds.append(time.perf_counter() - began)
    return min(seconds) / count
