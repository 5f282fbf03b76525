"""Transposed convolutions as plain convolutions, exactly: the sub-pixel form (Shi et al. 2016, arXiv:1609.07009).

Phases. A transposed convolution with a 3x3 kernel, stride 2 and padding "same" (an upsampling layer) computes
output row y from the input rows i and kernel rows k with y = 2 i + k. Even output rows use kernel row 0 with
i = y/2 and kernel row 2 with i = y/2 - 1; odd output rows use kernel row 1 alone. Columns behave the same. The
output therefore interleaves four phases, one for each (row parity, column parity). Each phase is a stride-1
convolution with a kernel of 2x2, 2x1, 1x2 or 1x1.

Cells, quarters and corner blocks. A stride-1 3x3 layer after it can read the four phases side by side, so that
the interleaved image is never made. One position (i, j) of the phases is a cell: the 2x2 pixels 2i, 2i + 1 by
2j, 2j + 1. A cell contributes to 4x4 pixels of the layer's output, which are cut into four quarters, one around
each corner:

                2j - 1   2j      2j + 1  2j + 2
        2i - 1     a     a    |    b       b
        2i         a    [a    |    b]      b       [ ] the cell's own four pixels
                --------------+---------------     a, b, c, d  its quarters (0, 0), (0, 1), (1, 0), (1, 1)
        2i + 1     c    [c    |    d]      d
        2i + 2     c     c    |    d       d

A corner block is the 2x2 pixels around one corner. Four cells meet there, so a corner block is the sum of four
quarters: d of the upper left cell, c of the upper right, b of the lower left and a of the lower right.

Kernels are as Keras stores them, (3, 3, C_out, C_in). N images; h x w is the size of an upsampling layer's
input, and of the grid of cells.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]

_KERNEL_ROWS = ([2, 0], [1])  # the kernel rows that even and odd output rows use, the upper input row first


@dataclasses.dataclass(frozen=True)
class Phase:
    """A stride-1 convolution: one that computes every second row and column of an upsampling layer, or a plain one.

    Attributes:
        kernel: (kh, kw, C_in, C_out).
        top: rows of zeros above the input.
        left: columns of zeros left of the input.
    """

    kernel: Float
    top: int
    left: int

    @property
    def bottom(self) -> int:
        """Return the rows of zeros below the input; with them the output has as many rows."""
        return int(self.kernel.shape[0]) - 1 - self.top

    @property
    def right(self) -> int:
        """Return the columns of zeros on the right; with them the output has as many columns."""
        return int(self.kernel.shape[1]) - 1 - self.left


def phases(kernel: Float) -> tuple[Phase, ...]:
    """Split a stride-2 kernel into four phases; (row, column) parities (0, 0), (0, 1), (1, 0), (1, 1)."""
    return tuple(
        Phase(
            np.ascontiguousarray(kernel[rows][:, columns].transpose(0, 1, 3, 2)),
            top=len(rows) - 1,
            left=len(columns) - 1,
        )
        for rows in _KERNEL_ROWS
        for columns in _KERNEL_ROWS
    )


def mirrored(kernel: Float) -> Float:
    """Turn the kernel of a convolution of stride 1 into that of the equal transposed one, or back."""
    return np.ascontiguousarray(kernel[::-1, ::-1].transpose(0, 1, 3, 2))


def plain_phase(kernel: Float) -> Phase:
    """Return a stride-1 layer as a convolution."""
    return Phase(mirrored(kernel), top=1, left=1)


def interleave(outputs: Sequence[Float]) -> Float:
    """Join the outputs of the four phases, each (N, h, w, C), into one image (N, 2h, 2w, C)."""
    return stack_rows([np.concatenate(pair, axis=3) for pair in (outputs[:2], outputs[2:])])


def stack_rows(rows: Sequence[Float]) -> Float:
    """Join even and odd rows, each (N, h, w, 2C) with even and odd columns side by side, into (N, 2h, 2w, C)."""
    count, height, width, channels = rows[0].shape
    return np.concatenate(rows, axis=2).reshape(count, 2 * height, 2 * width, channels // 2)


def split_phases(image: Float) -> list[Float]:
    """Split an image (N, 2h, 2w, C) into its four phases (N, h, w, C); the inverse of `interleave`."""
    return [image[:, row::2, column::2] for row in (0, 1) for column in (0, 1)]


def cells(image: Float) -> Float:
    """Put the four phases of an image (N, 2h, 2w, C) side by side: its cells, (N, h, w, 4 C)."""
    return np.concatenate(split_phases(image), axis=3)


def upsample(x: Float, kernel: Float, bias: Float) -> Float:
    """Apply an upsampling layer without its activation: (N, h, w, C_in) -> (N, 2h, 2w, C_out)."""
    return interleave([_convolve(x, phase) + bias for phase in phases(kernel)])


def patches(x: Float, phase: Phase) -> Float:
    """Return the input values under the kernel at each output pixel of a phase (im2col).

    (N, h, w, C_in) -> (N, h, w, kh * kw * C_in).
    """
    rows, columns, _, _ = phase.kernel.shape
    _, height, width, _ = x.shape
    padded = np.pad(x, ((0, 0), (phase.top, phase.bottom), (phase.left, phase.right), (0, 0)))
    return np.concatenate(
        [padded[:, i : i + height, j : j + width] for i in range(rows) for j in range(columns)], axis=-1
    )


def _convolve(x: Float, phase: Phase) -> Float:
    result: Float = patches(x, phase) @ phase.kernel.reshape(-1, phase.kernel.shape[-1])
    return result


def upsample_gradient(gradient: Float, kernel: Float) -> Float:
    """Backpropagate through `upsample`: output gradients (N, 2h, 2w, C_out) -> input gradients (N, h, w, C_in)."""
    count, height, width, _ = gradient.shape
    total = np.zeros((count, 1 + height // 2, 1 + width // 2, kernel.shape[3]), np.float32)
    for part, phase in zip(split_phases(gradient), phases(kernel), strict=True):
        rows, columns, _, _ = phase.kernel.shape
        for i in range(rows):
            for j in range(columns):
                top, left = 1 - phase.top + i, 1 - phase.left + j
                region = (slice(None), slice(top, top + height // 2), slice(left, left + width // 2))
                total[region] += part @ phase.kernel[i, j].T
    return total[:, 1:, 1:]


def convolve_same(x: Float, kernel: Float, bias: Float) -> Float:
    """Apply a stride-1 transposed convolution: (N, H, W, C_in) -> (N, H, W, C_out)."""
    return _correlate(x, mirrored(kernel)) + bias


def convolve_same_gradient(gradient: Float, kernel: Float) -> Float:
    """Backpropagate through `convolve_same`: gradients of outputs (N, H, W, C_out) -> of inputs (N, H, W, C_in)."""
    return _correlate(gradient, kernel)


def _correlate(x: Float, kernel: Float) -> Float:
    """Correlate x (N, H, W, C) with a kernel (3, 3, C, C'), padding "same": (N, H, W, C')."""
    _, height, width, _ = x.shape
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    total = np.zeros((*x.shape[:3], kernel.shape[-1]), np.float32)
    for i in range(3):
        for j in range(3):
            total += padded[:, i : i + height, j : j + width] @ kernel[i, j]
    return total


def kernel_of_cells(kernel: Float) -> Float:
    """Return the weights from a cell's pixels to its 4x4 output pixels: (row, column, C_in, 4, 4, C_out).

    Row and column are the pixel's position in its 2x2 cell, each 0 or 1.
    """
    c_out, c_in = kernel.shape[2:]
    weights = np.zeros((2, 2, c_in, 4, 4, c_out), np.float32)
    for row in (0, 1):
        for column in (0, 1):
            weights[row, column, :, row : row + 3, column : column + 3] = kernel.transpose(3, 0, 1, 2)
    return weights


def corner_matrix(kernel: Float) -> Float:
    """Return a stride-1 layer as a matrix (4 C_in, 4 * 4 C_out): cells @ matrix gives the quarters of each cell.

    The columns are (quarter row, quarter column, row, column, C_out). `sum_corners` makes the layer's
    output of the quarters.
    """
    c_out, c_in = kernel.shape[2:]
    quarters = kernel_of_cells(kernel).reshape(4 * c_in, 2, 2, 2, 2, c_out).transpose(0, 1, 3, 2, 4, 5)
    return np.ascontiguousarray(quarters.reshape(4 * c_in, 16 * c_out))


def sum_corners(quarters: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """Sum quarters (N, h, w, 16 C) around each corner: the layer's output (N, 2h, 2w, C), same dtype."""
    count, height, width, columns = quarters.shape
    size = columns // 4
    corners = np.zeros((count, height + 1, width + 1, size), quarters.dtype)
    for quarter in range(4):
        i, j = divmod(quarter, 2)
        corners[:, i : i + height, j : j + width] += quarters[..., quarter * size : (quarter + 1) * size]
    pixels = corners.reshape(count, height + 1, width + 1, 2, 2, size // 4).transpose(0, 1, 3, 2, 4, 5)
    return pixels.reshape(count, 2 * height + 2, 2 * width + 2, size // 4)[:, 1:-1, 1:-1]


def corner_kernel(scale: Float) -> Float:
    """Return the kernel (16 C, C, 4, 4) of a stride-2 transposed convolution that sums and scales quarters.

    It does what `sum_corners` does, on quarters with channels first. The output, cut by one pixel on all sides, is
    the layer's output.

    Args:
        scale: (4 C,), the factor of each number (row, column, C) of a corner block.
    """
    size = len(scale)
    places = np.diag(np.tile(scale, 4)).reshape(4 * size, 2, 2, 2, 2, size // 4)
    return np.ascontiguousarray(places.transpose(0, 5, 1, 3, 2, 4).reshape(4 * size, size // 4, 4, 4))


def corner_patches(cells: Float) -> Float:
    """Return the four cells around each corner: cells (N, h, w, 4 C_in) -> (N, h + 1, w + 1, 4 * 4 C_in).

    The order is that of the quarters: the lower right cell first, whose quarter is (0, 0). Cells outside are zeros.
    """
    _, height, width, _ = cells.shape
    padded = np.pad(cells, ((0, 0), (1, 1), (1, 1), (0, 0)))
    offsets = [(1 - row, 1 - column) for row in (0, 1) for column in (0, 1)]
    return np.concatenate([padded[:, i : i + height + 1, j : j + width + 1] for i, j in offsets], axis=-1)


def corner_blocks(image: Float) -> Float:
    """Split an image (N, 2h, 2w, C), zeros around it, into its corner blocks: (N, h + 1, w + 1, 2, 2, C)."""
    count, height, width, channels = image.shape
    padded = np.pad(image, ((0, 0), (1, 1), (1, 1), (0, 0)))
    blocks = padded.reshape(count, height // 2 + 1, 2, width // 2 + 1, 2, channels)
    return blocks.transpose(0, 1, 3, 2, 4, 5)
