"""Paths that a user gives, expanded and checked in one place."""

import errno
import os
import pathlib

from vaecli import checks
from vaecli.errors import DataError, OptionError, VaecliError

_ABSENT = {errno.ENOENT, errno.ENOTDIR}  # nothing is there: for the caller to judge


def user_path(
    text: str | bytes | os.PathLike[str], *, option: str = "", error: type[VaecliError] = DataError
) -> pathlib.Path:
    """Return the path that a user's text names, with `~` expanded.

    Pass the text as it was typed: `pathlib.Path("")` would be the current folder. A path where nothing is there is
    returned, too; a path that the operating system cannot look up is refused.

    Args:
        text: the path, as text, bytes or a path object. One that exists as it is written, such as `~old.png`, is
            not expanded.
        option: where the text comes from, for the message: `--data`, `PICTURES`.
        error: the kind of error for a path that the system refuses.

    Raises:
        OptionError: the text is empty, or neither text nor a path.
        VaecliError: of the kind `error`, for an unknown user after `~`, a zero byte, a name that is too long, a
            loop of links, or a folder that may not be entered.
    """
    try:
        typed = os.fsdecode(text)
    except TypeError as reason:
        raise OptionError(
            f"{option or 'A path'} must be text or a path, got {checks.shown(text)}.", option=option
        ) from reason
    if not typed:
        raise OptionError(
            f"{option or 'A path'} must name a file or folder, got ''.",
            option=option,
            hint="A variable of the shell may be unset.",
        )
    path = pathlib.Path(typed)
    if not typed.startswith("~"):
        _require_accessible(path, error)
    elif not os.path.lexists(path):
        path = _expand(path, error)
        _require_accessible(path, error)
    return path


def _expand(path: pathlib.Path, error: type[VaecliError]) -> pathlib.Path:
    try:
        return path.expanduser()
    except RuntimeError as reason:
        raise error(
            f"Cannot expand {shown(path.parts[0])} in {shown(path)}: its home folder is not known.",
            hint="Write the path without ~.",
        ) from reason


def _require_accessible(path: pathlib.Path, error: type[VaecliError]) -> None:
    try:
        path.stat()
    except OSError as reason:
        if reason.errno not in _ABSENT:
            raise error(f"Cannot use the path {shown(path)}: {reason.strerror or reason}.") from reason
    except ValueError as reason:  # a zero byte, or a letter that the file system cannot encode
        raise error(f"Cannot use the path {str(path)!r}: {reason}.") from reason


def is_same_place(first: str | os.PathLike[str], second: str | os.PathLike[str]) -> bool:
    """Return whether two paths lead to the same file or folder, also where nothing is there yet."""
    if os.path.realpath(first) == os.path.realpath(second):
        return True
    try:
        return os.path.samefile(first, second)  # noqa: PTH121
    except (OSError, ValueError):
        return False


def shown(path: str | os.PathLike[str], *, most: int = 200) -> str:
    """Return a path for a message: its middle is left out if it is longer than `most` characters."""
    text = os.fspath(path)
    half = most // 2
    return text if len(text) <= most else f"{text[:half]}...{text[-half:]}"
