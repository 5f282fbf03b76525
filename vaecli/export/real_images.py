"""The real images that an export needs, so few that a run keeps them: no data set has to be at hand."""

from typing import NamedTuple

import numpy as np


class RealImages(NamedTuple):
    """Images (N, H, W, C) uint8: `validation` to check the files with, `training` to fit int8 to."""

    validation: np.ndarray
    training: np.ndarray
