"""Fixtures for tests of export: decoders of random weights, networks, descriptions, and files with faults."""

import shutil

import numpy as np
import pytest

from vaecli.export import subpixel
from vaecli.export.int8.layers import FloatDecoder, Layer
from vaecli.modelfile.metadata import ModelInfo
from vaecli.modelfile.read import read_file
from vaecli.runs.kept import KeptImages


@pytest.fixture(scope="session")
def random_decoder():
    """A function that makes a decoder for images (H, W, C), built as the classic network with other channels."""

    def make(shape, *, dim=3, channels=64):
        rng = np.random.default_rng(1)
        grid = (-(-shape[0] // 4), -(-shape[1] // 4), channels)

        def layer(c_out, c_in):
            kernel = rng.normal(scale=np.sqrt(0.9 / c_in), size=(3, 3, c_out, c_in))
            return Layer(kernel.astype(np.float32), rng.normal(scale=0.1, size=c_out).astype(np.float32))

        size = grid[0] * grid[1] * grid[2]
        dense = rng.normal(size=(dim, size)).astype(np.float32)
        bias = rng.normal(size=size).astype(np.float32)
        upsampling = (layer(channels, channels), layer(channels // 2, channels))
        return FloatDecoder(dense, bias, grid, upsampling, layer(shape[2], channels // 2), shape)

    return make


@pytest.fixture(scope="session")
def largest_pair():
    """A function that returns the largest |w_k| + |w_k+1| in any column of weights (K, M)."""

    def largest_pair(weights):
        size = np.abs(weights.astype(int))
        return (size[1:] + size[:-1]).max(initial=0)

    return largest_pair


@pytest.fixture(scope="session")
def logits_from():
    """A function that returns the logits before cropping, from the input of upsampling layer `number`."""

    def logits_from(decoder, x, number=0):
        for layer in decoder.upsampling[number:]:
            x = np.maximum(subpixel.upsample(x, layer.kernel, layer.bias), 0)
        return subpixel.convolve_same(x, decoder.last.kernel, decoder.last.bias)

    return logits_from


@pytest.fixture(scope="session")
def describe():
    """A function that makes the metadata of a model for images (H, W, C)."""

    def describe(shape, *, latent_dim=3, **changes):
        info = ModelInfo(
            part="",
            model_id="0123",
            name="test",
            image_shape=shape,
            latent_dim=latent_dim,
            network="classic",
            likelihood={"name": "bernoulli", "outputs": ["logits"]},
            preparation={"scale": 255, "polarity": "light-on-dark", "photo": "fashion"},
            prior={"name": "normal"},
            class_names=("Hände", "Füße"),
            data={"name": "made up", "count": 1},
            training={"val_loss": 1.0},
            software={"vaecli": "0"},
            created="now",
        )
        return info.replace(**changes)

    return describe


@pytest.fixture(scope="session")
def noise_images():
    """A function that makes kept images (10, H, W, C) of uniform noise."""

    def noise_images(shape):
        rng = np.random.default_rng(0)
        return KeptImages(*(rng.integers(0, 256, (10, *shape), dtype=np.uint8) for _ in range(2)))

    return noise_images


@pytest.fixture(scope="session")
def build_vae():
    """A function that builds a classic network for images (H, W, C) with random weights, biases included."""

    def build_vae(shape, *, latent_dim=3, deviation=0.1):
        from vaecli.probability.likelihoods import likelihood
        from vaecli.training.vae import build

        vae = build("classic", likelihood("bernoulli"), shape, latent_dim, seed=1)
        rng = np.random.default_rng(5)
        for variable in vae.variables:  # new biases are zero: a lost one would not show
            variable.assign_add(rng.normal(scale=deviation, size=variable.shape))
        return vae

    return build_vae


@pytest.fixture
def alter(tmp_path):
    """A function that copies a model folder and changes the graph of one file in it; the new digest is right."""

    def alter(folder, name, change):
        import onnx

        from vaecli.export.stamp import stamp

        copy = shutil.copytree(folder, tmp_path / "altered", dirs_exist_ok=True)
        file = read_file(copy / name)
        model = onnx.load_from_string(file.content)
        before = model.SerializeToString()
        change({entry.name: entry for entry in model.graph.initializer}, model.graph.node)
        assert model.SerializeToString() != before
        (copy / name).write_bytes(stamp(model, file.info, file.golden()))
        return copy

    return alter


@pytest.fixture(scope="session")
def set_to():
    """A function that gives a constant of an ONNX graph other values."""

    def set_to(tensor, array):
        from onnx import numpy_helper

        tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(array), tensor.name))

    return set_to
