"""How much each number inside the decoder moves the picture: what rounding should take care of, and what not.

A background pixel whose logit is -40 looks the same at -15, so nothing that only reaches such pixels has to be
exact. Letters as in `subpixel`; N latents.
"""

import dataclasses

import numpy as np

from vaecli.export import subpixel
from vaecli.export.int8.layers import Stages
from vaecli.latent.draws import standard_normal

Float = subpixel.Float

PROBES = 4
FLOOR = 1e-3  # of the mean: the least that anything counts


@dataclasses.dataclass(frozen=True)
class Trace:
    """The float32 decoder on some latents.

    Attributes:
        values: what goes into each layer after the first, ReLU done, and last the logits before they are cropped.
        counts: for each of them, same shape, the sum over pixels of the squared derivative by it, over its mean.
    """

    values: list[Float]
    counts: list[Float]


def trace(stages: Stages, z: Float) -> Trace:
    """Decode z (N, D) and go back with random signs on the pixels: their squares give the sum (Hutchinson 1990)."""
    values = stages.activations(z)
    logits = subpixel.same_size(values[-1], stages.last.kernel, stages.last.bias)
    slope = 0.25 * (1 - np.square(np.tanh(logits / 2)))  # of the sigmoid
    slope[:, stages.image_shape[0] :] = 0
    slope[:, :, stages.image_shape[1] :] = 0
    squares = [np.zeros_like(value) for value in values]
    for probe in range(PROBES):
        noise = standard_normal(0, len(z), int(np.prod(logits.shape[1:])), seed=probe)
        gradient = subpixel.same_size_back(
            np.copysign(slope, noise.reshape(logits.shape)), stages.last.kernel
        )
        for layer in reversed(range(len(values))):
            gradient *= values[layer] > 0
            squares[layer] += np.square(gradient)
            if layer:
                gradient = subpixel.upsampled_back(gradient, stages.doubling[layer - 1].kernel)
    return Trace([*values, logits], [_counts(square) for square in [*squares, np.square(slope)]])


def _counts(squares: Float) -> Float:
    mean = float(squares.mean(dtype=np.float64))
    return squares / np.float32(mean) + np.float32(FLOOR) if mean > 0 else np.ones_like(squares)
