"""Spans of time as people write them: `90s`, `20m`, `1h30m`."""

import re

from vaecli.errors import OptionError

_FORM = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.ASCII)


def seconds(text: str, *, option: str) -> float:
    """Hours, minutes and seconds, each left out or a whole number.

    Raises:
        OptionError: something else, or no time at all.
    """
    match = _FORM.fullmatch(text.strip().lower())
    hours, minutes, rest = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    total = hours * 3600 + minutes * 60 + rest
    if not total:
        raise OptionError(
            f"{option} has to be a time such as 90s, 20m or 1h30m; {text!r} came.", option=option
        )
    return float(total)
