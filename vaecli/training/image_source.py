"""The images of training steps: kept in memory as uint8 and gathered in the graph, or read from a file."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

import numpy as np
import tensorflow as tf

from vaecli.data.images import Images


class ImageSource(Protocol):
    """Turns positions of images into images in two steps: `feed` before a graph call, `images` inside the graph.

    Letters: S steps of B images (H, W, C).

    Attributes:
        signature: signature of the graph's input for S steps: positions (S, B), or pixels (S, B, H, W, C).
    """

    signature: tf.TensorSpec

    def feed(self, positions: np.ndarray, ahead: np.ndarray) -> tf.Tensor:
        """Return the graph's input for `positions` (S, B).

        The positions `ahead` (S, B), likely needed next, may be read in the background.
        """

    def images(self, step_input: tf.Tensor) -> tf.Tensor:
        """Return the images (B, H, W, C) uint8 of one step, from its slice of the graph's input; in the graph."""


def source_of(images: Images) -> ImageSource:
    """Choose the source for images (N, H, W, C) uint8: an array, or images in a file (`StreamedImages`)."""
    return MemorySource(images) if isinstance(images, np.ndarray) else FileSource(images)


class MemorySource:
    """All images in memory; the graph's input is their positions."""

    def __init__(self, images: np.ndarray) -> None:
        self.signature = tf.TensorSpec((None, None), tf.int32)
        self._images = tf.constant(images)

    def feed(self, positions: np.ndarray, ahead: np.ndarray) -> tf.Tensor:  # noqa: ARG002
        """Return the positions as a tensor; `ahead` is not used."""
        return tf.constant(positions, tf.int32)

    def images(self, step_input: tf.Tensor) -> tf.Tensor:
        """Gather the images at the positions `step_input`."""
        return tf.gather(self._images, step_input)


class FileSource:
    """Images in a file; the graph's input is their pixels, read ahead by a thread while the graph runs."""

    def __init__(self, images: Images) -> None:
        self.signature = tf.TensorSpec((None, None, *images.shape[1:]), tf.uint8)
        self._images = images
        self._thread = ThreadPoolExecutor(1, "images")
        self._ahead = np.empty(0, np.int64)
        self.reading: Future[np.ndarray] | None = None  # of the images at the positions `_ahead`

    def feed(self, positions: np.ndarray, ahead: np.ndarray) -> tf.Tensor:
        """Return the pixels at `positions`, read already if the last call's `ahead`; start to read `ahead`."""
        flat = positions.reshape(-1)
        is_read = self.reading is not None and np.array_equal(self._ahead, flat)
        pixels = self.reading.result() if self.reading and is_read else self._images[flat]
        self._ahead = ahead.reshape(-1)
        self.reading = self._thread.submit(self._images.__getitem__, self._ahead)
        return tf.constant(pixels.reshape(*positions.shape, *pixels.shape[1:]))

    def images(self, step_input: tf.Tensor) -> tf.Tensor:
        """Return the pixels as they are."""
        return step_input
