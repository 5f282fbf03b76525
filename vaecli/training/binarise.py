"""Binary images for training steps, drawn anew from the grey ones in each step; in the graph."""

import tensorflow as tf

from vaecli.pixels import SCALE
from vaecli.training import streams


class Binarise:
    """Makes each pixel of a batch 255 with the probability pixel / 255, else 0.

    Source: Salakhutdinov & Murray 2008, section 5, with a new draw in each epoch, as Burda et al. 2016
    (arXiv:1509.00519) do.

    Args:
        seed: seed of the run. The draw of step s follows from (seed, s) and the position in the batch.
    """

    def __init__(self, *, seed: int) -> None:
        self._seed = seed

    def draw(self, shape: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        """Draw a threshold from 0 to 254 for each pixel of a batch of `shape` (4,): (N, H, W, C) int32."""
        seed = streams.pixels(self._seed, step)
        return tf.random.stateless_uniform(shape, seed=seed, minval=0, maxval=SCALE, dtype=tf.int32)

    def apply(self, pixels: tf.Tensor, drawn: tf.Tensor) -> tf.Tensor:
        """Return 255 where a pixel (N, H, W, C) is above its threshold, else 0, as uint8."""
        return tf.cast(tf.cast(pixels, tf.int32) > drawn, tf.uint8) * SCALE
