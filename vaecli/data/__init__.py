"""Images in: data sets by name or folder, the validation split, a user's picture -> (N, H, W, C) uint8."""

from vaecli.data.images import ImageSet, Split
from vaecli.data.resolve import DatasetState, load, obtain, states
from vaecli.data.split import validation_mask

__all__ = ["DatasetState", "ImageSet", "Split", "load", "obtain", "states", "validation_mask"]
