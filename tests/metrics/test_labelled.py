"""A prior for each class: the density of each image is that of its own class."""

import numpy as np

from vaecli.latent.mixture import Mixture
from vaecli.latent.priors import MixturePrior, StandardNormal
from vaecli.metrics.labelled import ClassPrior


def shifted(centre):
    """A Gaussian of variance 1 around (centre, centre)."""
    return MixturePrior(Mixture(np.ones(1), np.full((1, 2), float(centre)), np.eye(2)[None]))


def test_each_image_has_the_density_of_its_class():
    """Latents (K, N, D) of classes in any order, one of which is unknown."""
    priors = {-1: StandardNormal(), 0: shifted(3), 1: shifted(-2)}
    labels = np.array([1, 0, -1, 1, 0])
    z = np.random.default_rng(0).normal(size=(4, 5, 2))
    prior = ClassPrior(labels, priors.__getitem__)
    expected = [[priors[label].log_prob(z[k, i]) for i, label in enumerate(labels)] for k in range(4)]
    np.testing.assert_allclose(prior.log_prob(z), expected, rtol=1e-12)
    assert prior.name == "mixture" and prior.kl(z[0], z[0]) is None


def test_one_class_is_its_own_prior():
    """Where all images are of one class, the density is that of its prior."""
    z = np.random.default_rng(0).normal(size=(3, 2))
    prior = ClassPrior(np.zeros(3, np.int64), lambda _label: shifted(1))
    np.testing.assert_array_equal(prior.log_prob(z), shifted(1).log_prob(z))
