"""Numbers of half precision's accuracy and float32's range, of which compressed files need half the bytes."""

import numpy as np
import numpy.typing as npt

BITS = 11  # significant ones, as in half precision


def rounded(array: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """Round to 11 significant bits. A second rounding changes nothing."""
    mantissa, exponent = np.frexp(array.astype(np.float64))
    values: npt.NDArray[np.float32] = np.ldexp(np.rint(mantissa * 2**BITS), exponent - BITS).astype(
        np.float32
    )
    return values
