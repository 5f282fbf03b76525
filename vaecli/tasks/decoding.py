"""Latents decoded to 8-bit pictures, a chunk at a time."""

import numpy as np
import numpy.typing as npt

from vaecli.pixels import Pixels, chunks, to_uint8
from vaecli.runtime.model import Model

CHUNK = 512  # pictures decoded at a time, at most


def decoded(model: Model, z: npt.NDArray[np.floating]) -> Pixels:
    """Decode latents (N, D) to images (N, H, W, C) uint8; N must be at least 1."""
    parts = chunks(len(z), model.image_shape, most=CHUNK)
    return np.concatenate([to_uint8(model.decode(z[part])) for part in parts])
