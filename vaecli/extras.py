"""Optional packages: is an extra installed, and the error that names the command to install it."""

import importlib.util
import sys

from vaecli.errors import MissingExtraError

NO_TRAIN_EXTRA = (
    3,
    14,
)  # the first Python for which TensorFlow has no wheels: pyproject.toml leaves it out there


def require(what: str, *modules: str, extra: str = "train") -> None:
    """Refuse a task whose packages are not installed, before anything is written.

    Args:
        what: the start of the message, such as "Training needs TensorFlow".
        modules: the modules that must be importable; none of them is imported.
        extra: the extra that installs them.

    Raises:
        MissingExtraError: one of `modules` is missing; the message names the install command, and the newest Python
                for which it works if this one is too new.
    """
    if any(importlib.util.find_spec(module) is None for module in modules):
        error = MissingExtraError(what, extra=extra)
        if extra == "train" and sys.version_info >= NO_TRAIN_EXTRA:
            version = ".".join(map(str, sys.version_info[:2]))
            error.hint = (
                f"{error.hint}, with Python 3.13 or earlier: TensorFlow has no wheels for Python {version}."
            )
        raise error
