"""Backends: each package decodes the pictures of the file; one that is not installed is skipped by name.

torch.compile needs a C compiler and most of a minute for each batch size, so its two baselines are left to `bench`.
"""

import importlib.util

import numpy as np
import onnxruntime
import pytest

from vaecli.baselines.backends import BACKENDS
from vaecli.baselines.processes import running_baselines

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def running(any_decoder_file):
    """The plain ONNX file and the baselines that run here, by name."""
    with running_baselines(any_decoder_file) as (plain, baselines):
        yield plain, {baseline.name: baseline for baseline in baselines}


@pytest.mark.parametrize(
    ("package", "name", "tolerance"),
    [
        ("tensorflow", "Keras predict", 1e-5),
        ("tensorflow", "tf.function", 1e-5),
        ("torch", "torch eager", 1e-5),
        ("torch", "torch channels_last", 1e-5),
        ("torch", "torch bf16", 0.02),
        ("openvino", "OpenVINO", 1e-5),
        ("openvino", "OpenVINO bf16", 0.02),
    ],
)
@pytest.mark.parametrize("count", [1, 5])
def test_pictures_are_those_of_the_file(running, package, name, tolerance, count):
    """Each baseline decodes what onnxruntime decodes from the plain file, for one latent or several."""
    assert package in BACKENDS
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    plain, baselines = running
    z = np.random.default_rng(0).standard_normal((count, 3)).astype(np.float32)
    session = onnxruntime.InferenceSession(plain, providers=["CPUExecutionProvider"])
    (expected,) = session.run(["image"], {"z": z})
    np.testing.assert_allclose(baselines[name].images(z), expected, atol=tolerance)


def test_keras_itself_decodes_the_same(running, any_decoder_file):
    """The plain file gives the pictures that the likelihood's mean gives of the Keras decoder."""
    import keras

    from vaecli.probability.likelihoods import likelihood

    plain, _ = running
    z = np.random.default_rng(1).standard_normal((5, 3)).astype(np.float32)
    session = onnxruntime.InferenceSession(plain, providers=["CPUExecutionProvider"])
    (pictures,) = session.run(["image"], {"z": z})
    outputs = keras.saving.load_model(any_decoder_file, compile=False)({"z": z})
    expected = likelihood("bernoulli").mean(outputs, keras.ops).numpy()
    np.testing.assert_allclose(pictures, expected, atol=1e-5)
