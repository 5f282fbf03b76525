"""TensorBoard event files: scalars, KL of each dimension, reconstructions and samples, an entry an epoch.

TensorFlow's summary operations need the tensorboard package since TensorFlow 2.21 no longer brings it.
"""

import pathlib

import numpy as np
import tensorflow as tf

from vaecli.training.watch import Epoch, Watcher

SHOWN = 16


class EventWriter(Watcher):
    """Writes below `folder`; `tensorboard --logdir` opens it."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._writer = tf.summary.create_file_writer(str(folder))

    def epoch_ended(self, epoch: Epoch) -> None:
        """One step of the event file, on disk when this returns."""
        step = int(epoch.row["epoch"])
        originals, reconstructed = epoch.reconstructions(SHOWN)
        pairs = np.concatenate([originals, reconstructed], axis=2)  # side by side
        with self._writer.as_default(step=step):
            for name, value in epoch.row.items():
                if name != "epoch":
                    tf.summary.scalar(name, value)
            tf.summary.scalar("active_units", epoch.active_units)
            for dimension, kl in enumerate(epoch.kl):
                tf.summary.scalar(f"kl_per_dimension/{dimension}", kl)
            tf.summary.image("reconstructions", pairs, max_outputs=SHOWN)
            tf.summary.image("samples", epoch.samples(SHOWN), max_outputs=SHOWN)
        self._writer.flush()
