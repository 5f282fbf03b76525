"""Optional packages: is an extra installed, and the error that names the command to install it."""

import importlib.util

from vaecli.errors import MissingExtraError


def require(what: str, *modules: str, extra: str = "train") -> None:
    """Refuse a task whose packages are not installed, before anything is written.

    Args:
        what: the start of the message, such as "Training needs TensorFlow".
        modules: the modules that must be importable; none of them is imported.
        extra: the extra that installs them.

    Raises:
        MissingExtraError: one of `modules` is missing; the message names the install command.
    """
    if any(importlib.util.find_spec(module) is None for module in modules):
        raise MissingExtraError(what, extra=extra)
