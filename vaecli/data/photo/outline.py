"""The outline of a subject, drawn again at a larger size: near it, all that is unlike the ground is subject.

What is left of a light ground is hardly seen on white. What is left of a dark one is as strong as the garment.
There the outline lies at a part of the contrast, without a blurred rim, and gaps too narrow for the small copy are
found.
"""

import numpy as np
from PIL import Image, ImageFilter

from vaecli.data.photo.edge import Edge
from vaecli.data.photo.likeness import is_grey_as_shadow, like_shadow
from vaecli.data.photo.oklab import Floats, distance, to_oklab
from vaecli.data.photo.parts import connected, label_parts
from vaecli.data.photo.spread import Bools, dilate, erode, fill_in, frame_mask, resample

_BAND_OF_OUTLINE = 1.5  # pixels of the small copy that the outline may move
_LIKE_OUTSIDE = (0.04, 0.12)  # the smallest and largest difference of the ground beside the outline
_REACH = 2  # pixels of the small copy on either side of the outline where ground and subject mix
_NEARBY = 8  # pixels of the larger copy in which the contrast of an outline is looked for
_MIXED = 0.3  # of the contrast: pixels that differ less from the ground are mixed with it
_GAP = (
    0.8,
    0.35,
)  # the largest difference of a gap from the ground: of what the ground has, and of the contrast
_GAPS = 0.3  # of the subject that may be like a gap: more make it a subject like the ground
_OPENING = 2  # pixels of the larger copy: half the width of hairs and noise along the outline, and of gaps
_MARGIN = 2  # pixels of the larger copy that are cut off the outline: they are mixed with the ground
_DARK = 0.5  # OKLab: the lightness of a dark ground at most; of wood it is 0.6
_EXPECTED = 0.3  # of a part that the rough mask covers: parts with less are specks of the ground


def refine(image: Image.Image, colours: Floats, rough: Bools, edge: Edge | None) -> Bools:
    """Return the mask at the size of the picture, cut back a little.

    Args:
        image: RGB.
        colours: (h, w, 3), of the small copy.
        rough: (h, w), the mask of the small copy.
        edge: of a table; the small copy was flattened by it.
    """
    expected = resample(rough[..., None].astype(np.float32), image.size[::-1])[..., 0] > 0.5
    if dilate(rough, _REACH).all():
        return erode(expected, _MARGIN)
    width = round(_BAND_OF_OUTLINE * max(1.0, max(image.size) / max(rough.shape)))
    near, inside = dilate(expected, width), erode(expected, width)
    pixels = to_oklab(np.asarray(image.filter(ImageFilter.BoxBlur(1)))[near])
    if edge is not None:
        pixels = edge.flattened(pixels, edge.beyond(expected.shape)[near])
    difference, unlike = np.zeros(expected.shape, np.float32), np.zeros_like(near)
    difference[near], unlike[near], limit = _compare(pixels, near, colours, rough)
    mask, margin = unlike | inside, _MARGIN
    if edge is None and float(np.median(colours[~dilate(rough, _REACH)][:, 0])) < _DARK:
        mask, margin = _without_mixed(mask, difference, inside, limit), _MARGIN - 1
    return _without_specks(dilate(erode(mask, _OPENING + margin), _OPENING), expected)


def _compare(pixels: Floats, near: Bools, colours: Floats, rough: Bools) -> tuple[Floats, Bools, float]:
    """Compare the pixels (N, 3) of a mask (H, W) with the ground beside them.

    Args:
        pixels: OKLab.
        near: where they are.
        colours: (h, w, 3), of the small copy.
        rough: (h, w), where the subject is in it.

    Returns:
        Their differences (N,), whether they are unlike the ground, lit or in shadow (N,), and the difference that
        the ground has from itself.
    """
    ground, inner = ~dilate(rough, _REACH), erode(rough, _REACH)
    filled = fill_in(colours, ground)
    limit = float(np.clip(3 * np.median(distance(colours, filled)[ground]), *_LIKE_OUTSIDE))
    beside = resample(filled, near.shape)[near]
    difference = distance(pixels, beside)
    unlike = difference > limit
    if inner.any() and not is_grey_as_shadow(colours, filled, rough):
        garment = resample(fill_in(colours, inner), near.shape)[near]
        unlike &= ~(like_shadow(pixels, beside) & (difference < distance(pixels, garment)))
    return difference, unlike, limit


def _without_mixed(mask: Bools, difference: Floats, inside: Bools, limit: float) -> Bools:
    """Return a mask (H, W) without gaps, and without what is mixed with the ground around it and in its gaps.

    Args:
        mask: of the subject.
        difference: (H, W), from the ground; 0 far from the subject.
        inside: (H, W), where no outline is expected.
        limit: the difference that the ground has from itself.
    """
    contrast = _largest_nearby(difference)
    gaps = inside & (difference < _GAP[0] * limit)
    if gaps.sum() > _GAPS * inside.sum():
        gaps[:] = False
    gaps &= difference < _GAP[1] * contrast
    gaps &= dilate(erode(gaps, _OPENING), _OPENING)
    mixed = ~mask | (difference < _MIXED * contrast)
    return mask & ~connected(frame_mask(mask.shape) | gaps, mixed | gaps)


def _largest_nearby(values: Floats) -> Floats:
    """Return the largest of the values (H, W) in a square around each pixel; every second one is looked at."""
    height, width = values.shape
    padded = np.pad(values, _NEARBY)
    shifts = range(0, 2 * _NEARBY + 1, 2)
    rows = np.max([padded[shift : shift + height] for shift in shifts], axis=0)
    return np.asarray(np.max([rows[:, shift : shift + width] for shift in shifts], axis=0))


def _without_specks(mask: Bools, expected: Bools) -> Bools:
    """Return a mask without the parts of the ground that were taken for subject: `expected` hardly covers them."""
    parts = label_parts(mask)
    sizes = np.bincount(parts.ravel())
    kept = np.bincount(parts[expected], minlength=len(sizes)) > _EXPECTED * sizes
    kept[0] = False
    return kept[parts]
