"""TensorFlow's first lines, kept off the screen. Imports nothing heavy itself."""

import contextlib
import importlib.util
import os
import pathlib
import sys
from collections.abc import Iterator

from vaecli.errors import MissingExtraError, TrainingError
from vaecli.files import translating


def require(what: str, *modules: str, extra: str = "train") -> None:
    """Refuse a task whose packages are not installed, before anything is written.

    Raises:
        MissingExtraError: one of `modules` cannot be found; the message names the install command.
    """
    if any(importlib.util.find_spec(module) is None for module in modules):
        raise MissingExtraError(what, extra=extra)


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
