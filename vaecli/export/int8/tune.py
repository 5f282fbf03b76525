"""Tuning: the float32 numbers of a quantised decoder, improved together by gradient descent on the pictures.

`calibrate` fits each layer to its own float32 outputs, but the picture is what counts. So the dense layer, the
scales and the biases are trained further through the rounding, while the int8 weights stay as they are. A
rounding passes gradients unchanged (straight-through estimator; Bengio et al. 2013, arXiv:1308.3432).
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from vaecli.export import subpixel
from vaecli.export.int8 import ranges
from vaecli.export.int8.integer_decoder import QuantisedDecoder, QuantisedPhase
from vaecli.export.int8.ranges import LEVELS, Float

STEPS = 120
BATCH = 128
MIN_BATCH = 8
RATE = 0.05  # learning rate of Adam, in levels of an activation and in hundredths of a scale
# The largest activation of a batch. It bounds the time: images above 32 x 32 get smaller batches, and images above
# 128 x 128 are not tuned.
MAX_ELEMENTS = 2**22
HELD_OUT = 128  # latents on which the result is compared with the start
SEED = 6


def tune(
    decoder: QuantisedDecoder, z: Float, decode: Callable[[Float], Float], *, max_elements: int = MAX_ELEMENTS
) -> QuantisedDecoder:
    """Bring a quantised decoder nearer to the float32 pictures; return it unchanged unless the error falls.

    Args:
        decoder: as `calibrate` returns it.
        z: latents (N, D) in random order; the last 128 are kept out to measure the error.
        decode: the float32 decoder, (n, D) -> pictures (n, H, W, C) in [0, 1].
        max_elements: upper bound on the number of values in the largest activation of a batch.
    """
    channels = [len(layer[0].bias) // 2 for layer in decoder.upsampling]
    batch = min(BATCH, max_elements // subpixel.largest_activation(decoder.grid, channels))
    if batch < MIN_BATCH or len(z) < 2 * HELD_OUT:
        return decoder
    held_out, z = z[-HELD_OUT:][:batch], z[:-HELD_OUT]
    tuned = _with_numbers(decoder, _descend(decoder, z, decode, batch))
    expected = decode(held_out)
    errors = {
        name: float(np.square(candidate.outputs(held_out)["image"] - expected).mean())
        for name, candidate in (("before", decoder), ("after", tuned))
    }
    return tuned if errors["after"] < errors["before"] else decoder


def _descend(
    decoder: QuantisedDecoder, z: Float, decode: Callable[[Float], Float], batch: int
) -> list[Float]:
    """Minimise the squared error of the pictures by 120 steps of Adam; return tuned values, in `numbers`' order."""
    changes = [tf.Variable(tf.zeros_like(number)) for number in numbers(decoder)]
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, STEPS), beta_2=0.99)
    optimizer.build(changes)

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def step(latents: tf.Tensor, pictures: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            images = tf.sigmoid(logits(decoder, _changed(decoder, changes), latents))
            loss = tf.reduce_mean(tf.square(LEVELS * (images - pictures)))
        optimizer.apply(tape.gradient(loss, changes), changes)

    rng = np.random.default_rng(SEED)
    for _ in range(STEPS):
        latents = z[rng.integers(0, len(z), batch)]
        step(tf.constant(latents), tf.constant(decode(latents)))
    return [number.numpy() for number in _changed(decoder, changes)]


def _phases(decoder: QuantisedDecoder) -> list[QuantisedPhase]:
    return [phase for layer in decoder.upsampling for phase in layer]


def numbers(decoder: QuantisedDecoder) -> list[Float]:
    """Return the numbers to tune: dense kernel and bias, each phase's scale and bias in levels, corner scales."""
    pairs = [(phase.scale, phase.bias * phase.scale) for phase in _phases(decoder)]
    flat = [number.astype(np.float32) for pair in pairs for number in pair]
    return [decoder.dense, decoder.dense_bias, *flat, decoder.corner_scale]


def _changed(decoder: QuantisedDecoder, changes: Sequence[Any]) -> list[Any]:
    """Return `numbers(decoder)` after `changes`: each is added, or, for a scale s, gives s * exp(change / 100)."""
    dense, dense_bias, *flat, last = zip(numbers(decoder), changes, strict=True)
    scales, biases = flat[::2], flat[1::2]

    def added(pair: tuple[Float, Any]) -> Any:
        return pair[0] + pair[1]

    def scaled(pair: tuple[Float, Any]) -> Any:
        return pair[0] * tf.exp(pair[1] / 100)

    pairs = [(scaled(scale), added(bias)) for scale, bias in zip(scales, biases, strict=True)]
    return [added(dense), added(dense_bias), *(number for pair in pairs for number in pair), scaled(last)]


def _with_numbers(decoder: QuantisedDecoder, tuned: Sequence[Float]) -> QuantisedDecoder:
    """Return the decoder with `tuned` in place of what `numbers` returns, in the same order."""
    dense, dense_bias, *flat, corner_scale = tuned
    phases = iter(
        dataclasses.replace(phase, scale=scale, bias=ranges.quantise_bias(bias, scale))
        for phase, scale, bias in zip(_phases(decoder), flat[::2], flat[1::2], strict=True)
    )
    upsampling = tuple(tuple(next(phases) for _ in layer) for layer in decoder.upsampling)
    return dataclasses.replace(
        decoder, dense=dense, dense_bias=dense_bias, upsampling=upsampling, corner_scale=corner_scale
    )


def logits(decoder: QuantisedDecoder, values: Sequence[Any], z: tf.Tensor) -> tf.Tensor:
    """Compute `QuantisedDecoder.outputs`' logits (N, H, W, C) in TensorFlow, with `values` for its `numbers`."""
    dense, dense_bias, *flat, corner_scale = values
    pairs = iter(zip(flat[::2], flat[1::2], strict=True))
    x = tf.reshape(_quantise(z @ dense + dense_bias), (-1, *decoder.grid))
    for layer in decoder.upsampling:
        rows = [_apply(x, phase, *next(pairs)) for phase in layer]
        height, width, channels = rows[0].shape[1:]
        x = tf.reshape(tf.concat(rows, 2), (-1, 2 * height, 2 * width, channels // 2))
    quarters = tf.concat(rows, 3) @ decoder.corners.astype(np.float32)
    kernel = subpixel.corner_kernel(np.ones_like(decoder.corner_scale)).transpose(2, 3, 1, 0)
    size = tf.stack([tf.shape(z)[0], 2 * height + 2, 2 * width + 2, decoder.image_shape[2]])
    image = tf.nn.conv2d_transpose(quarters * tf.tile(corner_scale, [4]), kernel, size, 2, "VALID")
    return image[:, 1 : 1 + decoder.image_shape[0], 1 : 1 + decoder.image_shape[1]] + decoder.bias


def _apply(x: tf.Tensor, phase: QuantisedPhase, scale: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    padded = tf.pad(x, ((0, 0), (phase.top, 0), (phase.left, 0), (0, 0)))
    return _quantise(tf.nn.conv2d(padded, phase.weights.astype(np.float32), 1, "VALID") * scale + bias)


@tf.custom_gradient  # type: ignore[untyped-decorator]
def _quantise(x: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """Round to whole numbers and clip to 0 ... 255; the gradient passes unchanged, or is 0 where clipped."""

    def back(gradient: tf.Tensor) -> tf.Tensor:
        return gradient * tf.cast((x > -0.5) & (x < LEVELS + 0.5), tf.float32)

    return tf.clip_by_value(tf.round(x), 0.0, float(LEVELS)), back
