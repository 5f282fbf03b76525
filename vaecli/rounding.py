"""Rounding: to 11 significant bits, so that compressed files need half the bytes, and to the digits of an error."""

import math

import numpy as np
import numpy.typing as npt

BITS = 11  # significant ones, as in half precision
MOST_DECIMALS = 8


def rounded(array: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """Round to 11 significant bits. A second rounding changes nothing."""
    mantissa, exponent = np.frexp(array.astype(np.float64))
    values: npt.NDArray[np.float32] = np.ldexp(np.rint(mantissa * 2**BITS), exponent - BITS).astype(
        np.float32
    )
    return values


def decimals(error: float) -> int:
    """Return how many decimals show two significant digits of an error; 4 if it is 0 or not finite."""
    if not error or not math.isfinite(error):
        return 4
    return min(MOST_DECIMALS, max(0, 1 - math.floor(math.log10(error))))
