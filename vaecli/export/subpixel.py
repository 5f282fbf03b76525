"""Transposed convolutions as plain ones, exactly: sub-pixel form (Shi et al. 2016, arXiv:1609.07009).

A 3x3 transposed convolution of stride 2, padding "same", sums for the output row y the input rows i and kernel rows
k with y = 2 i + k. Even rows see k = 0 at i = y/2 and k = 2 at i = y/2 - 1; odd rows see k = 1 alone. Columns are
the same. So the four phases (row parity, column parity) are stride-1 convolutions of 2x2, 2x1, 1x2 and 1x1 taps,
and the output interleaves them. One 2x2 convolution of four times the channels is the same with 7 of 16 taps zero.

Kernels are as Keras keeps them, (3, 3, C_out, C_in). N images, h x w the size of the layer's input.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]

_TAPS = ([2, 0], [1])  # kernel rows that an even and an odd output row see, the upper input row first


@dataclasses.dataclass(frozen=True)
class Phase:
    """A stride-1 convolution that makes every second row and column of the output.

    Attributes:
        kernel: (kh, kw, C_in, C_out).
        top: zero rows that the input is padded with above; `left` likewise; nothing below and right.
    """

    kernel: Float
    top: int
    left: int


def phases(kernel: Float) -> tuple[Phase, ...]:
    """The four phases of a stride-2 kernel: (even, even), (even, odd), (odd, even), (odd, odd) rows, columns."""
    found = []
    for rows in _TAPS:
        for columns in _TAPS:
            part = kernel[rows][:, columns].transpose(0, 1, 3, 2)
            found.append(Phase(np.ascontiguousarray(part), len(rows) - 1, len(columns) - 1))
    return tuple(found)


def interleaved(parts: Sequence[Float]) -> Float:
    """Four phases, each (N, h, w, C), as one image (N, 2h, 2w, C)."""
    return stacked([np.concatenate(pair, axis=3) for pair in (parts[:2], parts[2:])])


def stacked(rows: Sequence[Float]) -> Float:
    """Even and odd rows, (N, h, w, 2C) with even and odd columns side by side, as one image (N, 2h, 2w, C)."""
    count, height, width, channels = rows[0].shape
    return np.concatenate(rows, axis=2).reshape(count, 2 * height, 2 * width, channels // 2)


def upsampled(x: Float, kernel: Float, bias: Float) -> Float:
    """The stride-2 layer in numpy, without its activation: (N, h, w, C_in) -> (N, 2h, 2w, C_out)."""
    return interleaved([_convolved(x, phase) + bias for phase in phases(kernel)])


def windows(x: Float, phase: Phase) -> Float:
    """What a phase sees of x (N, h, w, C_in), its kernel as a matrix's rows: (N, h, w, kh * kw * C_in)."""
    rows, columns, _, _ = phase.kernel.shape
    _, height, width, _ = x.shape
    padded = np.pad(x, ((0, 0), (phase.top, 0), (phase.left, 0), (0, 0)))
    return np.concatenate(
        [padded[:, i : i + height, j : j + width] for i in range(rows) for j in range(columns)], axis=-1
    )


def _convolved(x: Float, phase: Phase) -> Float:
    result: Float = windows(x, phase) @ phase.kernel.reshape(-1, phase.kernel.shape[-1])
    return result


def upsampled_back(gradient: Float, kernel: Float) -> Float:
    """The transpose of `upsampled`: gradients of its output (N, 2h, 2w, C_out) -> of its input (N, h, w, C_in)."""
    count, height, width, _ = gradient.shape
    total = np.zeros((count, 1 + height // 2, 1 + width // 2, kernel.shape[3]), np.float32)
    for part, phase in zip(taken_apart(gradient), phases(kernel), strict=True):
        rows, columns, _, _ = phase.kernel.shape
        for i in range(rows):
            for j in range(columns):
                down, right = 1 - phase.top + i, 1 - phase.left + j
                where = (slice(None), slice(down, down + height // 2), slice(right, right + width // 2))
                total[where] += part @ phase.kernel[i, j].T
    return total[:, 1:, 1:]


def taken_apart(x: Float) -> list[Float]:
    """The inverse of `interleaved`: (N, 2h, 2w, C) -> four of (N, h, w, C)."""
    return [x[:, row::2, column::2] for row in (0, 1) for column in (0, 1)]


def same_size(x: Float, kernel: Float, bias: Float) -> Float:
    """The stride-1 layer in numpy: (N, H, W, C_in) -> (N, H, W, C_out)."""
    return _spread(x, kernel[::-1, ::-1].transpose(0, 1, 3, 2)) + bias


def same_size_back(gradient: Float, kernel: Float) -> Float:
    """The transpose of `same_size`: the gradient of its output -> of its input."""
    return _spread(gradient, kernel)


def _spread(x: Float, taps: Float) -> Float:
    """The sum over taps (3, 3, C, C') of x (N, H, W, C), moved by one pixel each way: (N, H, W, C')."""
    _, height, width, _ = x.shape
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    total = np.zeros((*x.shape[:3], taps.shape[-1]), np.float32)
    for i in range(3):
        for j in range(3):
            total += padded[:, i : i + height, j : j + width] @ taps[i, j]
    return total


def on_phases(kernel: Float) -> Float:
    """A stride-1 kernel for the phases of its input: (row parity, column parity, C_in, 4, 4, C_out).

    What a pixel of a phase reaches lies in the 4x4 pixels of the output from one row above and one column left of
    the 2x2 block that it belongs to.
    """
    c_out, c_in = kernel.shape[2:]
    reached = np.zeros((2, 2, c_in, 4, 4, c_out), np.float32)
    for row in (0, 1):
        for column in (0, 1):
            reached[row, column, :, row : row + 3, column : column + 3] = kernel.transpose(3, 0, 1, 2)
    return reached


def corner_matrix(kernel: Float) -> Float:
    """A stride-1 3x3 layer on the four phases of its input, side by side, as one matrix (4 C_in, 4 * 4 C_out).

    The cell (i, j) of the phases is a block of 2x2 pixels, and it reaches a block of 4x4 pixels of the output, from
    one row above and one column left of it. Cut in quarters, each is a block of 2x2 pixels around one of the
    cell's four corners; so every block between four cells, of pixel rows 2i - 1 and 2i, is the sum of a quarter of
    each. The columns are (quarter row, quarter column, row, column, C_out): see `corners_summed`.
    """
    c_out, c_in = kernel.shape[2:]
    quarters = on_phases(kernel).reshape(4 * c_in, 2, 2, 2, 2, c_out).transpose(0, 1, 3, 2, 4, 5)
    return np.ascontiguousarray(quarters.reshape(4 * c_in, 16 * c_out))


def corner_kernel(scale: Float) -> Float:
    """The kernel (16 C, C, 4, 4) of a stride-2 transposed convolution that sums the quarters around each corner.

    It turns cells times `corner_matrix`, channels first, into the layer's output, cut by one on all sides.

    Args:
        scale: (4 C,), what each of a block's numbers (row, column, C) is multiplied by.
    """
    size = len(scale)
    places = np.diag(np.tile(scale, 4)).reshape(4 * size, 2, 2, 2, 2, size // 4)
    return np.ascontiguousarray(places.transpose(0, 5, 1, 3, 2, 4).reshape(4 * size, size // 4, 4, 4))


def largest(grid: tuple[int, int, int], channels: Sequence[int]) -> int:
    """Numbers of the largest activation where (h, w, c) is doubled again and again, to so many channels."""
    height, width, first = grid
    return (
        height * width * max([first, *(int(count * 4**number) for number, count in enumerate(channels, 1))])
    )


def corner_windows(cells: Float) -> Float:
    """What each block between four cells sees of cells (N, h, w, 4 C_in): (N, h + 1, w + 1, 4 * 4 C_in).

    The quarters in the order of `corner_matrix`: that of the cell below and right first.
    """
    _, height, width, _ = cells.shape
    padded = np.pad(cells, ((0, 0), (1, 1), (1, 1), (0, 0)))
    moved = [(1 - row, 1 - column) for row in (0, 1) for column in (0, 1)]
    return np.concatenate([padded[:, i : i + height + 1, j : j + width + 1] for i, j in moved], axis=-1)


def blocks(image: Float) -> Float:
    """An image (N, 2h, 2w, C) as blocks of 2x2 pixels between its cells, zeros around: (N, h+1, w+1, 2, 2, C)."""
    count, height, width, channels = image.shape
    padded = np.pad(image, ((0, 0), (1, 1), (1, 1), (0, 0)))
    cut = padded.reshape(count, height // 2 + 1, 2, width // 2 + 1, 2, channels)
    return cut.transpose(0, 1, 3, 2, 4, 5)


def corners_summed(products: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """Cells times `corner_matrix`, (N, h, w, 16 C), as the layer's output (N, 2h, 2w, C), any type of number."""
    count, height, width, columns = products.shape
    size = columns // 4
    corners = np.zeros((count, height + 1, width + 1, size), products.dtype)
    for quarter in range(4):
        i, j = divmod(quarter, 2)
        corners[:, i : i + height, j : j + width] += products[..., quarter * size : (quarter + 1) * size]
    blocks = corners.reshape(count, height + 1, width + 1, 2, 2, size // 4).transpose(0, 1, 3, 2, 4, 5)
    return blocks.reshape(count, 2 * height + 2, 2 * width + 2, size // 4)[:, 1:-1, 1:-1]
