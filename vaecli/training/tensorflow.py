"""The start of TensorFlow: what it prints, exact float32, Keras' configuration, threads.

Importing this module imports neither TensorFlow nor Keras.
"""

import contextlib
import os
import pathlib
import sys
from collections.abc import Iterator

from vaecli.environment import environment
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
    """While the body imports TensorFlow and Keras, write what they print on file descriptor 2 to the file `log`.

    TensorFlow prints from C++, where no filter of Python's logging applies. On GPUs it then takes memory as needed,
    and float32 is exact, see `_disable_tf32`.

    Raises:
        TrainingError: an import failed; the end of the log is part of the message.
        OutputError: the log cannot be written.
    """
    log = log or pathlib.Path(os.devnull)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # else one process takes all of a GPU's memory
    with translating(log):
        file = log.open("ab")
    with file, _stderr_to(file.fileno()), environment(_ENVIRONMENT):
        try:
            yield
            _disable_tf32()
        except ImportError as error:
            with translating(log):
                end = log.read_text(encoding="utf-8", errors="replace")[-LOG_END:].strip()
            raise TrainingError(f"TensorFlow does not start: {error}. {end}".strip()) from error


def _disable_tf32() -> None:
    """Compute float32 on NVIDIA GPUs with all its 24 bits, if TensorFlow has been imported.

    By default, GPUs since Ampere round the factors of products and convolutions to TF32's 11 bits. The outputs of
    Keras then differ by 1e-3 from those of the exported files.
    """
    if "tensorflow" in sys.modules:
        import tensorflow as tf  # noqa: PLC0415  # `quietly` must run before this import

        tf.config.experimental.enable_tensor_float_32_execution(False)


@contextlib.contextmanager
def _stderr_to(descriptor: int) -> Iterator[None]:
    """Redirect file descriptor 2 to `descriptor` while the body runs."""
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


def use_threads(counts: list[int]) -> list[int]:
    """Set TensorFlow's number of threads within an operation (intra-op) and between operations (inter-op).

    Two runs end with bit-identical weights only if their numbers of threads are equal.

    Args:
        counts: the two numbers, intra-op first.

    Returns:
        The two numbers in use. TensorFlow reads them once, when it starts: if it has already started in this
        process, they may differ from `counts`.
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
