"""Sensitivity weights: how strongly each value inside the decoder changes the picture.

Rounding should spare the values that matter. A background pixel with logit -40 looks the same with logit -15, so
values that only reach such pixels need not be exact. Letters as in `subpixel`; N latents.
"""

import dataclasses

import numpy as np

from vaecli.export import subpixel
from vaecli.export.int8.layers import FloatDecoder
from vaecli.latent.draws import standard_normal

Float = subpixel.Float

PROBES = 4
FLOOR = 1e-3  # the smallest sensitivity, as a part of the mean


@dataclasses.dataclass(frozen=True)
class Trace:
    """The values inside the float32 decoder for some latents, and their sensitivity weights.

    Attributes:
        values: the input of each layer after the first one, after its ReLU. The last array is the logits before
            cropping.
        sensitivity: for each array of `values`, in its shape, the sum over pixels of (d pixel / d value)^2, divided
            by its mean.
    """

    values: list[Float]
    sensitivity: list[Float]


def trace(decoder: FloatDecoder, z: Float, *, probes: int = PROBES) -> Trace:
    """Decode z (N, D) and estimate the sensitivity weights by backpropagating random signs (Hutchinson 1990).

    Args:
        decoder: the float32 decoder.
        z: latents (N, D).
        probes: backward passes, each with other signs; the estimate is the mean of the squared gradients.
    """
    values = decoder.activations(z)
    logits = decoder.logits(values[-1])
    slope = 0.25 * (1 - np.square(np.tanh(logits / 2)))  # derivative of the sigmoid
    slope[:, decoder.image_shape[0] :] = 0
    slope[:, :, decoder.image_shape[1] :] = 0
    squares = [np.zeros_like(value) for value in values]
    for probe in range(probes):
        noise = standard_normal(0, len(z), int(np.prod(logits.shape[1:])), seed=probe)
        signs = np.copysign(slope, noise.reshape(logits.shape))
        if decoder.last.kind == "dense":
            signs = signs.reshape(len(z), 1, 1, -1)
        gradient = decoder.last.gradient(signs)
        for number in reversed(range(len(values))):
            gradient *= values[number] > 0
            squares[number] += np.square(gradient)
            if number:
                layer, shape = decoder.hidden[number - 1], decoder.output_shape(number - 1)
                gradient = layer.gradient(gradient.reshape(len(z), *shape))
    return Trace([*values, logits], [_normalise(square) for square in [*squares, np.square(slope)]])


def _normalise(squares: Float) -> Float:
    mean = float(squares.mean(dtype=np.float64))
    return squares / np.float32(mean) + np.float32(FLOOR) if mean > 0 else np.ones_like(squares)
