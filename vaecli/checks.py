"""Checks of option values: type, range and choice, all refused in the same words.

    --epochs must be at least 1, got 0.

Booleans are not numbers here, and a number that Python or numpy stores in another type is converted.
"""

import math
import numbers
from collections.abc import Sequence

from vaecli.errors import OptionError

_SHOWN = 60  # characters of a value in a message


def shown(value: object) -> str:
    """Return a value for a message: on one line, cut to `_SHOWN` characters, NaN as `NaN`, a date in ISO form."""
    if isinstance(value, numbers.Real) and not isinstance(value, numbers.Rational) and math.isnan(value):
        return "NaN"
    if hasattr(value, "isoformat"):  # a date or time, as TOML has them
        return str(value.isoformat())
    is_number = isinstance(value, numbers.Number) and not isinstance(value, bool)
    try:
        text = " ".join((str(value) if is_number else repr(value)).split())
    except ValueError:  # Python prints no more than 4,300 digits of a whole number
        return "a number of more than 4,300 digits"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def integer(value: object, option: str, *, least: int, most: int | None = None) -> int:
    """Return a whole number between `least` and `most`, both included.

    Raises:
        OptionError: another type, or out of the range.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise _refusal(option, "a whole number", value)
    number = int(value)
    if number < least:
        raise _refusal(option, f"at least {least}", number)
    if most is not None and number > most:
        raise _refusal(option, f"at most {most}", number)
    return number


def real(
    value: object, option: str, *, least: float = -math.inf, above: float = -math.inf, below: float = math.inf
) -> float:
    """Return a finite number of at least `least`, greater than `above` and less than `below`.

    Raises:
        OptionError: another type, NaN, infinity, or out of the range.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise _refusal(option, "a number", value)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not (math.isfinite(number) and least <= number and above < number < below):
        bounds = [(least, "at least"), (above, "greater than"), (below, "less than")]
        parts = [f"{words} {bound:g}" for bound, words in bounds if math.isfinite(bound)]
        if below == math.inf:
            parts.append("finite")
        raise _refusal(option, " and ".join(parts), value)
    return number


def boolean(value: object, option: str) -> None:
    """Refuse a value that is neither True nor False.

    Raises:
        OptionError: another type, such as 1 or "no".
    """
    if not isinstance(value, bool):
        raise _refusal(option, "true or false", value)


def choice(value: object, option: str, choices: Sequence[str]) -> None:
    """Refuse a value that is none of `choices`.

    Raises:
        OptionError: naming the choices.
    """
    if not isinstance(value, str) or value not in choices:
        *others, last = choices
        listed = f"{', '.join(others)} or {last}" if others else last
        raise _refusal(option, listed, value)


def _refusal(option: str, expected: str, value: object) -> OptionError:
    return OptionError(f"{option} must be {expected}, got {shown(value)}.", option=option)
