"""A check that optional packages are installed, and the error with the command that installs them."""

import importlib.util
import sys

from vaecli.errors import MissingExtraError

# The first Python for which TensorFlow has no wheels; pyproject.toml leaves TensorFlow out there.
NO_TRAIN_EXTRA = (3, 14)


def require(need: str, *modules: str, extra: str = "train") -> None:
    """Refuse a task whose packages are not installed, before anything is written.

    Args:
        need: the start of the message, such as "Training needs TensorFlow".
        modules: the modules that must be importable; they are not imported.
        extra: the extra that installs them.

    Raises:
        MissingExtraError: one of `modules` is missing. The hint is the install command. If the running Python
            is too new for that command, the hint also names the newest Python that is not.
    """
    if any(importlib.util.find_spec(module) is None for module in modules):
        error = MissingExtraError(need, extra=extra)
        if extra == "train" and sys.version_info >= NO_TRAIN_EXTRA:
            version = ".".join(map(str, sys.version_info[:2]))
            error.hint = (
                f"{error.hint}, with Python 3.13 or earlier: TensorFlow has no wheels for Python {version}."
            )
        raise error
