"""Latents decoded to 8-bit pictures, a chunk at a time."""

import numpy as np
import numpy.typing as npt

from vaecli.pixels import Pixels, chunks, to_uint8
from vaecli.runtime.model import Model

CHUNK = 512  # pictures decoded at a time, at most


def decoded(
    model: Model, z: npt.NDArray[np.floating], labels: npt.NDArray[np.floating] | None = None
) -> Pixels:
    """Decode latents (N, D), with rows of labels (N, K) or none, to images (N, H, W, C) uint8, N at least 1."""
    parts = chunks(len(z), model.image_shape, most=CHUNK)
    rows = ((z[part], None if labels is None else labels[part]) for part in parts)
    return np.concatenate([to_uint8(model.decode(*row)) for row in rows])
