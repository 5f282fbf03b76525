"""The float32 decoder as a list of arrays: all that quantisation needs to know about it, without Keras."""

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

from vaecli.errors import ModelError
from vaecli.export.subpixel import upsample

Float = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class Layer:
    """A transposed convolution of kernel size 3: `kernel` (3, 3, C_out, C_in) and `bias` (C_out,)."""

    kernel: Float
    bias: Float


@dataclasses.dataclass(frozen=True)
class FloatDecoder:
    """A decoder of dense + ReLU, one or more upsampling layers + ReLU, a stride-1 layer, and cropping.

    Attributes:
        dense: kernel (D, h * w * c).
        dense_bias: (h * w * c,).
        grid: (h, w, c), the shape into which the dense layer's output is reshaped.
        upsampling: the stride-2 layers.
        last: the stride-1 layer, whose output is the logits.
        image_shape: (H, W, C) after rows below and columns on the right are cut off.
    """

    dense: Float
    dense_bias: Float
    grid: tuple[int, int, int]
    upsampling: tuple[Layer, ...]
    last: Layer
    image_shape: tuple[int, int, int]

    def activations(self, z: Float) -> list[Float]:
        """Return the input (after ReLU) of each layer after the dense one: (N, h, w, c), (N, 2h, 2w, c'), ..."""
        activations = [np.maximum(z @ self.dense + self.dense_bias, 0).reshape(len(z), *self.grid)]
        for layer in self.upsampling:
            activations.append(np.maximum(upsample(activations[-1], layer.kernel, layer.bias), 0))
        return activations


def read(decoder: Any) -> FloatDecoder:
    """Read the arrays of a Keras decoder (N, D) -> logits (N, H, W, C).

    Raises:
        ModelError: the decoder has layers that an int8 file cannot hold.
    """
    layers = [layer for layer in decoder.layers if type(layer).__name__ != "InputLayer"]
    kinds = [_kind(layer) for layer in layers]
    cropped = kinds[-1:] == ["cropping"]
    count = len(kinds) - 3 - cropped
    expected = ["dense", "reshape", *["upsampling"] * count, "stride-1", *["cropping"] * cropped]
    if count < 1 or kinds != expected:
        raise ModelError(
            "The decoder's layers must be dense, reshape, upsampling (one or more), stride-1 and optional cropping "
            f"for --int8, got {', '.join(kinds)}.",
            hint="Export without --int8.",
        )
    weights = [[np.asarray(array, np.float32) for array in layer.get_weights()] for layer in layers]
    grid = tuple(int(size) for size in layers[1].target_shape)
    shape = tuple(int(size) for size in decoder.outputs[0].shape[1:])
    return FloatDecoder(
        dense=weights[0][0],
        dense_bias=weights[0][1],
        grid=(grid[0], grid[1], grid[2]),
        upsampling=tuple(Layer(*pair) for pair in weights[2 : 2 + count]),
        last=Layer(*weights[2 + count]),
        image_shape=(shape[0], shape[1], shape[2]),
    )


def _kind(layer: Any) -> str:
    """Return a layer's role, such as `upsampling`; for a layer that int8 cannot hold, its class and name."""
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
            return "upsampling"
        if same and square and (strides, activation) == ((1, 1), "linear"):
            return "stride-1"
    if name == "Cropping2D" and all(before == 0 for before, _ in layer.cropping):
        return "cropping"
    return f"{name} {config.get('name')!r}"
