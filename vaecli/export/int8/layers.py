"""The float32 decoder as a list of arrays: all that quantisation needs to know about it, without Keras."""

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from vaecli.choices import INT8_NETWORKS
from vaecli.errors import ModelError
from vaecli.export import subpixel
from vaecli.modelfile.metadata import LABEL

Float = npt.NDArray[np.float32]
Kind: TypeAlias = Literal["dense", "convolution", "upsampling"]
Shape: TypeAlias = tuple[int, int, int]


@dataclasses.dataclass(frozen=True)
class Layer:
    """A layer without its activation, on activations (N, h, w, C_in); those of a dense layer are (N, 1, 1, C_in).

    Attributes:
        kind: `upsampling` is a transposed convolution of stride 2; `convolution` has stride 1.
        kernel: (C_in, C_out) of a dense layer; (3, 3, C_out, C_in) of the others, as Keras stores those of
            transposed convolutions.
        bias: (C_out,).
    """

    kind: Kind
    kernel: Float
    bias: Float

    def apply(self, x: Float) -> Float:
        """Return the sums (N, h, w, C_out), or (N, 2h, 2w, C_out) of an upsampling layer."""
        if self.kind == "dense":
            return x @ self.kernel + self.bias
        convolve = subpixel.upsample if self.kind == "upsampling" else subpixel.convolve_same
        return convolve(x, self.kernel, self.bias)

    def gradient(self, gradient: Float) -> Float:
        """Backpropagate gradients of what `apply` returns to those of its input."""
        if self.kind == "dense":
            result: Float = gradient @ self.kernel.T
            return result
        is_upsampling = self.kind == "upsampling"
        backwards = subpixel.upsample_gradient if is_upsampling else subpixel.convolve_same_gradient
        return backwards(gradient, self.kernel)


def largest_activation(shapes: Sequence[Shape], image_shape: Shape) -> int:
    """Return the number of values of the largest activation of one image, the image itself among them."""
    return max(map(math.prod, (*shapes, image_shape)))


@dataclasses.dataclass(frozen=True)
class FloatDecoder:
    """A decoder: a first dense layer, hidden layers, a last layer that gives the logits, and cropping.

    A ReLU follows every layer but the last. The hidden layers are dense ones, then convolutions, then one or more
    upsampling layers and a last convolution; or they are all dense, and the last layer is, too.

    Attributes:
        first: on latents (N, D); of a conditional decoder on latents with one-hot labels beside them, (N, D + K).
        hidden: the layers between the first and the last one.
        last: the layer whose output is the logits.
        shapes: (h, w, c), into which the input of each layer of `hidden`, and of `last`, is reshaped.
        image_shape: (H, W, C) after rows below and columns on the right are cut off.
        label_count: number of classes K of a conditional decoder; 0 for one without labels.
    """

    first: Layer
    hidden: tuple[Layer, ...]
    last: Layer
    shapes: tuple[Shape, ...]
    image_shape: Shape
    label_count: int = 0

    def activations(self, z: Float, count: int | None = None) -> list[Float]:
        """Return the inputs (N, h, w, c) of the layers after the first one, or of `count` of them, after ReLU."""
        shapes = self.shapes[:count]
        activations = [np.maximum(self.first.apply(z), 0).reshape(len(z), *shapes[0])]
        for layer, shape in zip(self.hidden, shapes[1:], strict=False):
            activations.append(np.maximum(layer.apply(activations[-1]), 0).reshape(len(z), *shape))
        return activations

    def output_shape(self, number: int) -> Shape:
        """Return the shape (h, w, c) of what hidden layer `number` gives, before it is reshaped."""
        shape = self.shapes[number + 1]
        return (1, 1, math.prod(shape)) if self.hidden[number].kind == "dense" else shape

    def logits(self, x: Float) -> Float:
        """Return the logits before cropping (N, h, w, C) from the input of the last layer."""
        logits = self.last.apply(x)
        return logits.reshape(len(x), *self.image_shape) if self.last.kind == "dense" else logits


def read(decoder: Any) -> FloatDecoder:
    """Read the arrays of a Keras decoder: latents (N, D), and labels (N, K) or none -> logits (N, H, W, C).

    Raises:
        ModelError: the decoder has layers that an int8 file cannot hold.
    """
    keras_layers = [layer for layer in decoder.layers if type(layer).__name__ != "InputLayer"]
    roles = [_role(layer) for layer in keras_layers]
    label_count = sum(int(tensor.shape[-1]) for tensor in decoder.inputs if tensor.name == LABEL)
    if label_count and roles[:1] == ["label"]:
        del roles[0]
    weighted = [layer for layer in keras_layers if layer.weights]
    if not (_is_convolutional(roles) or _is_dense(roles)):
        *networks, last_network = INT8_NETWORKS
        strange = [role for role in roles if role.endswith("'")] or roles
        raise ModelError(
            f"--int8 is for the networks {', '.join(networks)} and {last_network}; this decoder has other layers, "
            f"such as {strange[0]}, for which int8 has no exact form.",
            hint="Export without --int8; --fp16 halves the files.",
        )
    first, *others = [_layer(layer) for layer in weighted]
    shape = tuple(int(size) for size in decoder.outputs[0].shape[1:])
    shapes = [_input_shape(layer) for layer in weighted[1:]]
    return FloatDecoder(
        first=first,
        hidden=tuple(others[:-1]),
        last=others[-1],
        shapes=tuple(shapes),
        image_shape=(shape[0], shape[1], shape[2]),
        label_count=label_count,
    )


def _is_convolutional(roles: list[str]) -> bool:
    order = ["dense", "reshape", "convolution", "upsampling", "stride-1", "cropping"]
    counts = {role: roles.count(role) for role in order}
    in_order = [role for role in order for _ in range(counts[role])]
    single = (counts["reshape"], counts["stride-1"]) == (1, 1) and counts["cropping"] <= 1
    return roles == in_order and single and min(counts["dense"], counts["upsampling"]) >= 1


def _is_dense(roles: list[str]) -> bool:
    return len(roles) >= 3 and roles == [*["dense"] * (len(roles) - 2), "linear", "reshape"]


def _layer(layer: Any) -> Layer:
    kernel, bias = (np.asarray(array, np.float32) for array in layer.get_weights())
    if type(layer).__name__ == "Dense":
        return Layer("dense", kernel, bias)
    if type(layer).__name__ == "Conv2D":  # a transposed convolution with the mirrored kernel
        return Layer("convolution", subpixel.mirrored(kernel), bias)
    return Layer("upsampling" if tuple(layer.strides) == (2, 2) else "convolution", kernel, bias)


def _input_shape(layer: Any) -> Shape:
    """Return the shape (h, w, c) of the input of a layer."""
    shape = tuple(int(size) for size in layer.input.shape[1:])
    return (1, 1, shape[0]) if len(shape) == 1 else (shape[0], shape[1], shape[2])


def _role(layer: Any) -> str:
    """Return a layer's role, such as `upsampling`; for a layer that int8 cannot hold, its class and name."""
    name, config = type(layer).__name__, layer.get_config()
    for role, fits in _ROLES.get(name, {}).items():
        if fits(layer, config):
            return role
    return f"{name} {config.get('name')!r}"


def _is_plain(config: dict[str, Any], stride: int, activation: str) -> bool:
    """Return whether a convolution is 3x3, padded to the same size, with a bias, this stride and activation."""
    return (
        tuple(config["kernel_size"]) == (3, 3)
        and tuple(config["strides"]) == (stride, stride)
        and tuple(config["dilation_rate"]) == (1, 1)
        and (config["padding"], config["activation"], config["use_bias"]) == ("same", activation, True)
        and config.get("groups", 1) == 1
        and config.get("output_padding") is None
    )


_Fits: TypeAlias = Callable[[Any, dict[str, Any]], bool]
_ROLES: dict[str, dict[str, _Fits]] = {  # class of Keras -> role -> whether a layer has it
    "Concatenate": {"label": lambda layer, _: len(layer.output.shape) == 2},
    "Dense": {
        "dense": lambda _, config: config["activation"] == "relu" and config["use_bias"],
        "linear": lambda _, config: config["activation"] == "linear" and config["use_bias"],
    },
    "Reshape": {"reshape": lambda layer, _: len(layer.target_shape) == 3},
    "Conv2D": {"convolution": lambda _, config: _is_plain(config, 1, "relu")},
    "Conv2DTranspose": {
        "upsampling": lambda _, config: _is_plain(config, 2, "relu"),
        "stride-1": lambda _, config: _is_plain(config, 1, "linear"),
    },
    "Cropping2D": {"cropping": lambda layer, _: all(before == 0 for before, _ in layer.cropping)},
}
