"""Layers as plain values: what each makes of a shape, how many weights it has, and what it costs; without Keras.

A network is a list of them, from which `keras_model` builds the Keras model. Shapes are those of one image, without
the batch axis: (h, w, c) of activations, (units,) of vectors.
"""

import dataclasses
import math
from typing import Literal, TypeAlias

Shape: TypeAlias = tuple[int, ...]
LABEL = "label"  # name of the second input of conditional networks
Activation: TypeAlias = Literal["relu", "silu", "linear"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Layer:
    """A layer.

    Attributes:
        name: its name, which is the path of its variables in a checkpoint.
    """

    name: str

    def output_shape(self, shape: Shape) -> Shape:
        """Return the shape of the output for an input of this shape."""
        return shape

    def weights(self, shape: Shape) -> int:
        """Return the number of weights and biases for an input of this shape."""
        del shape
        return 0

    def multiplications(self, shape: Shape) -> int:
        """Return the number of multiplications for one image, biases and activations aside."""
        del shape
        return 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Weighted(Layer):
    """A layer with a kernel and a bias.

    Attributes:
        units: number of outputs, or of output channels.
        activation: what follows the bias.
        bias: initial value of every bias.
        gain: of the initial kernel, relative to the usual one for the activation; at 0 the kernel is zero.
        rate_factor: of the kernel's learning rate, relative to that of the other variables.
    """

    units: int
    activation: Activation = "relu"
    bias: float = 0.0
    gain: float = 1.0
    rate_factor: float = 1.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Dense(Weighted):
    """A dense layer: (units_in,) -> (units,)."""

    def output_shape(self, shape: Shape) -> Shape:
        """Return (units,)."""
        del shape
        return (self.units,)

    def weights(self, shape: Shape) -> int:
        """Count kernel and biases."""
        return (shape[0] + 1) * self.units

    def multiplications(self, shape: Shape) -> int:
        """Count one for each weight of the kernel."""
        return shape[0] * self.units


@dataclasses.dataclass(frozen=True, kw_only=True)
class Convolution(Weighted):
    """A convolution with padding "same": (h, w, c) -> (h / stride, w / stride, units), rounded up."""

    kernel: int = 3
    stride: int = 1

    def output_shape(self, shape: Shape) -> Shape:
        """Return (h / stride, w / stride, units), rounded up."""
        return (math.ceil(shape[0] / self.stride), math.ceil(shape[1] / self.stride), self.units)

    def weights(self, shape: Shape) -> int:
        """Count kernel and biases."""
        return (self.kernel**2 * shape[2] + 1) * self.units

    def multiplications(self, shape: Shape) -> int:
        """Count the kernel's weights at each output pixel."""
        return math.prod(self.output_shape(shape)) * self.kernel**2 * shape[2]


@dataclasses.dataclass(frozen=True, kw_only=True)
class TransposedConvolution(Convolution):
    """A transposed convolution with padding "same": (h, w, c) -> (h * stride, w * stride, units)."""

    def output_shape(self, shape: Shape) -> Shape:
        """Return (h * stride, w * stride, units)."""
        return (shape[0] * self.stride, shape[1] * self.stride, self.units)

    def multiplications(self, shape: Shape) -> int:
        """Count the kernel's weights at each input pixel."""
        return math.prod(shape) * self.kernel**2 * self.units


@dataclasses.dataclass(frozen=True, kw_only=True)
class Flatten(Layer):
    """All values as one vector, the channels of a pixel side by side."""

    name: str = "flatten"

    def output_shape(self, shape: Shape) -> Shape:
        """Return (h * w * c,)."""
        return (math.prod(shape),)


@dataclasses.dataclass(frozen=True, kw_only=True)
class WithLabel(Layer):
    """A vector with the one-hot label of the image behind it: (units,) -> (units + label_count,)."""

    label_count: int
    name: str = "with_label"

    def output_shape(self, shape: Shape) -> Shape:
        """Return (units + label_count,)."""
        return (shape[0] + self.label_count,)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reshape(Layer):
    """A vector as activations or an image of the shape `target`; the inverse of `Flatten`."""

    target: Shape
    name: str = "reshape"

    def output_shape(self, shape: Shape) -> Shape:
        """Return `target`."""
        del shape
        return self.target


@dataclasses.dataclass(frozen=True, kw_only=True)
class Crop(Layer):
    """The upper left part of an image, `height` x `width`."""

    height: int
    width: int

    def output_shape(self, shape: Shape) -> Shape:
        """Return (height, width, c)."""
        return (self.height, self.width, shape[2])


@dataclasses.dataclass(frozen=True, kw_only=True)
class Residual(Layer):
    """The ReLU of the sum of the input and of what `branch` makes of it; the branch keeps the shape."""

    branch: tuple[Layer, ...]

    def weights(self, shape: Shape) -> int:
        """Count those of the branch."""
        return sum(layer.weights(before) for layer, before in with_shapes(self.branch, shape))

    def multiplications(self, shape: Shape) -> int:
        """Count those of the branch."""
        return sum(layer.multiplications(before) for layer, before in with_shapes(self.branch, shape))


def with_shapes(layers: tuple[Layer, ...], shape: Shape) -> list[tuple[Layer, Shape]]:
    """Return each layer with the shape of its input; `shape` is that of the first one's."""
    pairs = []
    for layer in layers:
        pairs.append((layer, shape))
        shape = layer.output_shape(shape)
    return pairs


@dataclasses.dataclass(frozen=True)
class Graph:
    """One half of an autoencoder: a trunk of layers, and one branch of layers for each output.

    Attributes:
        name: `encoder` or `decoder`.
        input_name: name of the input.
        input_shape: its shape.
        trunk: the layers that all outputs share.
        heads: name of each output -> the layers that make it from the trunk's output; the first of them has the
            output's name.
        label_count: number of classes of the second input, `label`, one-hot; 0 if there is no such input.
    """

    name: str
    input_name: str
    input_shape: Shape
    trunk: tuple[Layer, ...]
    heads: dict[str, tuple[Layer, ...]]
    label_count: int = 0

    @property
    def inputs(self) -> dict[str, Shape]:
        """The shapes of all inputs, by name."""
        label = {LABEL: (self.label_count,)} if self.label_count else {}
        return {self.input_name: self.input_shape} | label

    def conditional(self, label_count: int, *, before_dense: int) -> "Graph":
        """Return the graph with a label that joins the input of one of the trunk's dense layers.

        Args:
            label_count: number of classes.
            before_dense: that layer's place among the dense layers: 0 for the first, -1 for the last.
        """
        places = [place for place, layer in enumerate(self.trunk) if isinstance(layer, Dense)]
        place = places[before_dense]
        trunk = (*self.trunk[:place], WithLabel(label_count=label_count), *self.trunk[place:])
        return dataclasses.replace(self, trunk=trunk, label_count=label_count)

    def layers(self) -> list[tuple[Layer, Shape]]:
        """Return all layers with the shapes of their inputs."""
        pairs = with_shapes(self.trunk, self.input_shape)
        last, before = pairs[-1]
        end = last.output_shape(before)
        return pairs + [pair for head in self.heads.values() for pair in with_shapes(head, end)]

    def rate_factors(self) -> dict[str, float]:
        """Return the factor of each kernel whose learning rate differs from the others', by the kernel's path."""
        weighted = [layer for layer, _ in self.layers() if isinstance(layer, Weighted)]
        return {f"{layer.name}/kernel": layer.rate_factor for layer in weighted if layer.rate_factor != 1}

    def weights(self) -> int:
        """Return the number of weights and biases."""
        return sum(layer.weights(shape) for layer, shape in self.layers())

    def multiplications(self) -> int:
        """Return the number of multiplications for one image."""
        return sum(layer.multiplications(shape) for layer, shape in self.layers())
