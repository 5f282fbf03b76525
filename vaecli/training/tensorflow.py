"""The start of TensorFlow: what it prints, Keras' configuration, threads. Importing this module imports neither."""

import contextlib
import os
import pathlib
import sys
from collections.abc import Iterator

from vaecli.errors import TrainingError
from vaecli.files import translating
from vaecli.processors import available

LOG_END = 2000  # characters of the log in an error
_ENVIRONMENT = {
    "KERAS_BACKEND": "tensorflow",
    # no folder: Keras then neither reads nor writes a keras.json, which could change data format and float type
    "KERAS_HOME": os.devnull,
}


@contextlib.contextmanager
def quietly(log: pathlib.Path | None = None) -> Iterator[None]:
    """Import TensorFlow and Keras in the body, whose output on file descriptor 2 goes to the file `log`.

    TensorFlow writes there before any filter of Python's acts.

    Raises:
        TrainingError: an import failed; the end of the log is part of the message.
        OutputError: the log cannot be written.
    """
    log = log or pathlib.Path(os.devnull)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with translating(log):
        file = log.open("ab")
    with file, _stderr_to(file.fileno()), _environment(_ENVIRONMENT):
        try:
            yield
        except ImportError as error:
            with translating(log):
                end = log.read_text(encoding="utf-8", errors="replace")[-LOG_END:].strip()
            raise TrainingError(f"TensorFlow does not start: {error}. {end}".strip()) from error


@contextlib.contextmanager
def _stderr_to(descriptor: int) -> Iterator[None]:
    """Redirect file descriptor 2 in the body."""
    if sys.stderr:
        sys.stderr.flush()
    try:
        saved = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    os.dup2(descriptor, 2)
    try:
        yield
    finally:
        if sys.stderr:
            sys.stderr.flush()
        os.dup2(saved, 2)
        os.close(saved)


@contextlib.contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Set environment variables in the body, and restore them afterwards."""
    saved = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in saved.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


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
