"""The decoder as a list of arrays: what a rewrite needs to know of it, and nothing of Keras."""

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

from vaecli.errors import ModelError
from vaecli.export.subpixel import upsampled

Float = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class Layer:
    """A transposed convolution of 3x3: `kernel` (3, 3, C_out, C_in) and `bias` (C_out,)."""

    kernel: Float
    bias: Float


@dataclasses.dataclass(frozen=True)
class Stages:
    """Dense + ReLU, one or more stride-2 layers + ReLU, a stride-1 layer, cropped below and right.

    Attributes:
        dense: kernel (D, h * w * c).
        dense_bias: (h * w * c,).
        grid: (h, w, c), the shape that the first layer's output takes.
        doubling: the stride-2 layers.
        last: the stride-1 layer, whose output is the logits.
        image_shape: (H, W, C) after cropping.
    """

    dense: Float
    dense_bias: Float
    grid: tuple[int, int, int]
    doubling: tuple[Layer, ...]
    last: Layer
    image_shape: tuple[int, int, int]

    def activations(self, z: Float) -> list[Float]:
        """What goes into each layer after the first, ReLU done: (N, h, w, c), (N, 2h, 2w, c'), ..."""
        found = [np.maximum(z @ self.dense + self.dense_bias, 0).reshape(len(z), *self.grid)]
        for layer in self.doubling:
            found.append(np.maximum(upsampled(found[-1], layer.kernel, layer.bias), 0))
        return found


def read(decoder: Any) -> Stages:
    """The stages of a Keras decoder (N, D) -> logits (N, H, W, C).

    Raises:
        ModelError: layers in another order, or of another kind, than an int8 file can hold.
    """
    layers = [layer for layer in decoder.layers if type(layer).__name__ != "InputLayer"]
    kinds = [_kind(layer) for layer in layers]
    cropped = kinds[-1:] == ["crop"]
    doubling = len(kinds) - 3 - cropped
    expected = ["dense", "reshape", *["double"] * doubling, "last", *["crop"] * cropped]
    if doubling < 1 or kinds != expected:
        raise ModelError(
            f"The int8 file knows decoders of dense, reshape, doubling and one last layer; this one has "
            f"{', '.join(kinds)}.",
            hint="Export it without --int8.",
        )
    weights = [[np.asarray(array, np.float32) for array in layer.get_weights()] for layer in layers]
    grid = tuple(int(size) for size in layers[1].target_shape)
    shape = tuple(int(size) for size in decoder.outputs[0].shape[1:])
    return Stages(
        dense=weights[0][0],
        dense_bias=weights[0][1],
        grid=(grid[0], grid[1], grid[2]),
        doubling=tuple(Layer(*pair) for pair in weights[2 : 2 + doubling]),
        last=Layer(*weights[2 + doubling]),
        image_shape=(shape[0], shape[1], shape[2]),
    )


def _kind(layer: Any) -> str:
    name, config = type(layer).__name__, layer.get_config()
    activation = config.get("activation")
    if name == "Dense" and activation == "relu" and config["use_bias"]:
        return "dense"
    if name == "Reshape" and len(layer.target_shape) == 3:
        return "reshape"
    if name == "Conv2DTranspose":
        same = config["padding"] == "same" and config["use_bias"] and config.get("output_padding") is None
        square = tuple(config["kernel_size"]) == (3, 3) and tuple(config["dilation_rate"]) == (1, 1)
        strides = tuple(config["strides"])
        if same and square and (strides, activation) == ((2, 2), "relu"):
            return "double"
        if same and square and (strides, activation) == ((1, 1), "linear"):
            return "last"
    if name == "Cropping2D" and all(before == 0 for before, _ in layer.cropping):
        return "crop"
    return f"{name} {config.get('name')!r}"
