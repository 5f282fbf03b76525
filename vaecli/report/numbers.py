"""Numbers as text, in a report."""

import math
from collections.abc import Mapping

from vaecli.rounding import decimals

QUANTILE = 1.96  # standard errors on either side of a 95 % interval


def shown(value: float) -> str:
    """Return a number with about four digits; a whole number as it is, NaN as NaN."""
    if isinstance(value, int):
        return f"{value:,}"
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "infinite" if value > 0 else "-infinite"
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}"
    digits = 2 if size >= 10 else 3 if size >= 1 else 4
    return f"{value:.{digits}f}" if size >= 0.001 or not size else f"{value:.1e}"


def interval(values: Mapping[str, float], name: str) -> str:
    """Return the 95 % interval of a mean; empty if its standard error is not known."""
    error = values.get(f"{name}_se")
    if error is None:
        return ""
    value = values[name]
    return f"{shown(value - QUANTILE * error)} to {shown(value + QUANTILE * error)}"


def with_error(value: float, error: float | None) -> str:
    """Return a value with its error, of which two digits are shown; the value has as many after the point."""
    if error is None:
        return shown(value)
    if not math.isfinite(value) or not _has_digits(error):
        return f"{shown(value)} \u00b1 {shown(error)}"
    return f"{value:,.{decimals(error)}f} \u00b1 {error_alone(error)}"


def error_alone(error: float) -> str:
    """Return a standard error or deviation with two digits, as it stands behind a value in `with_error`."""
    return f"{error:,.{decimals(error)}f}" if _has_digits(error) else shown(error)


def _has_digits(error: float) -> bool:
    return math.isfinite(error) and error > 0
