"""The float32 numbers that a decoder in bytes keeps, tuned together, through its rounding, to the pictures.

`calibrate` fits one layer after the other, each to the sums that it should give. What counts is the picture: so the
dense layer, the scales and the biases go on from there by gradient descent; the whole numbers stay. A rounding lets
gradients through as if it were not there (straight through; Bengio et al. 2013, arXiv:1308.3432).
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from vaecli.export import subpixel
from vaecli.export.int8 import ranges
from vaecli.export.int8.integer_decoder import BytePhase, ByteStages
from vaecli.export.int8.ranges import LEVELS, Float

STEPS, BATCH, FEWEST = 120, 128, 8
RATE = 0.05  # of Adam, in levels of an activation, and in hundredths of a scale
# of a batch's largest activation, so that none takes longer: above 32 x 32 fewer at a time, above 128 x 128 none
MOST_ELEMENTS = 2**22
CHECKED = 128  # latents that are kept to see whether it helped
SEED = 6


def tuned(found: ByteStages, z: Float, pictures: Callable[[Float], Float]) -> ByteStages:
    """The same decoder nearer to the float32 one, or as it was if that is not so.

    Args:
        found: as `calibrate` has fitted it.
        z: latents (N, D) in any order; the last of them are for the comparison.
        pictures: what float32 makes of latents (n, D): (n, H, W, C) in [0, 1].
    """
    largest = subpixel.largest(found.grid, [len(layer[0].bias) // 2 for layer in found.doubling])
    batch = min(BATCH, MOST_ELEMENTS // largest)
    if batch < FEWEST or len(z) < 2 * CHECKED:
        return found
    checked, z = z[-CHECKED:][:batch], z[:-CHECKED]
    free = [tf.Variable(tf.zeros_like(number)) for number in _numbers(found)]
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, STEPS), beta_2=0.99)
    optimizer.build(free)

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def step(latents: tf.Tensor, wanted: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            images = tf.sigmoid(_logits(found, _moved(found, free), latents))
            loss = tf.reduce_mean(tf.square(LEVELS * (images - wanted)))
        optimizer.apply(tape.gradient(loss, free), free)

    rng = np.random.default_rng(SEED)
    for _ in range(STEPS):
        latents = z[rng.integers(0, len(z), batch)]
        step(tf.constant(latents), tf.constant(pictures(latents)))
    result = _with(found, [number.numpy() for number in _moved(found, free)])
    expected = pictures(checked)
    before, after = (
        float(np.square(one.outputs(checked)["image"] - expected).mean()) for one in (found, result)
    )
    return result if after < before else found


def _phases(found: ByteStages) -> list[BytePhase]:
    return [phase for phases in found.doubling for phase in phases]


def _numbers(found: ByteStages) -> list[Float]:
    """What is free: the dense layer, scale and bias (in levels) of each phase, the scales of the last layer."""
    pairs = [(phase.scale, phase.bias * phase.scale) for phase in _phases(found)]
    flat = [number.astype(np.float32) for pair in pairs for number in pair]
    return [found.dense, found.dense_bias, *flat, found.corner_scale]


def _moved(found: ByteStages, free: Sequence[Any]) -> list[Any]:
    """The numbers, each as far from where it began as the free one of its place says."""
    dense, dense_bias, *flat, last = zip(_numbers(found), free, strict=True)
    scales, biases = flat[::2], flat[1::2]

    def added(pair: tuple[Float, Any]) -> Any:
        return pair[0] + pair[1]

    def multiplied(pair: tuple[Float, Any]) -> Any:
        return pair[0] * tf.exp(pair[1] / 100)

    pairs = [(multiplied(scale), added(bias)) for scale, bias in zip(scales, biases, strict=True)]
    return [added(dense), added(dense_bias), *(number for pair in pairs for number in pair), multiplied(last)]


def _with(found: ByteStages, numbers: Sequence[Float]) -> ByteStages:
    """The decoder with numbers as `_numbers` has them."""
    dense, dense_bias, *flat, corner_scale = numbers
    phases = iter(
        dataclasses.replace(phase, scale=scale, bias=ranges.whole_bias(bias, scale))
        for phase, scale, bias in zip(_phases(found), flat[::2], flat[1::2], strict=True)
    )
    doubling = tuple(tuple(next(phases) for _ in layer) for layer in found.doubling)
    return dataclasses.replace(
        found, dense=dense, dense_bias=dense_bias, doubling=doubling, corner_scale=corner_scale
    )


def _logits(found: ByteStages, numbers: Sequence[Any], z: tf.Tensor) -> tf.Tensor:
    """`ByteStages.outputs` with other numbers, in TensorFlow: (N, H, W, C)."""
    dense, dense_bias, *flat, corner_scale = numbers
    pairs = iter(zip(flat[::2], flat[1::2], strict=True))
    x = tf.reshape(_levels(z @ dense + dense_bias), (-1, *found.grid))
    for layer in found.doubling:
        rows = [_row(x, phase, *next(pairs)) for phase in layer]
        height, width, channels = rows[0].shape[1:]
        x = tf.reshape(tf.concat(rows, 2), (-1, 2 * height, 2 * width, channels // 2))
    sums = tf.concat(rows, 3) @ found.corners.astype(np.float32)
    unscaled = subpixel.corner_kernel(np.ones_like(found.corner_scale)).transpose(2, 3, 1, 0)
    size = tf.stack([tf.shape(z)[0], 2 * height + 2, 2 * width + 2, found.image_shape[2]])
    placed = tf.nn.conv2d_transpose(sums * tf.tile(corner_scale, [4]), unscaled, size, 2, "VALID")
    return placed[:, 1 : 1 + found.image_shape[0], 1 : 1 + found.image_shape[1]] + found.bias


def _row(x: tf.Tensor, phase: BytePhase, scale: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    padded = tf.pad(x, ((0, 0), (phase.top, 0), (phase.left, 0), (0, 0)))
    return _levels(tf.nn.conv2d(padded, phase.weights.astype(np.float32), 1, "VALID") * scale + bias)


@tf.custom_gradient  # type: ignore[untyped-decorator]
def _levels(x: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """Rounded to 0 ... 255; the gradient of what is inside goes straight through."""

    def back(gradient: tf.Tensor) -> tf.Tensor:
        return gradient * tf.cast((x > -0.5) & (x < LEVELS + 0.5), tf.float32)

    return tf.clip_by_value(tf.round(x), 0.0, float(LEVELS)), back
