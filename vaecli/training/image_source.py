"""Where the graph takes its images from: memory, where they stay as uint8 and are gathered, or a file."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

import numpy as np
import tensorflow as tf

from vaecli.data.images import Images


class Source(Protocol):
    """Turns the positions of images into images.

    `signature` is what the graph takes for S steps of B images: positions (S, B), or pixels (S, B, H, W, C).
    """

    signature: tf.TensorSpec

    def feed(self, indices: np.ndarray, ahead: np.ndarray) -> tf.Tensor:
        """What the graph takes for positions (S, B); those `ahead`, likely to come next, may be fetched by then."""

    def images(self, fed: tf.Tensor) -> tf.Tensor:
        """In the graph: the images (B, H, W, C) uint8 of one step from its part of what was fed."""


def source_of(images: Images) -> Source:
    """The source that fits where the images (N, H, W, C) are."""
    return Resident(images) if isinstance(images, np.ndarray) else Streamed(images)


class Resident:
    """All images in memory."""

    def __init__(self, images: np.ndarray) -> None:
        self.signature = tf.TensorSpec((None, None), tf.int32)
        self._images = tf.constant(images)

    def feed(self, indices: np.ndarray, ahead: np.ndarray) -> tf.Tensor:  # noqa: ARG002
        """The positions themselves."""
        return tf.constant(indices, tf.int32)

    def images(self, fed: tf.Tensor) -> tf.Tensor:
        """Gathered."""
        return tf.gather(self._images, fed)


class Streamed:
    """Images read from their file by a thread of its own, while the steps before them are taken."""

    def __init__(self, images: Images) -> None:
        self.signature = tf.TensorSpec((None, None, *images.shape[1:]), tf.uint8)
        self._stored = images
        self._thread = ThreadPoolExecutor(1, "images")
        self._coming: tuple[np.ndarray, Future[np.ndarray]] | None = None

    def feed(self, indices: np.ndarray, ahead: np.ndarray) -> tf.Tensor:
        """The pixels, which have been read already if they are those that lay ahead."""
        wanted, coming = indices.reshape(-1), self._coming
        found = coming[1].result() if coming and np.array_equal(coming[0], wanted) else self._stored[wanted]
        following = ahead.reshape(-1)
        self._coming = (following, self._thread.submit(self._stored.__getitem__, following))
        return tf.constant(found.reshape(*indices.shape, *found.shape[1:]))

    def images(self, fed: tf.Tensor) -> tf.Tensor:
        """They are there already."""
        return fed
