"""Tuning: the float32 numbers of a quantised decoder, improved together by gradient descent on the pictures.

`calibrate` fits each layer to its own float32 outputs, but the picture is what counts. So the dense layer, the
scales and the biases are trained further through the rounding, while the int8 weights stay as they are. A
rounding passes gradients unchanged (straight-through estimator; Bengio et al. 2013, arXiv:1308.3432).
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from vaecli.export import subpixel
from vaecli.export.int8.integer_decoder import (
    QuantisedConvolution,
    QuantisedCorners,
    QuantisedDecoder,
    QuantisedDense,
    QuantisedPhase,
)
from vaecli.export.int8.layers import largest_activation
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


class Numbers(NamedTuple):
    """The float32 numbers of a decoder that are tuned, as arrays or as tensors.

    Attributes:
        first: kernel and bias of the first layer.
        parts: scale and bias, in levels, of each of `_parts`.
        corners: scale of the corners, if there are any.
    """

    first: tuple[Any, Any]
    parts: list[tuple[Any, Any]]
    corners: tuple[Any, ...]

    def flat(self) -> list[Any]:
        """Return all of them in order."""
        return [*self.first, *(number for pair in self.parts for number in pair), *self.corners]

    def changed(self, changes: Sequence[Any]) -> "Numbers":
        """Apply changes, in the order of `flat`: each is added, or, for a scale s, gives s * exp(change / 100)."""
        left = iter(changes)

        def scaled(scale: Any) -> Any:
            return scale * tf.exp(next(left) / 100)

        first = tuple(number + next(left) for number in self.first)
        parts = [(scaled(scale), bias + next(left)) for scale, bias in self.parts]
        return Numbers((first[0], first[1]), parts, tuple(map(scaled, self.corners)))


def tune(
    decoder: QuantisedDecoder, z: Float, decode: Callable[[Float], Float], *, max_elements: int = MAX_ELEMENTS
) -> QuantisedDecoder:
    """Bring a quantised decoder nearer to the float32 pictures; return it unchanged unless the error falls.

    Args:
        decoder: as `calibrate` returns it.
        z: latents (N, D), or (N, D + K) with labels, in random order; the last 128 measure the error.
        decode: the float32 decoder, rows of `z` -> pictures (n, H, W, C) in [0, 1].
        max_elements: upper bound on the number of values in the largest activation of a batch.
    """
    batch = min(BATCH, max_elements // largest_activation(decoder.shapes, decoder.image_shape))
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


def _descend(decoder: QuantisedDecoder, z: Float, decode: Callable[[Float], Float], batch: int) -> Numbers:
    """Minimise the squared error of the pictures by 120 steps of Adam; return the tuned numbers as arrays."""
    start = numbers(decoder)
    changes = [tf.Variable(tf.zeros_like(number)) for number in start.flat()]
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, STEPS), beta_2=0.99)
    optimizer.build(changes)

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def step(latents: tf.Tensor, pictures: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            images = tf.sigmoid(logits(decoder, start.changed(changes), latents))
            loss = tf.reduce_mean(tf.square(LEVELS * (images - pictures)))
        optimizer.apply(tape.gradient(loss, changes), changes)

    rng = np.random.default_rng(SEED)
    for _ in range(STEPS):
        latents = z[rng.integers(0, len(z), batch)]
        step(tf.constant(latents), tf.constant(decode(latents)))
    tuned = start.changed(changes)
    parts = [(scale.numpy(), bias.numpy()) for scale, bias in tuned.parts]
    dense, dense_bias = tuned.first
    return Numbers(
        (dense.numpy(), dense_bias.numpy()), parts, tuple(scale.numpy() for scale in tuned.corners)
    )


def _parts(decoder: QuantisedDecoder) -> list[QuantisedPhase | QuantisedDense]:
    """Return all parts that have a scale and a bias in levels, in order."""
    layers = [*decoder.hidden, *([decoder.last] if isinstance(decoder.last, QuantisedDense) else [])]
    parts: list[QuantisedPhase | QuantisedDense] = []
    for layer in layers:
        parts += [layer] if isinstance(layer, QuantisedDense) else layer.phases
    return parts


def numbers(decoder: QuantisedDecoder) -> Numbers:
    """Return the numbers to tune."""
    corners = (decoder.last.scale,) if isinstance(decoder.last, QuantisedCorners) else ()
    parts = [(part.scale, part.float_bias) for part in _parts(decoder)]
    return Numbers((decoder.dense, decoder.dense_bias), parts, corners)


def _with_numbers(decoder: QuantisedDecoder, tuned: Numbers) -> QuantisedDecoder:
    """Return the decoder with `tuned`, arrays, in place of what `numbers` returns."""
    dense, dense_bias = tuned.first
    parts: Iterator[Any] = (
        part.with_numbers(*pair) for part, pair in zip(_parts(decoder), tuned.parts, strict=True)
    )
    hidden = tuple(
        next(parts)
        if isinstance(layer, QuantisedDense)
        else QuantisedConvolution(tuple(next(parts) for _ in layer.phases))
        for layer in decoder.hidden
    )
    if isinstance(decoder.last, QuantisedDense):
        last: QuantisedCorners | QuantisedDense = next(parts)
    else:
        last = dataclasses.replace(decoder.last, scale=tuned.corners[0])
    return dataclasses.replace(decoder, dense=dense, dense_bias=dense_bias, hidden=hidden, last=last)


def logits(decoder: QuantisedDecoder, values: Numbers, z: tf.Tensor) -> tf.Tensor:
    """Compute `QuantisedDecoder.outputs`' logits (N, H, W, C) in TensorFlow, with `values` for its `numbers`."""
    dense, dense_bias = values.first
    pairs = iter(values.parts)
    x = tf.reshape(_quantise(z @ dense + dense_bias), (-1, *decoder.shapes[0]))
    for layer, shape in zip(decoder.hidden, decoder.shapes[1:], strict=True):
        if isinstance(layer, QuantisedDense):
            x = _quantise(_multiply(x, layer, *next(pairs)))
        else:
            x = tf.concat([_convolve(x, phase, *next(pairs)) for phase in layer.phases], 2)
        x = tf.reshape(x, (-1, *shape))
    height, width, channels = decoder.image_shape
    if isinstance(decoder.last, QuantisedDense):
        return tf.reshape(_multiply(x, decoder.last, *next(pairs)), (-1, *decoder.image_shape))
    cells = tf.concat([x[:, row::2, column::2] for row in (0, 1) for column in (0, 1)], 3)
    quarters = cells @ decoder.last.weights.astype(np.float32)
    kernel = subpixel.corner_kernel(np.ones_like(decoder.last.scale)).transpose(2, 3, 1, 0)
    size = tf.stack([tf.shape(z)[0], x.shape[1] + 2, x.shape[2] + 2, channels])
    scales = tf.tile(values.corners[0], [4])
    image = tf.nn.conv2d_transpose(quarters * scales, kernel, size, 2, "VALID")
    return image[:, 1 : 1 + height, 1 : 1 + width] + decoder.last.bias


def _convolve(x: tf.Tensor, phase: QuantisedPhase, scale: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    top, left, bottom, right = phase.pads
    padded = tf.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)))
    return _quantise(tf.nn.conv2d(padded, phase.weights.astype(np.float32), 1, "VALID") * scale + bias)


def _multiply(x: tf.Tensor, layer: QuantisedDense, scale: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    return x @ layer.weights.astype(np.float32) * scale + bias


@tf.custom_gradient  # type: ignore[untyped-decorator]
def _quantise(x: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """Round to whole numbers and clip to 0 ... 255; the gradient passes unchanged, or is 0 where clipped."""

    def back(gradient: tf.Tensor) -> tf.Tensor:
        return gradient * tf.cast((x > -0.5) & (x < LEVELS + 0.5), tf.float32)

    return tf.clip_by_value(tf.round(x), 0.0, float(LEVELS)), back
