"""Dead units: those that have one value for all inputs."""

import dataclasses

import numpy as np
import pytest

from vaecli.data.named.bundled import load_mini
from vaecli.modelfile.read import read_file
from vaecli.runtime.activity import dead_in


@pytest.fixture(scope="module")
def images():
    """Some images as an encoder takes them."""
    return load_mini("test").images[:64].astype(np.float32) / 255


def test_units_of_the_committed_model(model_folder, images):
    """Its encoder has 32 + 64 + 16 units, of which few are dead; more images wake more units."""
    file = read_file(model_folder / "encoder.onnx")
    few, many = (dead_in(file, [{"image": images[:count]}]) for count in (2, 64))
    assert few.all == many.all == 112
    assert many.dead <= few.dead < 56


def test_batches_count_together(model_folder, images):
    """The result does not depend on how images are batched."""
    file = read_file(model_folder / "encoder.onnx")
    batches = [{"image": images[first : first + 8]} for first in range(0, 64, 8)]
    assert dead_in(file, batches, threads=1) == dead_in(file, [{"image": images}])


def test_planted(model_folder, images):
    """A layer whose biases are far below zero is dead."""
    file = read_file(model_folder / "encoder.onnx")
    first, last = file.graph.tensors["encoder_1/dense_1/BiasAdd/ReadVariableOp:0"].span
    low = np.full(16, -1e4, np.float32).tobytes()
    content = file.content[:first] + low + file.content[last:]
    before, after = (
        dead_in(each, [{"image": images}]) for each in (file, dataclasses.replace(file, content=content))
    )
    assert after.dead == 16 + before.dead - _dead_in_dense(file, images)


def _dead_in_dense(file, images):
    """The dead units of the dense layer, by hand: those that no image brings above zero."""
    nodes = tuple(node for node in file.graph.nodes if node.operator != "Relu" or "dense" in node.outputs[0])
    only_dense = dataclasses.replace(file, graph=file.graph._replace(nodes=nodes))
    return dead_in(only_dense, [{"image": images}]).dead


def test_equal_images(model_folder, images):
    """Nothing changes between equal images but places: the check needs images that differ."""
    file = read_file(model_folder / "encoder.onnx")
    assert dead_in(file, [{"image": np.zeros_like(images)}]).dead > 56
