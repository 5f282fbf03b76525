"""Fixtures for tests of export: decoders of random weights, networks, descriptions, and files with faults."""

import math
import shutil

import numpy as np
import pytest

from vaecli.export.int8.layers import FloatDecoder, Layer
from vaecli.modelfile.metadata import ModelInfo
from vaecli.modelfile.read import read_file
from vaecli.runs.kept import KeptImages


@pytest.fixture(scope="session")
def random_decoder():
    """A function that makes a decoder for images (H, W, C) with the layers of a network that int8 admits."""

    def make(shape, *, dim=3, channels=64, network="classic"):
        rng = np.random.default_rng(1)

        def layer(c_out, c_in, kind="upsampling"):
            size = (c_in, c_out) if kind == "dense" else (3, 3, c_out, c_in)
            deviation = np.sqrt((1.9 if kind == "dense" else 0.9) / c_in)
            kernel = rng.normal(scale=deviation, size=size)
            if kind == "convolution" and c_out == c_in:
                kernel /= 2  # nine inputs reach each pixel, and two or so that of an upsampling layer
            bias = rng.normal(scale=0.1, size=c_out)
            return Layer(kind, kernel.astype(np.float32), bias.astype(np.float32))

        rows, columns = (-(-side // 4) for side in shape[:2])
        grid = (rows, columns, channels)
        size = math.prod(grid) if network == "classic" else channels
        kernel, bias = rng.normal(size=(dim, size)), rng.normal(size=size)
        first = Layer("dense", kernel.astype(np.float32), bias.astype(np.float32))
        vector = (1, 1, channels)
        if network == "dense":
            hidden = (layer(channels, channels, "dense"), layer(channels, channels, "dense"))
            last = layer(math.prod(shape), channels, "dense")
            return FloatDecoder(first, hidden, last, (vector,) * 3, shape)
        hidden = (layer(channels, channels), layer(channels // 2, channels))
        last = layer(shape[2], channels // 2, "convolution")
        shapes = (grid, (2 * rows, 2 * columns, channels), (4 * rows, 4 * columns, channels // 2))
        if network == "conv":
            before = (layer(math.prod(grid), channels, "dense"), layer(channels, channels, "convolution"))
            hidden, shapes = (*before, *hidden), (vector, grid, *shapes)
        return FloatDecoder(first, hidden, last, shapes, shape)

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
    """A function that returns the logits before cropping, from the input of hidden layer `number`."""

    def logits_from(decoder, x, number=0):
        for layer, shape in zip(decoder.hidden[number:], decoder.shapes[number + 1 :], strict=True):
            x = np.maximum(layer.apply(x), 0).reshape(-1, *shape)
        return decoder.logits(x)

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
    """A function that builds a network for images (H, W, C) with random weights, biases included."""

    def build_vae(shape, *, network="classic", latent_dim=3, deviation=0.1, size=None, label_count=0):
        from vaecli.probability.likelihoods import likelihood
        from vaecli.training.vae import build

        vae = build(
            network, likelihood("bernoulli"), shape, latent_dim, seed=1, size=size, label_count=label_count
        )
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
