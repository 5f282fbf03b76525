"""Keras models from lists of layers."""

import functools
from typing import Any, NamedTuple

import keras

from vaecli.training.networks import layers
from vaecli.training.networks.initializers import Initializers


def build(graph: layers.Graph, initializers: Initializers) -> keras.Model:
    """Build one half of an autoencoder: named inputs (N, ...) -> named outputs."""
    inputs = {name: keras.Input(shape, name=name) for name, shape in graph.inputs.items()}
    context = _Context(initializers, inputs.get(layers.LABEL))
    trunk = _apply(graph.trunk, inputs[graph.input_name], context)
    outputs = {name: _apply(head, trunk, context) for name, head in graph.heads.items()}
    return keras.Model(inputs, outputs, name=graph.name)


class _Context(NamedTuple):
    """Arguments of all layers: initial weights, and the label (N, K) of a conditional network."""

    initializers: Initializers
    label: Any


def _apply(chain: tuple[layers.Layer, ...], x: Any, context: _Context) -> Any:
    for layer in chain:
        x = _apply_one(layer, x, context)
    return x


@functools.singledispatch
def _apply_one(layer: layers.Layer, _x: Any, _context: _Context) -> Any:
    raise TypeError(f"no Keras layer is known for {type(layer).__name__}")


@_apply_one.register
def _(layer: layers.Dense, x: Any, context: _Context) -> Any:
    return keras.layers.Dense(layer.units, **_common(layer, context.initializers))(x)


@_apply_one.register
def _(layer: layers.Convolution, x: Any, context: _Context) -> Any:
    window = {"kernel_size": layer.kernel, "strides": layer.stride, "padding": "same"}
    return keras.layers.Conv2D(layer.units, **window, **_common(layer, context.initializers))(x)


@_apply_one.register
def _(layer: layers.TransposedConvolution, x: Any, context: _Context) -> Any:
    window = {"kernel_size": layer.kernel, "strides": layer.stride, "padding": "same"}
    return keras.layers.Conv2DTranspose(layer.units, **window, **_common(layer, context.initializers))(x)


@_apply_one.register
def _(layer: layers.Flatten, x: Any, _: _Context) -> Any:
    return keras.layers.Flatten(name=layer.name)(x)


@_apply_one.register
def _(layer: layers.WithLabel, x: Any, context: _Context) -> Any:
    return keras.layers.Concatenate(name=layer.name)([x, context.label])


@_apply_one.register
def _(layer: layers.Reshape, x: Any, _: _Context) -> Any:
    return keras.layers.Reshape(layer.target, name=layer.name)(x)


@_apply_one.register
def _(layer: layers.Crop, x: Any, _: _Context) -> Any:
    below, right = x.shape[1] - layer.height, x.shape[2] - layer.width
    return keras.layers.Cropping2D(((0, below), (0, right)), name=layer.name)(x)


@_apply_one.register
def _(layer: layers.Residual, x: Any, context: _Context) -> Any:
    total = keras.layers.Add(name=f"{layer.name}_sum")([x, _apply(layer.branch, x, context)])
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
