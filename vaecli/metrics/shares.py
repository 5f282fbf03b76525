"""The standard error of a share of images."""

from typing import Any

import numpy as np
import numpy.typing as npt


def share_error(hits: npt.ArrayLike, count: int) -> npt.NDArray[Any]:
    """Return the standard errors of the shares `hits / count`, in the shape of `hits`.

    The error is that of the share (hits + 2) / (count + 4), as in the interval of Agresti and Coull (1998,
    doi:10.1080/00031305.1998.10480550): so it is not 0 where none or all of the images are hits.
    """
    share = (np.asarray(hits) + 2) / (count + 4)
    return np.asarray(np.sqrt(share * (1 - share) / (count + 4)))
