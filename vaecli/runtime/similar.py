"""The images or latents that are nearest to an image in the latent space of a model."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vaecli import checks
from vaecli.latent.nearest import Nearest
from vaecli.pixels import chunks
from vaecli.runtime.arrays import image_batch, latent_batch, single_image

if TYPE_CHECKING:
    from vaecli.runtime.model import Model

_CHUNK = 512  # images encoded at a time, at most
_LATENTS = 2**20  # numbers of latents compared at a time


def nearest(model: "Model", image: npt.ArrayLike, among: npt.ArrayLike, count: int) -> Nearest:
    """Find the `count` images (N, H, W, C) or latents (N, D) nearest to an image (H, W, C).

    Raises:
        ModelError: the model has no encoder.
        OptionError: an array of another shape, type or range.
    """
    checks.integer(count, "n", least=1)
    query = single_image(image, model.image_shape, name="image")
    result = Nearest(model.encode(query)[0][0], count, model.facts.distance_scale)
    if np.ndim(among) == 2:
        latents = latent_batch(among, model.latent_dim)
        step = max(1, _LATENTS // model.latent_dim)
        for start in range(0, len(latents), step):
            result.add(latents[start : start + step])
        return result
    images = image_batch(among, model.image_shape)
    for part in chunks(len(images), model.image_shape, most=_CHUNK):
        result.add(model.encode(images[part])[0])
    return result
