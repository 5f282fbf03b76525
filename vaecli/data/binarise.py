"""Binary images from grey ones: each pixel becomes 255 with the probability pixel / 255, else 0.

For a model of binary pixels the images of a data set are binarised wherever its probabilities are measured or
fitted: in training, validation and evaluation, for the prior, and for the degradation of reduced files. Pictures
that a user gives to `encode`, `reconstruct`, `score` and the other commands are not: a draw depends on the pictures
before it, so the result for a picture would depend on its place among the others. The score is therefore fitted on
grey pixels, too.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from vaecli.pixels import SCALE, Pixels

SEED = 777  # of the published figures for binarised Fashion-MNIST (Norouzi et al. 2020, arXiv:2004.04795)
_VALUES = 2**18  # drawn at a time: probabilities and draws take 16 bytes a value


def as_modelled(batches: Iterable[Pixels], *, binary: bool) -> Iterator[Pixels]:
    """Yield each batch (n, H, W, C) uint8 as a model sees it: binarised for one of `binary` pixels."""
    return binarised(batches) if binary else iter(batches)


def binarised(batches: Iterable[Pixels]) -> Iterator[Pixels]:
    """Yield each batch (n, H, W, C) uint8 made binary.

    The draws are those of `numpy.random.RandomState(777).binomial(1, pixels / 255)` for all images together,
    however batches divide them. So the same images in the same order always give the same binary images.
    """
    state = np.random.RandomState(SEED)
    for pixels in batches:
        binary = np.empty_like(pixels)
        grey, drawn = pixels.reshape(-1), binary.reshape(-1)
        for first in range(0, len(grey), _VALUES):
            block = slice(first, first + _VALUES)
            drawn[block] = state.binomial(1, grey[block] / SCALE) * SCALE
        yield binary
