"""Calibration: each layer of the decoder quantised in turn, fitted to the float32 decoder on example latents.

Every channel of an activation has its own scale, chosen where pixels depend on it most. These scales cost
nothing in the file: they are folded into the weights before and after, so that the file's activations all have
scale 1.

Letters as in `subpixel` and `ranges`.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from vaecli.export import subpixel
from vaecli.export.int8 import ranges
from vaecli.export.int8.integer_decoder import (
    QuantisedConvolution,
    QuantisedCorners,
    QuantisedDecoder,
    QuantisedDense,
    QuantisedLayer,
    QuantisedPhase,
)
from vaecli.export.int8.layers import FloatDecoder, Layer, largest_activation
from vaecli.export.int8.ranges import Float, Int8, Neighbours
from vaecli.export.int8.rounding import fit_columns
from vaecli.export.int8.sensitivity import Trace, trace

MAX_ELEMENTS = 2**22  # of the largest activation, over all latents
MAX_ROWS = 2**14  # examples for one layer


def calibrate(decoder: FloatDecoder, z: Float) -> QuantisedDecoder:
    """Quantise a decoder on latents z (N, D), or (N, D + K) with labels.

    Convolutions are fitted to the first latents, at most MAX_ELEMENTS values in any activation; dense layers, which
    have one row for each latent, to at most MAX_ROWS latents.
    """
    traced = trace(
        decoder, z[: max(1, MAX_ELEMENTS // largest_activation(decoder.shapes, decoder.image_shape))]
    )
    count, z = len(traced.values[0]), z[:MAX_ROWS]
    scales = [_activation_scale(traced, number) for number in range(len(decoder.shapes))]
    first_scale = _repeated(scales[0], len(decoder.first.bias))
    exact = decoder.activations(z, 1 + sum(layer.kind == "dense" for layer in decoder.hidden))
    x = ranges.quantise(exact[0], scales[0])
    hidden: list[QuantisedLayer] = []
    for number, layer in enumerate(decoder.hidden):
        if layer.kind == "dense":
            target_scale = _repeated(scales[number + 1], len(layer.bias))
            hidden.append(_dense_layer(layer, x, exact[number], scales[number], target_scale))
        else:
            x = x[:count]
            hidden.append(_convolution(layer, x, scales[number : number + 2], traced, number))
        x = hidden[-1].apply(x).reshape(-1, *decoder.shapes[number + 1])
    last: QuantisedCorners | QuantisedDense
    if decoder.last.kind == "dense":
        last = _dense_layer(decoder.last, x, exact[-1], scales[-1], np.ones_like(decoder.last.bias))
    else:
        last = _last_convolution(decoder.last, subpixel.cells(x), scales[-1], traced)
    return QuantisedDecoder(
        dense=decoder.first.kernel / first_scale,
        dense_bias=decoder.first.bias / first_scale,
        hidden=tuple(hidden),
        last=last,
        shapes=decoder.shapes,
        image_shape=decoder.image_shape,
        label_count=decoder.label_count,
    )


def _repeated(scale: Float, count: int) -> Float:
    """Return the scales of `count` outputs that are reshaped to pixels of len(scale) channels each."""
    return np.tile(scale, count // len(scale))


def _dense_layer(
    layer: Layer, x: Float, exact: Float, input_scale: Float, output_scale: Float
) -> QuantisedDense:
    """Quantise a dense layer on quantised x (N, 1, 1, C_in); `exact` is its float32 input."""
    inputs, exact = (values.reshape(len(values), -1) for values in (x, exact))
    columns = fit_columns(
        inputs,
        (exact @ layer.kernel + layer.bias) / output_scale,
        np.ones(len(inputs), np.float32),
        layer.kernel * input_scale[:, None] / output_scale,
        ranges.kernel_neighbours((1, 1, inputs.shape[1])),
    )
    return QuantisedDense(columns.weights, columns.scale, columns.bias)


def _activation_scale(traced: Trace, layer: int) -> Float:
    """Return the scale of each channel, (C,), of the input of layer number `layer`."""
    values, sensitivity = (array[layer] for array in (traced.values, traced.sensitivity))
    channels = values.shape[-1]
    return ranges.channel_scales(values.reshape(-1, channels), sensitivity.reshape(-1, channels))


def _convolution(
    layer: Layer, x: Float, scales: list[Float], traced: Trace, number: int
) -> QuantisedConvolution:
    """Quantise hidden layer `number`, a convolution or an upsampling layer, on quantised x (N, h, w, C_in).

    `scales` holds the scales of the layer's input channels, (C_in,), and of its output channels, (C_out,).
    """
    input_scale, output_scale = scales
    if layer.kind == "upsampling":
        phases = subpixel.phases(layer.kernel)
        sensitivities = subpixel.split_phases(traced.sensitivity[number + 1])
    else:
        phases, sensitivities = (subpixel.plain_phase(layer.kernel),), [traced.sensitivity[number + 1]]
    quantised = []
    for phase, sensitivity in zip(phases, sensitivities, strict=True):
        shape, channels = phase.kernel.shape[:3], phase.kernel.shape[3]
        inputs, exact = (_rows(subpixel.patches(values, phase)) for values in (x, traced.values[number]))
        kernel = phase.kernel.reshape(-1, channels)
        columns = fit_columns(
            inputs,
            (exact @ kernel + layer.bias) / output_scale,
            _rows(sensitivity).mean(axis=1),
            kernel * np.tile(input_scale, shape[0] * shape[1])[:, None] / output_scale,
            ranges.kernel_neighbours(shape),
        )
        bias = ranges.quantise_bias(columns.bias, columns.scale)
        weights = columns.weights.reshape(phase.kernel.shape)
        quantised.append(QuantisedPhase(weights, columns.scale, bias, phase.top, phase.left))
    pairs = zip(quantised[::2], quantised[1::2], strict=False)  # none of a plain convolution
    return QuantisedConvolution(tuple(even.merge(odd) for even, odd in pairs) or tuple(quantised))


def _rows(values: Float) -> Float:
    """Flatten values (N, h, w, K) to rows (R, K); if there are more than 2**14, keep 2**14 evenly spaced ones."""
    rows = values.reshape(-1, values.shape[-1])
    if len(rows) <= MAX_ROWS:
        return rows
    return rows[np.linspace(0, len(rows) - 1, MAX_ROWS).astype(np.int64)]


def _last_convolution(layer: Layer, cells: Float, input_scale: Float, traced: Trace) -> QuantisedCorners:
    """Quantise the last convolution on quantised cells (N, h, w, 4 C_in).

    Each of the 4 C numbers of a corner block is fitted as a column of its own, with the 9 C_in weights that
    reach it. The bias stays that of the float32 layer.
    """
    nonzero = subpixel.corner_matrix(np.ones_like(layer.kernel)) > 0
    reaches = _quarters_as_rows(nonzero)  # (16 C_in, 4 C)
    start = _quarters_as_rows(np.tile(input_scale, 4)[:, None] * subpixel.corner_matrix(layer.kernel))
    size = reaches.shape[1]
    weights = np.zeros(reaches.shape, np.int8)
    scale = np.ones(size, np.float32)
    inputs = _rows(subpixel.corner_patches(cells))
    targets, sensitivity = (
        _rows(blocks.reshape(*blocks.shape[:3], size))
        for blocks in (subpixel.corner_blocks(array[-1]) for array in (traced.values, traced.sensitivity))
    )
    for column in range(size):
        rows = np.flatnonzero(reaches[:, column])
        inside = sensitivity[:, column] > 0  # the pixels of border blocks that lie in the image
        fitted = fit_columns(
            inputs[np.ix_(inside, rows)],
            targets[inside][:, [column]],
            sensitivity[inside, column],
            start[rows][:, [column]],
            _neighbours_in_quarters(rows, len(nonzero)),
            bias=layer.bias[[column % len(layer.bias)]],
        )
        weights[rows, column], scale[column] = fitted.weights[:, 0], fitted.scale[0]
    return QuantisedCorners(_quarters_as_columns(weights), scale, layer.bias)


def _neighbours_in_quarters(rows: npt.NDArray[np.int64], size: int) -> Neighbours:
    """Return, for each of `rows` of four stacked matrices of `size` rows each, its neighbours in its own matrix."""
    starts = np.flatnonzero((np.diff(rows) != 1) | (rows[1:] % size == 0))
    runs = np.split(np.arange(len(rows)), 1 + starts)
    return ranges.neighbours(len(rows), *runs)


def _quarters_as_rows(matrix: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Stack the quarters of a corner matrix (4 C_in, 4 * 4 C) below each other: (4 * 4 C_in, 4 C)."""
    rows, columns = matrix.shape
    return matrix.reshape(rows, 4, columns // 4).transpose(1, 0, 2).reshape(4 * rows, columns // 4)


def _quarters_as_columns(matrix: Int8) -> Int8:
    """Put stacked quarters side by side again; the inverse of `_quarters_as_rows`."""
    rows, columns = matrix.shape
    side_by_side = matrix.reshape(4, rows // 4, columns).transpose(1, 0, 2)
    return np.ascontiguousarray(side_by_side.reshape(rows // 4, 4 * columns))
