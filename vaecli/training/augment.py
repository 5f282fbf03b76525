"""Augmentation of the images of training steps; validation images and kept images stay as they are."""

from collections.abc import Sequence

import tensorflow as tf

from vaecli.choices import Augmentation
from vaecli.training import streams

MOST_SHIFT = 2  # pixels, in each direction
_SHIFTS = 2 * MOST_SHIFT + 1


class Augment:
    """Changes each image of a batch at random.

    `flip` mirrors an image left to right with probability 1/2. `shift` moves it by up to two pixels down or up and
    right or left, all distances with the same probability; the pixels at the edge are repeated.

    Args:
        names: names of the augmentations, `flip` and `shift`.
        seed: seed of the run. The draw of step s follows from (seed, s) and the position in the batch.
    """

    def __init__(self, names: Sequence[Augmentation], *, seed: int) -> None:
        self._flips, self._shifts = "flip" in names, "shift" in names
        self._seed = seed

    def draw(self, size: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        """Draw the changes of a batch, in the graph: (size,) int32, one of 50 values an image."""
        seed = streams.augmentation(self._seed, step)
        changes = 2 * _SHIFTS**2
        return tf.random.stateless_uniform((size,), seed=seed, minval=0, maxval=changes, dtype=tf.int32)

    def apply(self, pixels: tf.Tensor, drawn: tf.Tensor) -> tf.Tensor:
        """Apply the changes `drawn` (N,) to images (N, H, W, C), in the graph."""
        height, width = pixels.shape[1:3]
        rows, columns = tf.range(height)[None], tf.range(width)[None]
        if self._shifts:
            down, right = drawn // 2 % _SHIFTS - MOST_SHIFT, drawn // (2 * _SHIFTS) - MOST_SHIFT
            rows = tf.clip_by_value(
                rows - down[:, None], 0, height - 1
            )  # (N, H), the row that each row shows
            columns = tf.clip_by_value(columns - right[:, None], 0, width - 1)
        if self._flips:
            columns = tf.where(drawn[:, None] % 2 == 1, width - 1 - columns, columns)
        if self._shifts:
            pixels = tf.gather(pixels, rows, axis=1, batch_dims=1)
        return tf.gather(pixels, columns, axis=2, batch_dims=1)
