"""The steps of a photo before those in whole numbers: made smaller, cut out of its ground, or evenly lit.

A garment is cut out and laid on white, as those of Fashion-MNIST were photographed. Where the ground is the
exact white of a drawing, or the black of an image, nothing needs to be cut out. Digits get even light instead.
"""

import dataclasses

import numpy as np
from PIL import Image

from vaecli.choices import Cutout, PicturePolarity
from vaecli.data.photo.background import MIDDLE, Background, border, find_background
from vaecli.data.photo.cutout import cut_out
from vaecli.data.photo.spread import Bools
from vaecli.pixels import SCALE, Pixels

NOT_PLAIN = "the background is not plain: take the picture on plain paper, or cut it out"
_LARGE = 2048  # pixels of a side that the whole-number steps work on
_ENOUGH = 480  # pixels of the longer side of a photo that is cut out
_PAGE = 250  # the darkest channel of the white of a drawing or a shop's picture
_BLACK = 8  # the lightest channel of the black of an image; the dark ground of a photo is lighter
_EXACT = 2  # values that such a ground varies by: that of a photo has noise and shadows
_PLAIN = 0.98  # of its border that do
_PALE = 30  # of 255: a subject that is this close to white all over would vanish on white


@dataclasses.dataclass(frozen=True)
class Prepared:
    """A picture that is ready for the whole-number steps.

    Attributes:
        pixels: (H, W, C) uint8, grey or RGB.
        alpha: (H, W) uint8; None if all is opaque.
        shrunk: the factors by which its rows and columns were shrunk.
        is_light: whether its ground is light, where that is known.
        steps: what was done, in short phrases.
    """

    pixels: Pixels
    alpha: Pixels | None
    shrunk: tuple[int, int]
    is_light: bool | None = None
    steps: tuple[str, ...] = ()


def shrink(image: Image.Image, alpha: Image.Image | None, most: int = _LARGE) -> Prepared:
    """Average so many pixels of a picture that no side is longer than `most`."""
    down, across = -(-image.height // most), -(-image.width // most)
    if (down, across) != (1, 1):
        image = image.reduce((across, down))
        alpha = None if alpha is None else alpha.reduce((across, down))
    opacity = None if alpha is None else np.asarray(alpha, np.uint8)
    return Prepared(to_array(image), opacity, (down, across))


def from_garment(image: Image.Image, polarity: PicturePolarity, cutout: Cutout, side: int) -> Prepared:
    """Cut a garment out of an opaque picture, unless that is not needed.

    Args:
        image: grey or RGB.
        polarity: of the picture, if the user says it.
        cutout: `off` leaves the ground as it is.
        side: pixels of the longer side of the model's images.
    """
    background = find_background(image)
    if cutout == "off" or _is_drawn(image, background):
        return _uncut(image, background, side)
    factor = max(1, round(max(image.size) / max(_ENOUGH, 4 * side)))
    small = image.convert("RGB").reduce(factor) if factor > 1 else image.convert("RGB")
    result = cut_out(small)
    if result is None:
        return _uncut(image, background, side, doubtful=True)
    is_light = polarity != "light-on-dark" and not _vanishes(small, result.mask, result.ground, polarity)
    paper = np.uint8(SCALE if is_light else 0)
    pixels = np.where(result.mask[..., None], np.asarray(small), paper)
    if image.mode == "L":
        pixels = pixels[..., :1]
    doubt = (
        (f"its cut-out is doubtful, {result.doubt}: take the picture on plain paper",) if result.doubt else ()
    )
    steps = (f"cut out and laid on {'white' if is_light else 'black'}", *doubt)
    return Prepared(pixels, None, (factor, factor), is_light, steps)


def evenly_lit(image: Image.Image, side: int) -> Prepared:
    """Even out the light of an opaque picture of a drawing or writing."""
    return _uncut(image, find_background(image), side)


def to_array(image: Image.Image) -> Pixels:
    """Return a picture as (H, W, C) uint8."""
    return np.asarray(image, np.uint8).reshape(image.height, image.width, -1)


def _is_drawn(image: Image.Image, background: Background) -> bool:
    """Say whether the ground is the exact white or black of a picture that is no photo."""
    colour = background.colour
    if colour.max() > _BLACK and colour.min() < _PAGE:
        return False
    exact = (np.abs(border(to_array(image).astype(np.int32)) - colour) <= _EXACT).all(axis=1)
    return float(exact.mean()) >= _PLAIN


def _uncut(image: Image.Image, background: Background, side: int, *, doubtful: bool = False) -> Prepared:
    """Return a picture with its ground, evenly lit if a surface explains how the light falls off."""
    prepared = shrink(image, None, max(_LARGE, 2 * side))
    if background.surface is not None:
        rows, columns = (
            factor * (np.arange(count) + 0.5) - 0.5
            for factor, count in zip(prepared.shrunk, prepared.pixels.shape[:2], strict=True)
        )
        flat = background.flattened(prepared.pixels.astype(np.float32), rows, columns)
        pixels = np.rint(flat).astype(np.uint8)
        return dataclasses.replace(prepared, pixels=pixels, steps=("uneven light evened out",))
    steps = (f"its {NOT_PLAIN[4:]}",) if doubtful or not background.is_plain else ()
    return dataclasses.replace(prepared, steps=steps)


def _vanishes(image: Image.Image, mask: Bools, ground: Pixels, polarity: PicturePolarity) -> bool:
    """Say whether a subject on a darker ground would vanish on white: chalk, a print in white, a drawing."""
    if polarity == "dark-on-light" or float(ground.mean()) > MIDDLE * 1.4:
        return False
    grey = np.asarray(image.convert("L"))[mask]
    return float(SCALE - np.percentile(grey, 10)) < _PALE
