"""Durations as people write them: `90s`, `20m`, `1h30m`."""

import re

from vaecli.checks import shown
from vaecli.errors import OptionError

_FORM = re.compile(r"(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?", re.ASCII)


def seconds(text: str, *, option: str) -> float:
    """Return the number of seconds of a text such as `1h30m`.

    Hours, minutes and seconds come in this order, each a whole number of at most nine digits, or left out.

    Raises:
        OptionError: `text` has another form, or is zero.
    """
    match = _FORM.fullmatch(text.strip().lower())
    hours, minutes, rest = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    total = hours * 3600 + minutes * 60 + rest
    if not total:
        raise OptionError(
            f"{option} must be a time such as 90s, 20m or 1h30m, got {shown(text)}.", option=option
        )
    return float(total)
