"""TensorBoard event files: per epoch, scalars, the KL of each dimension, reconstructions and samples.

TensorFlow's summary operations need the tensorboard package, which TensorFlow no longer installs since 2.21.
"""

import contextlib
import pathlib
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from vaecli.errors import OutputError
from vaecli.runs.progress import Epoch, Watcher

SHOWN = 16


class EventWriter(Watcher):
    """Writer of event files in a folder; `tensorboard --logdir` opens it.

    Raises:
        OutputError: the folder cannot be written.
    """

    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder
        with self._translating():
            self._writer = tf.summary.create_file_writer(str(folder))

    def epoch_ended(self, epoch: Epoch) -> None:
        """Write the epoch as one step of the event file, flushed to disk."""
        originals, reconstructed = epoch.reconstructions(SHOWN)
        pairs = np.concatenate([originals, reconstructed], axis=2)  # side by side
        samples = epoch.samples(SHOWN)
        with self._translating(), self._writer.as_default(step=int(epoch.row["epoch"])):
            for name, value in epoch.row.items():
                if name != "epoch":
                    tf.summary.scalar(name, value)
            if epoch.active_units is not None:
                tf.summary.scalar("active_units", epoch.active_units)
            for dimension, kl in enumerate(epoch.kl):
                tf.summary.scalar(f"kl_per_dimension/{dimension}", kl)
            tf.summary.image("reconstructions", pairs, max_outputs=SHOWN)
            tf.summary.image("samples", samples, max_outputs=SHOWN)
            self._writer.flush()

    @contextlib.contextmanager
    def _translating(self) -> Iterator[None]:
        """Enter a context that turns TensorFlow's errors in writing event files into OutputErrors.

        TensorFlow raises some of the same types for a lost worker, so nothing else may run in this context.
        """
        try:
            yield
        except tf.errors.OpError as error:
            reason = error.message.rpartition("}} ")[2].partition(" [Op:")[0]
            raise OutputError(f"Cannot write event files in {self._folder}: {reason}.") from error
