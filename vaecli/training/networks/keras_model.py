"""Keras models from lists of layers."""

import functools
from typing import Any

import keras

from vaecli.training.networks import layers
from vaecli.training.networks.initializers import Initializers


def build(graph: layers.Graph, initializers: Initializers) -> keras.Model:
    """Build one half of an autoencoder: named input (N, ...) -> named outputs."""
    start = keras.Input(graph.input_shape, name=graph.input_name)
    trunk = _apply(graph.trunk, start, initializers)
    outputs = {name: _apply(head, trunk, initializers) for name, head in graph.heads.items()}
    return keras.Model({graph.input_name: start}, outputs, name=graph.name)


def _apply(chain: tuple[layers.Layer, ...], x: Any, initializers: Initializers) -> Any:
    for layer in chain:
        x = _apply_one(layer, x, initializers)
    return x


@functools.singledispatch
def _apply_one(layer: layers.Layer, _x: Any, _initializers: Initializers) -> Any:
    raise TypeError(f"no Keras layer is known for {type(layer).__name__}")


@_apply_one.register
def _(layer: layers.Dense, x: Any, initializers: Initializers) -> Any:
    return keras.layers.Dense(layer.units, **_common(layer, initializers))(x)


@_apply_one.register
def _(layer: layers.Convolution, x: Any, initializers: Initializers) -> Any:
    window = {"kernel_size": layer.kernel, "strides": layer.stride, "padding": "same"}
    return keras.layers.Conv2D(layer.units, **window, **_common(layer, initializers))(x)


@_apply_one.register
def _(layer: layers.TransposedConvolution, x: Any, initializers: Initializers) -> Any:
    window = {"kernel_size": layer.kernel, "strides": layer.stride, "padding": "same"}
    return keras.layers.Conv2DTranspose(layer.units, **window, **_common(layer, initializers))(x)


@_apply_one.register
def _(layer: layers.Flatten, x: Any, _: Initializers) -> Any:
    return keras.layers.Flatten(name=layer.name)(x)


@_apply_one.register
def _(layer: layers.Reshape, x: Any, _: Initializers) -> Any:
    return keras.layers.Reshape(layer.target, name=layer.name)(x)


@_apply_one.register
def _(layer: layers.Crop, x: Any, _: Initializers) -> Any:
    below, right = x.shape[1] - layer.height, x.shape[2] - layer.width
    return keras.layers.Cropping2D(((0, below), (0, right)), name=layer.name)(x)


@_apply_one.register
def _(layer: layers.Residual, x: Any, initializers: Initializers) -> Any:
    total = keras.layers.Add(name=f"{layer.name}_sum")([x, _apply(layer.branch, x, initializers)])
    return keras.layers.ReLU(name=layer.name)(total)


def _common(layer: layers.Weighted, initializers: Initializers) -> dict[str, Any]:
    """Return the arguments that all layers with weights share."""
    return {
        "name": layer.name,
        "activation": layer.activation,
        "kernel_initializer": _kernel(layer, initializers),
        "bias_initializer": keras.initializers.Constant(layer.bias) if layer.bias else "zeros",
    }


def _kernel(layer: layers.Weighted, initializers: Initializers) -> Any:
    if layer.gain == 0:
        return "zeros"
    if layer.activation == "linear":
        return initializers.glorot(layer.name, layer.gain)
    return initializers.he(layer.name, layer.gain)
