"""Layers: the arrays of a Keras decoder, and a clear refusal of any other order of layers."""

import numpy as np
import pytest

from vaecli.errors import ModelError
from vaecli.export.int8 import layers

pytestmark = pytest.mark.train


@pytest.mark.parametrize("shape", [(20, 14, 3), (8, 8, 1)])
def test_arrays_decode_what_keras_decodes(build_vae, logits_from, shape):
    """The arrays of a classic decoder, cropped or not, give its logits."""
    vae = build_vae(shape)
    decoder = layers.read(vae.decoder)
    z = np.random.default_rng(0).standard_normal((3, 3)).astype(np.float32)
    logits = logits_from(decoder, decoder.activations(z)[0])[:, : shape[0], : shape[1]]
    assert decoder.image_shape == shape
    np.testing.assert_allclose(logits, vae.decode({"z": z})["logits"].numpy(), atol=1e-4)


def test_other_layers_are_named():
    """A dense decoder is refused by the names of its layers."""
    import keras

    z = keras.Input((2,), name="z")
    logits = keras.layers.Reshape((4, 4, 1), name="logits")(keras.layers.Dense(16, name="only")(z))
    with pytest.raises(ModelError, match=r"for --int8, got Dense 'only', reshape"):
        layers.read(keras.Model({"z": z}, {"logits": logits}))
