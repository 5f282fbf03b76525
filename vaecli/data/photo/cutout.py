"""The subject of a photo, cut out of any quiet ground: paper in bad light, a table and its edge, wood, a dark
cloth.

Two rules find the ground on a small copy. A flood from the border passes wherever colours change evenly: it follows
light and shadow, stops at edges, and leaks into garments as light as the ground. The barrier distance asks what
lies on the way from the border: it stands the texture of wood and does not leak, but takes shadows for subjects.
The subject is what either keeps, without what is like a shadow; on a texture the distance alone decides. What the
subject encloses belongs to it unless it looks like the ground around. The outline is then drawn again at a larger
size. Where a table ends behind the subject, the step between the two grounds is taken off first.
"""

import dataclasses

import numpy as np
from PIL import Image

from vaecli.data.photo.edge import find_edge
from vaecli.data.photo.likeness import like_ground, like_shadow
from vaecli.data.photo.oklab import Floats, distance, to_oklab
from vaecli.data.photo.outline import refine
from vaecli.data.photo.parts import connected, label_parts
from vaecli.data.photo.spread import (
    Bools,
    barrier_distance,
    dilate,
    erode,
    fill_in,
    frame_mask,
)

SMALL = 160  # pixels of the longer side of the copy that the ground is found on
_BAND = 8  # pixels at the border of it that tell how uneven the ground is
_BEND = (0.025, 0.08)  # OKLab: the smallest and largest bend that a flood passes
_TEXTURE = 0.06  # bends at the border from which a ground is a texture
_CLUTTER = 0.2  # bends at the border from which a ground is not plain
_REACH = 2  # pixels from a pixel to the neighbours that it is compared with, and so from a flood to an edge
_BARRIER = (0.06, 0.25)  # the smallest and largest barrier that a ground may have
_HOLES = 0.65  # of a subject and its holes: more are no holes but a subject like the ground, with an outline
_STRIP = 3  # half the width of the widest strip that may be the edge of a table
_PART = 0.05  # of the largest part: smaller ones are specks
_TOUCHING = 0.25  # pixels at the border for the square root of a part's size: more make it part of the ground
_SUBJECT = (0.005, 0.9)  # of the picture that a subject covers
_BESIDE = 2  # pixels beside the outline that are mixed with the subject
_RIVAL = 0.5  # of the largest part: a second one as large is a second subject


@dataclasses.dataclass(frozen=True)
class Cutout:
    """The place of the subject in a picture.

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
    edge = find_edge(colours)
    if edge is not None:
        colours = edge.flattened(colours, edge.beyond(colours.shape))
    rough, doubt = _subject(colours)
    if not _SUBJECT[0] <= float(rough.mean()) <= _SUBJECT[1]:
        return None
    mask = refine(image, colours, rough, edge) if max(image.size) > SMALL else rough
    if not mask.any():
        return None
    pixels = np.asarray(image)
    outside = ~dilate(mask, _BESIDE)
    ground = np.median(pixels[outside if outside.any() else ~mask], axis=0).astype(np.uint8)
    return Cutout(mask, ground, doubt)


def _small_size(image: Image.Image) -> tuple[int, int]:
    scale = min(1.0, SMALL / max(image.size))
    return max(1, round(image.width * scale)), max(1, round(image.height * scale))


def _subject(colours: Floats) -> tuple[Bools, str]:
    """Return the mask of the subject of a small picture (H, W, 3), and what makes it doubtful."""
    frame, band = frame_mask(colours.shape), frame_mask(colours.shape, _BAND)
    bend, barrier = _bend(colours), barrier_distance(colours)
    unevenness, within = (float(np.percentile(values[band], 90)) for values in (bend, barrier))
    behind = barrier > np.clip(2 * within, *_BARRIER)
    sure = ~dilate(behind, 2)
    if unevenness <= _TEXTURE:
        even = bend < np.clip(2 * unevenness, *_BEND)
        flooded = dilate(connected(frame, even), _REACH)
        sure &= flooded
        behind = ~flooded | (behind & ~like_shadow(colours, fill_in(colours, sure)))
    outside = connected(frame, ~behind)
    filled, doubt = _largest_parts(_without_strips(~outside))
    holes = like_ground(colours, filled & ~outside, sure & ~filled)
    mask = filled if holes.sum() > _HOLES * filled.sum() else filled & ~holes
    if not doubt and (unevenness > _CLUTTER or within > _BARRIER[1]):
        doubt = "the background is not plain"
    return mask, doubt


def _bend(colours: Floats) -> Floats:
    """Return how far each pixel (H, W) is from lying midway between its neighbours on opposite sides.

    It is small on slopes, however steep: light that falls off, soft shadows. It is large at edges.
    """
    rows, columns, _ = colours.shape
    padded = np.pad(colours, ((_REACH, _REACH), (_REACH, _REACH), (0, 0)), mode="edge")
    above, below = padded[:rows, _REACH:-_REACH], padded[-rows:, _REACH:-_REACH]
    left, right = padded[_REACH:-_REACH, :columns], padded[_REACH:-_REACH, -columns:]
    return np.maximum(distance(2 * colours, above + below), distance(2 * colours, left + right))


def _without_strips(mask: Bools) -> Bools:
    """Return a mask without thin strips that run to the border: the edge of a table, a joint between boards."""
    thin = mask & ~dilate(erode(mask, _STRIP), _STRIP + 1)
    return mask & ~connected(frame_mask(mask.shape), thin)


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
