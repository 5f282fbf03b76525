"""A picture between two steps of the preparation, and what is background in it; `frame` defines the arithmetic."""

import dataclasses

import numpy as np

from vaecli.data.photo import whole
from vaecli.data.photo.background import border
from vaecli.data.photo.subject import Bools, without_specks
from vaecli.data.photo.whole import Array, Whole
from vaecli.pixels import SCALE, Pixels

NEAR = 12  # values from the background at most: 5 % of 255


@dataclasses.dataclass(frozen=True)
class Scene:
    """A picture between two steps of the preparation.

    Attributes:
        pixels: (H, W, C), whole numbers, 0 to 255.
        alpha: (H, W), whole numbers, 0 to 255; None if all is opaque.
        background: (C,), the colour of the background.
        is_plain: true if the background has one colour.
    """

    pixels: Array
    alpha: Array | None
    background: Whole
    is_plain: bool


def make_scene(pixels: Pixels, alpha: Pixels | None = None) -> Scene:
    """Make a scene of a picture (H, W, C) and alpha (H, W), and find its background."""
    values = pixels.astype(np.int32)
    channels = values.shape[2]
    if alpha is None:
        edge = border(values)
        background = whole.median(edge)
        near = np.asarray((np.abs(edge - background) <= NEAR).all(axis=1))
        return Scene(values, None, background, bool(2 * near.sum() >= len(near)))
    opacity = alpha.astype(np.int32)
    is_light = 2 * int((values.sum(axis=2, dtype=np.int64) * opacity).sum()) > SCALE * channels * int(
        opacity.sum(dtype=np.int64)
    )
    return Scene(values, opacity, np.full(channels, 0 if is_light else SCALE, np.int32), True)


def subject_mask(scene: Scene) -> Bools:
    """Return a mask (H, W), true where a pixel is not background."""
    mask: Bools
    if scene.alpha is not None:
        mask = scene.alpha > NEAR
        return mask
    distance = contrast(scene.pixels, scene.background)
    mask = (distance > NEAR) & (10 * distance > distance.max())
    return mask


def contrast(pixels: Array, background: Whole) -> Array:
    """Return the largest distance of a channel from the background, (H, W)."""
    distance: Array = np.abs(pixels - background).max(axis=2)
    return distance


def background_is_light(scene: Scene) -> bool:
    """Return whether the background is lighter than middle grey.

    A plain background near middle grey is compared with its subject instead.
    """
    shade, channels = int(scene.background.sum()), len(scene.background)
    if scene.alpha is None and 64 * channels <= shade < 192 * channels and scene.is_plain:
        subject = without_specks(subject_mask(scene))
        if subject.any():
            return shade * int(subject.sum()) > int(scene.pixels[subject].sum(dtype=np.int64))
    return 2 * shade > SCALE * channels
