"""The parts of a subject that look like the ground beside it: gaps that show the ground, lit or in shadow."""

import numpy as np

from vaecli.data.photo.oklab import Floats, distance
from vaecli.data.photo.spread import Bools, dilate, erode, fill_in

_SHADOW = (0.4, 0.03)  # how much darker a shadow is than the ground, and how much its colour may differ
_SHADED = 0.4  # of a subject that may be like a shadow: more make it a grey subject, not one with gaps
_LIKE_GROUND = (0.03, 0.12)  # the smallest and largest difference of a hole from the ground
_SURELY = 2  # times that difference: from there on, what a subject encloses is the subject


def like_shadow(colours: Floats, ground: Floats) -> Bools:
    """Say where colours (..., 3) are like the ground (..., 3), only darker."""
    difference = colours - ground
    darker = (difference[..., 0] < 0) & (difference[..., 0] > -_SHADOW[0])
    like: Bools = darker & (np.hypot(difference[..., 1], difference[..., 2]) < _SHADOW[1])
    return like


def is_grey_as_shadow(colours: Floats, ground: Floats, subject: Bools) -> bool:
    """Say whether so much of a subject is like a shadow that this tells nothing about its parts."""
    return float(like_shadow(colours[subject], ground[subject]).mean()) > _SHADED


def like_ground(colours: Floats, subject: Bools, ground: Bools) -> Bools:
    """Say where the subject is like the ground beside it, lit or in shadow, in patches, not in lone pixels.

    A grey patch of a grey garment may differ from the ground as a shadow does, but is nearer to the garment.
    """
    if not (ground.any() and subject.any()):
        return np.zeros_like(subject)
    filled = fill_in(colours, ground)
    difference = distance(colours, filled)
    limit = np.clip(3 * float(np.median(difference[ground])), *_LIKE_GROUND)
    like = difference < limit
    if not is_grey_as_shadow(colours, filled, subject):
        like |= like_shadow(colours, filled)
    like &= ~_is_nearer(colours, subject & ~like & (difference > _SURELY * limit), difference)
    return dilate(erode(subject & like)) & subject


def _is_nearer(colours: Floats, subject: Bools, difference: Floats) -> Bools:
    """Say where colours (H, W, 3) are nearer to the subject beside them than `difference` (H, W), to the ground."""
    if not subject.any():
        return np.zeros_like(subject)
    return np.asarray(distance(colours, fill_in(colours, subject)) < difference)
