"""Decoder files: the arrays of the decoders that int8 admits, and what is said of any other."""

import numpy as np
import onnxruntime
import pytest

from vaecli.baselines.decoder_files import DecoderFiles
from vaecli.errors import ModelError

pytestmark = pytest.mark.train


def test_arrays_are_those_of_the_keras_file(any_decoder_file, tmp_path):
    """They come back with every shape, and decode the logits that Keras decodes."""
    import keras

    files = DecoderFiles(any_decoder_file, tmp_path, "bernoulli")
    files.prepare()
    decoder = files.arrays()
    assert decoder.image_shape == (18, 14, 3)
    z = np.random.default_rng(0).standard_normal((2, 3)).astype(np.float32)
    logits = decoder.logits(decoder.activations(z)[-1])[:, :18, :14]
    expected = keras.saving.load_model(any_decoder_file, compile=False)({"z": z})["logits"].numpy()
    np.testing.assert_allclose(logits, expected, atol=1e-4)


def test_a_decoder_with_other_layers(tmp_path):
    """A decoder of one linear layer has a plain file, but no arrays; the message says so."""
    import keras

    z = keras.Input((2,), name="z")
    logits = keras.layers.Reshape((4, 4, 1))(keras.layers.Dense(16)(z))
    path = tmp_path / "decoder.keras"
    keras.Model({"z": z}, {"logits": logits}).save(path)
    files = DecoderFiles(path, tmp_path, "bernoulli")
    files.prepare()
    session = onnxruntime.InferenceSession(files.plain, providers=["CPUExecutionProvider"])
    assert session.run(["image"], {"z": np.zeros((3, 2), np.float32)})[0].shape == (3, 4, 4, 1)
    with pytest.raises(ModelError, match="must have the layers of classic, dense or conv"):
        files.arrays()


def test_arrays_of_another_likelihood(decoder_file, tmp_path):
    """They are refused by the name of the likelihood, because the baseline computes a sigmoid."""
    with pytest.raises(ModelError, match="likelihood must be bernoulli, got gaussian"):
        DecoderFiles(decoder_file, tmp_path, "gaussian").arrays()
