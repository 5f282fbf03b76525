"""The decoder in bytes: what an int8 file holds, and what it has to compute, in numpy.

That is a second opinion on the file: its graph is built from these numbers by other means, see `int8`.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from vaecli.export import subpixel
from vaecli.export.int8 import ranges
from vaecli.export.int8.ranges import Float, Int8

ONE = np.float32(1)  # the step of every activation; calibrate.py folds the real ones into weights and scales


@dataclasses.dataclass(frozen=True)
class BytePhase:
    """A phase whose output is a uint8: `scale` (`weights` over bytes + `bias`), rounded, 0 to 255.

    Attributes:
        weights: (kh, kw, C_in, C_out); scale and bias (C_out,).
        top: zero rows that the input is padded with above; `left` likewise.
    """

    weights: Int8
    scale: Float
    bias: npt.NDArray[np.int32]
    top: int
    left: int

    def convolved(self, x: Float) -> Float:
        """Bytes (N, h, w, C_in) to bytes (N, h, w, C_out), both as whole float32 numbers."""
        kernel = subpixel.Phase(self.weights.astype(np.float32), self.top, self.left)
        sums = subpixel.windows(x, kernel) @ kernel.kernel.reshape(-1, len(self.bias))  # below 2**24: exact
        return ranges.levels((sums.astype(np.float64) + self.bias).astype(np.float32) * self.scale, ONE)

    def beside(self, other: "BytePhase") -> "BytePhase":
        """Both in one, their outputs side by side; the phase that sees fewer columns gets zeros for them."""
        left = max(self.left, other.left)
        weights = [
            np.pad(phase.weights, ((0, 0), (left - phase.left, 0), (0, 0), (0, 0))) for phase in (self, other)
        ]
        return BytePhase(
            np.concatenate(weights, axis=3),
            np.concatenate([self.scale, other.scale]),
            np.concatenate([self.bias, other.bias]),
            self.top,
            left,
        )


@dataclasses.dataclass(frozen=True)
class ByteStages:
    """What an int8 file holds; see `stages.Stages` for what it stands for.

    Attributes:
        dense: (D, h * w * c) and dense_bias (h * w * c,): their sum, rounded, is the first uint8.
        grid: (h, w, c).
        doubling: of each stride-2 layer the even and the odd rows, their even and odd columns side by side.
        corners: (4 C_in, 16 C), as `subpixel.corner_matrix`.
        corner_scale: (4 C,), of the four pixels of a block.
        bias: (C,), of the last layer.
        image_shape: (H, W, C) after cropping.
    """

    dense: Float
    dense_bias: Float
    grid: tuple[int, int, int]
    doubling: tuple[tuple[BytePhase, ...], ...]
    corners: Int8
    corner_scale: Float
    bias: Float
    image_shape: tuple[int, int, int]

    def outputs(self, z: Float) -> Mapping[str, Float]:
        """`image` and `logits` (N, H, W, C) of latents z (N, D).

        The sums of bytes are exact. The float32 sums of the dense layer may come out otherwise elsewhere by a last
        digit, which moves a byte here and there by one.
        """
        x = ranges.levels((z @ self.dense + self.dense_bias).reshape(len(z), *self.grid), ONE)
        for phases in self.doubling:
            rows = [phase.convolved(x) for phase in phases]
            x = subpixel.stacked(rows)
        logits = self._logits(np.concatenate(rows, axis=3))
        return {"image": (1 / (1 + np.exp(-logits.astype(np.float64)))).astype(np.float32), "logits": logits}

    def _logits(self, cells: Float) -> Float:
        """Of the bytes of four phases (N, h, w, 4 C_in)."""
        sums = subpixel.corners_summed(cells.astype(np.float64) @ self.corners.astype(np.float64))
        height, width, channels = self.image_shape
        # a block between four cells begins one row above a cell: its second row is the image's first
        scale = self.corner_scale.reshape(2, 2, channels)[::-1, ::-1]
        tiles = (sums.shape[1] // 2, sums.shape[2] // 2, 1)
        logits: Float = sums.astype(np.float32) * np.tile(scale, tiles) + self.bias
        return logits[:, :height, :width]
