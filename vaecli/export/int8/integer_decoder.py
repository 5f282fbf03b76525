"""The quantised decoder: the numbers in an int8 file, and what the file must compute with them, in numpy.

This is an independent check of the file: `graph` builds ONNX operators from the same numbers.
"""

import dataclasses
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from vaecli.export import subpixel
from vaecli.export.int8 import ranges
from vaecli.export.int8.layers import Shape
from vaecli.export.int8.ranges import Float, Int8

# The scale of every activation in the file; `calibrate` folds the real scales into the weights on both sides.
UNIT_SCALE = np.float32(1)


@dataclasses.dataclass(frozen=True)
class QuantisedPhase:
    """A `subpixel.Phase`, quantised: `scale` * (`weights` * input + `bias`), rounded and clipped to 0 ... 255.

    Attributes:
        weights: (kh, kw, C_in, C_out).
        scale: (C_out,).
        bias: (C_out,).
        top: rows of zeros above the input.
        left: columns of zeros left of the input. Below and on the right there are as many as keep the size.
    """

    weights: Int8
    scale: Float
    bias: npt.NDArray[np.int32]
    top: int
    left: int

    def apply(self, x: Float) -> Float:
        """Convolve levels (N, h, w, C_in) to levels (N, h, w, C_out): whole numbers from 0 to 255, as float32."""
        phase = subpixel.Phase(self.weights.astype(np.float32), self.top, self.left)
        sums = subpixel.patches(x, phase) @ phase.kernel.reshape(-1, len(self.bias))  # below 2**24: exact
        scaled = (sums.astype(np.float64) + self.bias).astype(np.float32) * self.scale
        return ranges.quantise(scaled, UNIT_SCALE)

    @property
    def float_bias(self) -> Float:
        """Return the bias in levels of the output, (C_out,)."""
        return (self.bias * self.scale).astype(np.float32)

    def with_numbers(self, scale: Float, float_bias: Float) -> "QuantisedPhase":
        """Return the phase with another scale and bias, the bias in levels of the output."""
        return dataclasses.replace(self, scale=scale, bias=ranges.quantise_bias(float_bias, scale))

    @property
    def pads(self) -> tuple[int, int, int, int]:
        """Return the rows and columns of zeros above, left, below and right."""
        rows, columns = self.weights.shape[:2]
        return self.top, self.left, rows - 1 - self.top, columns - 1 - self.left

    def merge(self, right: "QuantisedPhase") -> "QuantisedPhase":
        """Join this phase and `right` into one convolution with the output channels of both.

        The narrower kernel is padded with zeros.
        """
        left = max(self.left, right.left)
        weights = [
            np.pad(phase.weights, ((0, 0), (left - phase.left, 0), (0, 0), (0, 0))) for phase in (self, right)
        ]
        return QuantisedPhase(
            np.concatenate(weights, axis=3),
            np.concatenate([self.scale, right.scale]),
            np.concatenate([self.bias, right.bias]),
            self.top,
            left,
        )


@dataclasses.dataclass(frozen=True)
class QuantisedConvolution:
    """A convolution, or an upsampling layer as its even and its odd rows, even and odd columns side by side."""

    phases: tuple[QuantisedPhase, ...]

    def apply(self, x: Float) -> Float:
        """Convolve levels (N, h, w, C_in) to (N, h, w, C_out), or (N, 2h, 2w, C_out) of an upsampling layer."""
        rows = [phase.apply(x) for phase in self.phases]
        return rows[0] if len(rows) == 1 else subpixel.stack_rows(rows)


@dataclasses.dataclass(frozen=True)
class QuantisedDense:
    """A dense layer: `scale` * (levels @ `weights`) + `bias`; shapes (C_in, C_out), (C_out,) and (C_out,)."""

    weights: Int8
    scale: Float
    bias: Float

    @property
    def float_bias(self) -> Float:
        """Return the bias, as `QuantisedPhase` does."""
        return self.bias

    def with_numbers(self, scale: Float, float_bias: Float) -> "QuantisedDense":
        """Return the layer with another scale and bias."""
        return dataclasses.replace(self, scale=scale, bias=float_bias)

    def sums(self, x: Float) -> Float:
        """Multiply levels (N, 1, 1, C_in) to float32 values (N, 1, 1, C_out)."""
        sums = x.astype(np.float64) @ self.weights.astype(np.float64)
        values: Float = sums.astype(np.float32) * self.scale + self.bias
        return values

    def apply(self, x: Float) -> Float:
        """Return the sums as levels."""
        return ranges.quantise(self.sums(x), UNIT_SCALE)


@dataclasses.dataclass(frozen=True)
class QuantisedCorners:
    """The last convolution, in the form that reads the cells of the upsampling layer before it.

    Attributes:
        weights: (4 C_in, 16 C), as `subpixel.corner_matrix`.
        scale: (4 C,), the scale of each number of a corner block.
        bias: (C,).
    """

    weights: Int8
    scale: Float
    bias: Float

    def sums(self, x: Float) -> Float:
        """Return the logits (N, 2h, 2w, C) of levels (N, 2h, 2w, C_in)."""
        cells = subpixel.cells(x).astype(np.float64)
        sums = subpixel.sum_corners(cells @ self.weights.astype(np.float64))
        # A corner block begins one row above its lower cells, so the image's first row is the second of a block.
        scale = self.scale.reshape(2, 2, len(self.bias))[::-1, ::-1]
        tiles = (sums.shape[1] // 2, sums.shape[2] // 2, 1)
        logits: Float = sums.astype(np.float32) * np.tile(scale, tiles) + self.bias
        return logits


QuantisedLayer: TypeAlias = QuantisedConvolution | QuantisedDense


@dataclasses.dataclass(frozen=True)
class QuantisedDecoder:
    """The weights, biases and scales in an int8 file: `layers.FloatDecoder`, quantised.

    Attributes:
        dense: (D, M), float32; (D + K, M) of a conditional decoder.
        dense_bias: (M,), float32; the first layer's output, rounded, is the first activation in levels.
        hidden: the layers between the first and the last one.
        last: the last layer; if it is a convolution, the last of `hidden` is an upsampling layer.
        shapes: as in `layers.FloatDecoder`.
        image_shape: (H, W, C) after cropping.
        label_count: as in `layers.FloatDecoder`.
    """

    dense: Float
    dense_bias: Float
    hidden: tuple[QuantisedLayer, ...]
    last: QuantisedCorners | QuantisedDense
    shapes: tuple[Shape, ...]
    image_shape: Shape
    label_count: int = 0

    def outputs(self, z: Float) -> Mapping[str, Float]:
        """Decode latents z (N, D), or (N, D + K) with labels, to `image` and `logits`, both (N, H, W, C).

        All integer sums are exact. The last digits of the float32 sums of dense layers depend on the processor, so
        a few levels (whole numbers from 0 to 255) may differ by one.
        """
        x = ranges.quantise((z @ self.dense + self.dense_bias).reshape(len(z), *self.shapes[0]), UNIT_SCALE)
        for layer, shape in zip(self.hidden, self.shapes[1:], strict=True):
            x = layer.apply(x).reshape(len(z), *shape)
        height, width, _ = self.image_shape
        logits = self.last.sums(x)
        if isinstance(self.last, QuantisedDense):
            logits = logits.reshape(len(z), *self.image_shape)
        logits = logits[:, :height, :width]
        return {"image": (1 / (1 + np.exp(-logits.astype(np.float64)))).astype(np.float32), "logits": logits}
