"""Saved evaluations on disk, of runs that share what their images have in common."""

import numpy as np
import pytest

from vaecli.metrics.saved import file


@pytest.fixture
def save(here, make_saved):
    """Writes NAME.npz, an evaluation of 200 images with a mean shift and a training seed; returns its name.

    The values of an image are nearly equal in all evaluations, so that pairs tell much more than means.
    """
    images = np.random.default_rng(7).normal(scale=80, size=200)

    def save(name, shift=0.0, *, seed=0, noise=1.0, **changes):
        own = np.random.default_rng([seed, len(name), *name.encode()]).normal(scale=noise, size=200)
        values = {"elbo": -250 + images + own + shift, "mse": np.abs(images + own) / 1000}
        changes = {"per_image": values, "model__seed": seed} | changes
        saved = make_saved(200, **changes)
        file.write(here / f"{name}.npz", saved, if_taken="replace")
        return f"{name}.npz"

    return save


@pytest.fixture
def runs(save):
    """Writes evaluations of one setting, one for each seed, with the shift of each; returns their names."""

    def runs(network, shifts, seeds=None, **changes):
        settings = {"network": network, "latent_dim": 2}
        seeds = range(len(shifts)) if seeds is None else seeds
        return [
            save(f"{network}-{seed}", shift, seed=seed, model__settings=settings, **changes)
            for seed, shift in zip(seeds, shifts, strict=True)
        ]

    return runs
