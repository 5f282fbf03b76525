"""The subject of a photo, cut out of any quiet ground: paper in bad light, a table and its edge, wood, a dark
cloth.

Two rules find the ground on a small copy. A flood from the border passes between neighbours of nearly one colour:
it follows light and shadow, stops at edges, and leaks into garments as light as the ground. The barrier distance
asks what lies on the way from the border: it stands the texture of wood and does not leak, but takes shadows for
subjects. The subject is what either keeps, without what is like a shadow; on a texture the distance alone decides.
What the subject encloses belongs to it unless it looks like the ground around.
"""

import dataclasses

import numpy as np
from PIL import Image

from vaecli.data.photo.oklab import Floats, distance, to_oklab
from vaecli.data.photo.spread import (
    Bools,
    barrier_distance,
    dilate,
    erode,
    fill_in,
    frame_mask,
    label_parts,
    reach,
    reach_within,
)

SMALL = 160  # pixels of the longer side of the copy that the ground is found on
_BAND = 8  # pixels at the border of it that tell how uneven the ground is
_STEP = (0.02, 0.05)  # OKLab: the smallest and largest step between neighbours that a flood passes
_TEXTURE = 0.03  # steps at the border from which a ground is a texture
_BARRIER = (0.06, 0.25)  # the smallest and largest barrier that a ground may have
_SHADOW = (0.3, 0.03)  # how much darker a shadow is than the ground, and how much its colour may differ
_LIKE_GROUND = (0.03, 0.12)  # the smallest and largest difference of a hole from the ground
_PART = 0.05  # of the largest part: smaller ones are specks
_TOUCHING = 0.25  # pixels at the border for the square root of a part's size: more make it part of the ground
_SUBJECT = (0.005, 0.9)  # of the picture that a subject covers
_RIVAL = 0.5  # of the largest part: a second one as large is a second subject
_MARGIN = 2  # pixels of the larger copy that are cut off the outline: they are mixed with the ground


@dataclasses.dataclass(frozen=True)
class Cutout:
    """Where the subject of a picture is.

    Attributes:
        mask: (H, W), true where the subject is.
        ground: (3,) uint8, the median colour of the ground.
        doubt: what makes the result doubtful; empty if nothing does.
    """

    mask: Bools
    ground: np.ndarray
    doubt: str


def cut_out(image: Image.Image) -> Cutout | None:
    """Find the subject of an RGB picture of a few hundred pixels.

    Returns None if there is none, or if it fills the picture.
    """
    size = _small_size(image)
    colours = to_oklab(np.asarray(image.resize(size, Image.Resampling.BOX), np.uint8))
    if min(size) <= 2 * _BAND:
        return None
    rough, doubt = _subject(colours)
    if not _SUBJECT[0] <= float(rough.mean()) <= _SUBJECT[1]:
        return None
    mask = _refine(image, rough)
    if not mask.any():
        return None
    pixels = np.asarray(image)
    outside = ~dilate(mask, _MARGIN)
    ground = np.median(pixels[outside if outside.any() else ~mask], axis=0).astype(np.uint8)
    return Cutout(mask, ground, doubt)


def _small_size(image: Image.Image) -> tuple[int, int]:
    scale = min(1.0, SMALL / max(image.size))
    return max(1, round(image.width * scale)), max(1, round(image.height * scale))


def _subject(colours: Floats) -> tuple[Bools, str]:
    """Return the mask of the subject of a small picture (H, W, 3), and what makes it doubtful."""
    down, across = distance(colours[1:], colours[:-1]), distance(colours[:, 1:], colours[:, :-1])
    band = frame_mask(colours.shape, _BAND // 2)
    unevenness = float(np.percentile(np.concatenate([down[band[1:]], across[band[:, 1:]]]), 90))
    barrier = barrier_distance(colours)
    within = float(np.percentile(barrier[frame_mask(colours.shape, _BAND)], 90))
    behind = barrier > np.clip(2 * within, *_BARRIER)
    sure = ~dilate(behind, 2)
    if unevenness <= _TEXTURE:
        step = np.clip(2 * unevenness, *_STEP)
        flooded = reach(frame_mask(colours.shape), down < step, across < step)
        sure &= flooded
        behind = ~flooded | (behind & ~_like_shadow(colours, sure))
    outside = reach_within(frame_mask(colours.shape), ~behind)
    filled, doubt = _largest_parts(~outside)
    mask = filled & ~_like_ground(colours, filled & ~outside, sure & ~filled)
    if not doubt and (unevenness > _STEP[1] * 2 or within > _BARRIER[1]):
        doubt = "the background is not plain"
    return mask, doubt


def _like_shadow(colours: Floats, ground: Bools) -> Bools:
    """Say where a picture (H, W, 3) is like its ground, only darker."""
    difference = colours - fill_in(colours, ground)
    darker = (difference[..., 0] < 0) & (difference[..., 0] > -_SHADOW[0])
    like: Bools = darker & (np.hypot(difference[..., 1], difference[..., 2]) < _SHADOW[1])
    return like


def _like_ground(colours: Floats, subject: Bools, ground: Bools) -> Bools:
    """Say where the subject has the colour of the ground beside it, in patches, not in lone pixels."""
    if not ground.any():
        return np.zeros_like(subject)
    difference = distance(colours, fill_in(colours, ground))
    limit = np.clip(3 * float(np.median(difference[ground])), *_LIKE_GROUND)
    return dilate(erode(subject & (difference < limit))) & subject


def _largest_parts(mask: Bools) -> tuple[Bools, str]:
    """Return the largest part of a mask and those that may belong to it, and what makes that doubtful.

    Parts that touch the picture's border for long are ground. Thin bridges between parts are cut first.
    """
    parts = label_parts(erode(mask))
    sizes = np.bincount(parts.ravel()).astype(np.float64)
    sizes[0] = 0
    if len(sizes) < 2:
        return mask, ""
    touching = np.bincount(parts[frame_mask(mask.shape)], minlength=len(sizes))
    ranks = np.where(touching > _TOUCHING * np.sqrt(sizes), sizes / 5, sizes)
    largest = int(ranks.argmax())
    kept = (sizes >= _PART * sizes[largest]) & (touching == 0)
    kept[largest] = True
    kept[0] = False
    doubt = "the subject touches the border" if touching[largest] > np.sqrt(sizes[largest]) / 2 else ""
    if (np.delete(sizes, largest)[1:] >= _RIVAL * sizes[largest]).any():
        doubt = "there may be more than one subject"
    return dilate(kept[parts]) & mask, doubt


def _refine(image: Image.Image, rough: Bools) -> Bools:
    """Return the mask at the size of the picture, its outline where the colours change, cut back a little."""
    enlarged = Image.fromarray(np.where(rough, 255, 0).astype(np.uint8))
    mask = np.asarray(enlarged.resize(image.size, Image.Resampling.BILINEAR)) > 127
    return erode(mask, _MARGIN) if min(image.size) > SMALL else mask
