"""TensorFlow's start: its first lines kept off the screen, and its threads. Importing this does not import it."""

import contextlib
import os
import pathlib
import sys
from collections.abc import Iterator

from vaecli.errors import TrainingError
from vaecli.files import translating
from vaecli.processors import available


@contextlib.contextmanager
def quietly(log: pathlib.Path) -> Iterator[None]:
    """Send file descriptor 2 to `log` while the body imports TensorFlow, which writes there before any filter.

    Raises:
        TrainingError: the import failed; the end of the log is part of the message.
        OutputError: the log cannot be written.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    with translating(log):
        file = log.open("ab")
    sys.stderr.flush()
    saved = os.dup(2)
    with file:
        os.dup2(file.fileno(), 2)
    try:
        yield
    except ImportError as error:
        end = log.read_text(encoding="utf-8", errors="replace")[-500:].strip()
        raise TrainingError(f"TensorFlow does not start: {error}. {end}", hint=f"See {log}.") from error
    finally:
        sys.stderr.flush()
        os.dup2(saved, 2)
        os.close(saved)


def use_threads(counts: list[int]) -> list[int]:
    """Set the number of threads within an operation and between operations.

    Weights are equal to the bit only for equal numbers of threads.

    Returns:
        The numbers in use. They differ from `counts` if TensorFlow has already run in this process: it reads them
        once, at its start.
    """
    import tensorflow as tf  # noqa: PLC0415  # `quietly` must run before this import

    threading = tf.config.threading
    try:
        threading.set_intra_op_parallelism_threads(counts[0])
        threading.set_inter_op_parallelism_threads(counts[1])
    except RuntimeError:  # TensorFlow has already started
        pass
    in_use = threading.get_intra_op_parallelism_threads(), threading.get_inter_op_parallelism_threads()
    return [count or available() for count in in_use]
