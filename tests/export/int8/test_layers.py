"""Layers: the arrays of a Keras decoder, and a clear refusal of any other order of layers."""

import re

import numpy as np
import pytest

from vaecli.errors import ModelError
from vaecli.export.int8 import layers
from vaecli.training.networks.shared import Size

pytestmark = pytest.mark.train

SIZES = {"classic": None, "dense": Size(24, 3), "conv": Size(4, 2)}


@pytest.mark.parametrize("shape", [(20, 14, 3), (8, 8, 1)])
@pytest.mark.parametrize(("network", "size"), SIZES.items())
def test_arrays_decode_what_keras_decodes(build_vae, logits_from, network, size, shape):
    """The arrays of each decoder that int8 admits, cropped or not, give its logits."""
    vae = build_vae(shape, network=network, size=size)
    decoder = layers.read(vae.decoder)
    z = np.random.default_rng(0).standard_normal((3, 3)).astype(np.float32)
    logits = logits_from(decoder, decoder.activations(z)[0])[:, : shape[0], : shape[1]]
    assert decoder.image_shape == shape
    np.testing.assert_allclose(logits, vae.decode({"z": z})["logits"].numpy(), atol=1e-4)


def test_other_layers_are_named():
    """A decoder of one linear layer is refused by the names of its layers."""
    import keras

    z = keras.Input((2,), name="z")
    logits = keras.layers.Reshape((4, 4, 1), name="logits")(keras.layers.Dense(16)(z))
    with pytest.raises(ModelError, match=r"other layers, such as linear, for which"):
        layers.read(keras.Model({"z": z}, {"logits": logits}))


def test_a_residual_network_is_refused(build_vae):
    """The error names the layers that int8 does not have, and what to do."""
    vae = build_vae((8, 8, 1), network="residual", size=Size(4, 1))
    with pytest.raises(ModelError, match="for the networks classic, dense and conv; this decoder") as caught:
        layers.read(vae.decoder)
    assert re.search(r"such as \w+ '\w+', for which", caught.value.message)
    assert caught.value.hint == "Export without --int8; --fp16 halves the files."
