"""Fixtures for tests of baselines: a Keras decoder in a file."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def decoder_file(tmp_path_factory):
    """A decoder.keras for images in colour that are cropped, with 3 latent dimensions."""
    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.vae import build

    path = tmp_path_factory.mktemp("keras") / "decoder.keras"
    decoder = build("classic", likelihood("bernoulli"), (18, 14, 3), 3, seed=1).decoder
    rng = np.random.default_rng(5)
    for variable in decoder.trainable_variables:  # new biases are zero: a lost one would not show
        variable.assign_add(rng.normal(scale=0.05, size=variable.shape))
    decoder.save(path)
    return path
