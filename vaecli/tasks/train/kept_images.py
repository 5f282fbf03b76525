"""The images that stay in a run, so that an export needs no data set.

Exported files are checked with those for validation, and quantised with those of training.
"""

import math

import numpy as np

from vaecli.data.images import ImageSet
from vaecli.runs.kept import KeptImages

VALIDATION, TRAINING = 64, 256
MOST_BYTES, LEAST = 2**24, 16  # bytes of either, unless 16 images have more


def choose(data: ImageSet, held_out: np.ndarray) -> KeptImages:
    """Choose images to store in the run, evenly spaced over the data, because they may be sorted by class."""
    most = max(LEAST, MOST_BYTES // math.prod(data.images.shape[1:]))
    return KeptImages(
        validation=data.images[_evenly(held_out, min(VALIDATION, most))],
        training=data.images[_evenly(~held_out, min(TRAINING, most))],
    )


def _evenly(mask: np.ndarray, most: int) -> np.ndarray:
    """Return the positions where the mask (N,) is true; if more than `most`, then `most` of them, evenly spaced."""
    positions = np.flatnonzero(mask)
    return positions[np.linspace(0, len(positions) - 1, min(most, len(positions))).astype(np.int64)]
