"""Fixtures for tests of baselines: a Keras decoder in a file."""

import functools

import numpy as np
import pytest


@pytest.fixture(scope="session")
def decoder_file(write_decoder):
    """A classic decoder.keras for images in colour that are cropped, with 3 latent dimensions."""
    return write_decoder("classic")


@pytest.fixture(scope="session", params=["classic", "dense", "conv"])
def any_decoder_file(request, write_decoder):
    """A decoder.keras of each network whose arrays can be read."""
    return write_decoder(request.param)


@pytest.fixture(scope="session")
def write_decoder(tmp_path_factory):
    """Writes the decoder.keras of a network for images in colour that are cropped, with 3 latent dimensions."""
    return functools.cache(functools.partial(_write_decoder, tmp_path_factory))


def _write_decoder(tmp_path_factory, network):
    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.vae import build

    path = tmp_path_factory.mktemp("keras") / "decoder.keras"
    decoder = build(network, likelihood("bernoulli"), (18, 14, 3), 3, seed=1).decoder
    rng = np.random.default_rng(5)
    for variable in decoder.trainable_variables:  # new biases are zero: a lost one would not show
        variable.assign_add(rng.normal(scale=0.05, size=variable.shape))
    decoder.save(path)
    return path
