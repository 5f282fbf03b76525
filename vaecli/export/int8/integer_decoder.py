"""The quantised decoder: the numbers in an int8 file, and what the file must compute with them, in numpy.

This is an independent check of the file: `graph` builds ONNX operators from the same numbers.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from vaecli.export import subpixel
from vaecli.export.int8 import ranges
from vaecli.export.int8.ranges import Float, Int8

# The scale of every activation in the file; `calibrate` folds the real scales into the weights on both sides.
UNIT_SCALE = np.float32(1)


@dataclasses.dataclass(frozen=True)
class QuantisedPhase:
    """A phase of an upsampling layer: `scale` * (`weights` * input + `bias`), rounded and clipped to 0 ... 255.

    Attributes:
        weights: (kh, kw, C_in, C_out).
        scale: (C_out,).
        bias: (C_out,).
        top: rows of zeros above the input.
        left: columns of zeros left of the input.
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
class QuantisedDecoder:
    """The weights, biases and scales in an int8 file: `layers.FloatDecoder`, quantised.

    Attributes:
        dense: (D, h * w * c), float32.
        dense_bias: (h * w * c,), float32; the dense layer's output, rounded, is the first activation in levels.
        grid: (h, w, c).
        upsampling: for each upsampling layer two phases, the even and the odd rows; each gives even and odd
            columns side by side.
        corners: (4 C_in, 16 C), as `subpixel.corner_matrix`.
        corner_scale: (4 C,), the scale of each number of a corner block.
        bias: (C,), of the last layer.
        image_shape: (H, W, C) after cropping.
    """

    dense: Float
    dense_bias: Float
    grid: tuple[int, int, int]
    upsampling: tuple[tuple[QuantisedPhase, ...], ...]
    corners: Int8
    corner_scale: Float
    bias: Float
    image_shape: tuple[int, int, int]

    def outputs(self, z: Float) -> Mapping[str, Float]:
        """Decode latents z (N, D) to `image` and `logits`, both (N, H, W, C).

        All integer sums are exact. The last digits of the dense layer's float32 sums depend on the processor, so
        a few levels (whole numbers from 0 to 255) may differ by one.
        """
        x = ranges.quantise((z @ self.dense + self.dense_bias).reshape(len(z), *self.grid), UNIT_SCALE)
        for phases in self.upsampling:
            rows = [phase.apply(x) for phase in phases]
            x = subpixel.stack_rows(rows)
        logits = self._logits(np.concatenate(rows, axis=3))
        return {"image": (1 / (1 + np.exp(-logits.astype(np.float64)))).astype(np.float32), "logits": logits}

    def _logits(self, cells: Float) -> Float:
        """Apply the last layer to cells (N, h, w, 4 C_in) of levels 0 to 255; return logits (N, H, W, C)."""
        sums = subpixel.sum_corners(cells.astype(np.float64) @ self.corners.astype(np.float64))
        height, width, channels = self.image_shape
        # A corner block begins one row above its lower cells, so the image's first row is the second of a block.
        scale = self.corner_scale.reshape(2, 2, channels)[::-1, ::-1]
        tiles = (sums.shape[1] // 2, sums.shape[2] // 2, 1)
        logits: Float = sums.astype(np.float32) * np.tile(scale, tiles) + self.bias
        return logits[:, :height, :width]
