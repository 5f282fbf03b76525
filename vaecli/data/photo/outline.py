"""The outline of a subject, drawn again at a larger size: near it, all that is unlike the ground is subject."""

import numpy as np
from PIL import Image, ImageFilter

from vaecli.data.photo.edge import Edge
from vaecli.data.photo.likeness import is_grey_as_shadow, like_shadow
from vaecli.data.photo.oklab import Floats, distance, to_oklab
from vaecli.data.photo.parts import label_parts
from vaecli.data.photo.spread import Bools, dilate, erode, fill_in, resample

_BAND_OF_OUTLINE = 1.5  # pixels of the small copy that the outline may move
_LIKE_OUTSIDE = (0.04, 0.12)  # the smallest and largest difference of the ground beside the outline
_REACH = 2  # pixels of the small copy on either side of the outline where ground and subject mix
_OPENING = 2  # pixels of the larger copy: half the width of hairs and noise along the outline
_MARGIN = 2  # pixels of the larger copy that are cut off the outline: they are mixed with the ground
_EXPECTED = 0.3  # of a part that the rough mask covers: parts with less are specks of the ground


def refine(image: Image.Image, colours: Floats, rough: Bools, edge: Edge | None) -> Bools:
    """Return the mask at the size of the picture, cut back a little.

    Near the outline of the rough mask (h, w) the subject is what is unlike the ground there.

    Args:
        image: RGB.
        colours: (h, w, 3), of the small copy.
        rough: (h, w), the mask of the small copy.
        edge: of a table; the small copy was flattened by it.
    """
    expected = resample(rough[..., None].astype(np.float32), image.size[::-1])[..., 0] > 0.5
    ground = ~dilate(rough, _REACH)
    if not ground.any():
        return erode(expected, _MARGIN)
    width = round(_BAND_OF_OUTLINE * max(1.0, max(image.size) / max(rough.shape)))
    band = dilate(expected, width) & ~erode(expected, width)
    pixels = to_oklab(np.asarray(image.filter(ImageFilter.BoxBlur(1)))[band])
    if edge is not None:
        pixels = edge.flattened(pixels, edge.beyond(expected.shape)[band])
    mask = expected.copy()
    mask[band] = _unlike_ground(pixels, band, colours, rough, ground)
    return _without_specks(dilate(erode(mask, _OPENING + _MARGIN), _OPENING), expected)


def _unlike_ground(pixels: Floats, band: Bools, colours: Floats, rough: Bools, ground: Bools) -> Bools:
    """Say which pixels (N, 3) of the band (H, W) are unlike the ground, lit or in shadow.

    Args:
        pixels: OKLab.
        band: where they are.
        colours: (h, w, 3), of the small copy.
        rough: (h, w), where the subject is in it.
        ground: (h, w), where the ground is.
    """
    filled = fill_in(colours, ground)
    limit = np.clip(3 * float(np.median(distance(colours, filled)[ground])), *_LIKE_OUTSIDE)
    beside = resample(filled, band.shape)[band]
    difference = distance(pixels, beside)
    inner = erode(rough, _REACH)
    if not inner.any() or is_grey_as_shadow(colours, filled, rough):
        return np.asarray(difference > limit)
    garment = resample(fill_in(colours, inner), band.shape)[band]
    in_shadow = like_shadow(pixels, beside) & (difference < distance(pixels, garment))
    return np.asarray((difference > limit) & ~in_shadow)


def _without_specks(mask: Bools, expected: Bools) -> Bools:
    """Return a mask without the parts of the ground that were taken for subject: `expected` hardly covers them."""
    parts = label_parts(mask)
    sizes = np.bincount(parts.ravel())
    kept = np.bincount(parts[expected], minlength=len(sizes)) > _EXPECTED * sizes
    kept[0] = False
    return kept[parts]
