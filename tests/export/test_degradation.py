"""Degradation: bounds on levels and nats, in both directions, for images of any size."""

import numpy as np
import pytest

from vaecli.data.named.bundled import load_mini
from vaecli.errors import ParityError
from vaecli.export import degradation


def figures(**changed):
    return degradation.Degradation(
        **{"mae_posterior": 0.3, "mae_prior": 0.3, "mae_extreme": 9.0, "elbo": -0.01} | changed
    )


def test_bounds():
    """Levels and nats are bounded, the ELBO in both directions; norm 10 is not; NaN does not pass."""
    degradation.require(figures(), "int8", values=784)
    for changed in ({"mae_posterior": 1.1}, {"mae_prior": float("nan")}, {"elbo": -0.3}, {"elbo": 0.3}):
        with pytest.raises(ParityError, match="int8 decoder must differ from"):
            degradation.require(figures(**changed), "int8", values=784)
    message = r"fp16 decoder must differ .* by at most 0\.1 levels of 255.*, got 0\.3"
    with pytest.raises(ParityError, match=message):
        degradation.require(figures(), "fp16", values=784)


@pytest.mark.parametrize("name", ["model", "mixed_model"])
def test_draws_are_of_the_own_prior(name, request):
    """They are what `vaecli sample` decodes: of N(0, I) or of the mixture."""
    model = request.getfixturevalue(name)
    posterior, prior = degradation.latents(model, load_mini("test").images[:5], seed=6)
    assert posterior.shape == (8 * 5, model.latent_dim)
    np.testing.assert_array_equal(prior, model.draw(512, seed=6))


def test_the_bound_of_the_elbo_grows_with_the_image():
    """Four times as many pixels allow four times the difference; a quarter as many do not lower the bound."""
    degradation.require(figures(elbo=-0.7), "int8", values=4 * 784)
    degradation.require(figures(elbo=-0.19), "int8", values=196)
    with pytest.raises(ParityError, match=r"at most 0\.8 nats of the ELBO, got 0\.9"):
        degradation.require(figures(elbo=-0.9), "int8", values=4 * 784)
