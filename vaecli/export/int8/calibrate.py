"""The decoder in bytes, fitted layer by layer to what the float32 decoder does on some latents.

Every channel of an activation has a step of its own, the one that loses least where pixels depend on it. The steps
cost nothing: they are folded into the weights on both sides, so that in the file each activation counts in ones.

Letters as in `subpixel` and `quantise`.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from vaecli.export import subpixel
from vaecli.export.int8 import ranges
from vaecli.export.int8.integer_decoder import BytePhase, ByteStages
from vaecli.export.int8.layers import Layer, Stages
from vaecli.export.int8.ranges import Float, Int8, Neighbours
from vaecli.export.int8.rounding import fitted
from vaecli.export.int8.sensitivity import Trace, trace

MOST_ELEMENTS = 2**22  # of the largest activation on all latents
MOST_ROWS = 2**14  # examples of one layer


def calibrated(stages: Stages, z: Float) -> ByteStages:
    """The decoder in bytes, fitted on latents z (N, D); for large images on the first of them alone."""
    largest = subpixel.largest(stages.grid, [len(layer.bias) for layer in stages.doubling])
    traced = trace(stages, z[: max(1, MOST_ELEMENTS // largest)])
    layers = range(len(stages.doubling) + 1)
    steps = [_steps(traced, layer) for layer in layers]
    folded = np.tile(steps[0], stages.grid[0] * stages.grid[1])
    x = ranges.levels(traced.values[0], steps[0])
    doubling = []
    for number, layer in enumerate(stages.doubling):
        phases = _phases(layer, x, steps[number : number + 2], traced, number)
        rows = [phase.convolved(x) for phase in phases]
        x = subpixel.stacked(rows)
        doubling.append(phases)
    corners, scale = _corners(stages, np.concatenate(rows, axis=3), steps[-1], traced)
    return ByteStages(
        stages.dense / folded,
        stages.dense_bias / folded,
        stages.grid,
        tuple(doubling),
        corners,
        scale,
        stages.last.bias,
        stages.image_shape,
    )


def _steps(traced: Trace, layer: int) -> Float:
    values, counts = (array[layer] for array in (traced.values, traced.counts))
    channels = values.shape[-1]
    return ranges.channel_scales(values.reshape(-1, channels), counts.reshape(-1, channels))


def _phases(layer: Layer, x: Float, steps: list[Float], traced: Trace, number: int) -> tuple[BytePhase, ...]:
    """A stride-2 layer on bytes x (N, h, w, C_in), as whole numbers: its even and its odd rows."""
    before, after = steps
    counts = subpixel.taken_apart(traced.counts[number + 1])
    found = []
    for phase, count in zip(subpixel.phases(layer.kernel), counts, strict=True):
        shape, channels = phase.kernel.shape[:3], phase.kernel.shape[3]
        seen, exact = (_rows(subpixel.windows(value, phase)) for value in (x, traced.values[number]))
        kernel = phase.kernel.reshape(-1, channels)
        columns = fitted(
            seen,
            (exact @ kernel + layer.bias) / after,
            _rows(count).mean(axis=1),
            kernel * np.tile(before, shape[0] * shape[1])[:, None] / after,
            ranges.kernel_neighbours(shape),
        )
        bias = ranges.whole_bias(columns.bias, columns.scale)
        weights = columns.weights.reshape(phase.kernel.shape)
        found.append(BytePhase(weights, columns.scale, bias, phase.top, phase.left))
    return found[0].beside(found[1]), found[2].beside(found[3])


def _rows(values: Float) -> Float:
    """Some of the places of (N, h, w, K) as rows (R, K), evenly over all."""
    rows = values.reshape(-1, values.shape[-1])
    if len(rows) <= MOST_ROWS:
        return rows
    return rows[np.linspace(0, len(rows) - 1, MOST_ROWS).astype(np.int64)]


def _corners(stages: Stages, cells: Float, step: Float, traced: Trace) -> tuple[Int8, Float]:
    """The last layer on bytes (N, h, w, 4 C_in): the matrix of `subpixel.corner_matrix` and its scales (4 C,).

    Each of the 4 C numbers of a block is a column of its own, with the 9 C_in weights that it sees, and the bias
    that the layer has everywhere.
    """
    places = subpixel.corner_matrix(np.ones_like(stages.last.kernel)) > 0
    used = _by_block(places)  # (16 C_in, 4 C)
    start = _by_block(np.tile(step, 4)[:, None] * subpixel.corner_matrix(stages.last.kernel))
    size = used.shape[1]
    weights = np.zeros(used.shape, np.int8)
    scale = np.ones(size, np.float32)
    seen = _rows(subpixel.corner_windows(cells))
    wanted, counts = (
        _rows(blocks.reshape(*blocks.shape[:3], size))
        for blocks in (subpixel.blocks(array[-1]) for array in (traced.values, traced.counts))
    )
    for column in range(size):
        here = np.flatnonzero(used[:, column])
        real = counts[:, column] > 0
        made = fitted(
            seen[np.ix_(real, here)],
            wanted[real][:, [column]],
            counts[real, column],
            start[here][:, [column]],
            _within_quarters(here, len(places)),
            bias=stages.last.bias[[column % len(stages.last.bias)]],
        )
        weights[here, column], scale[column] = made.weights[:, 0], made.scale[0]
    return _by_cell(weights), scale


def _within_quarters(rows: npt.NDArray[np.int64], size: int) -> Neighbours:
    """The pairs among some rows of four matrices of `size` rows, one below the other; zeros stand between."""
    stretches = np.split(
        np.arange(len(rows)), 1 + np.flatnonzero((np.diff(rows) != 1) | (rows[1:] % size == 0))
    )
    return ranges.neighbours(len(rows), *stretches)


def _by_block(matrix: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A corner matrix (4 C_in, 4 * 4 C) as the four quarters below each other, (4 * 4 C_in, 4 C)."""
    rows, columns = matrix.shape
    return matrix.reshape(rows, 4, columns // 4).transpose(1, 0, 2).reshape(4 * rows, columns // 4)


def _by_cell(matrix: Int8) -> Int8:
    """The inverse of `_by_block`."""
    rows, columns = matrix.shape
    side = matrix.reshape(4, rows // 4, columns).transpose(1, 0, 2)
    return np.ascontiguousarray(side.reshape(rows // 4, 4 * columns))
