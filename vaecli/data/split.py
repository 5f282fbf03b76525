"""Validation and test split by a hash of the seed and each image's pixels.

Equal images are in the same part; adding, renaming or reordering images moves no other image to another part.
"""

import hashlib

import numpy as np
import numpy.typing as npt

from vaecli.data.images import CHUNK, Images
from vaecli.errors import DataError, OptionError
from vaecli.pixels import chunks

FEWEST_IMAGES = 5  # to split
FEWEST_ON_A_SIDE = 2  # below that no spread over images can be computed
_GOLDEN = 0x9E3779B97F4A7C15
_TEST = np.uint64(int.from_bytes(hashlib.blake2b(b"test", digest_size=8).digest(), "little"))


def validation_mask(images: Images, *, fraction: float, seed: int) -> npt.NDArray[np.bool_]:
    """Return which images (N, H, W, C) belong to the validation set, (N,) bool, about `fraction` of them.

    At least two images are for validation and two for training, if that few hashes differ: the two smallest hashes
    always go to validation, the two largest to training.

    Raises:
        OptionError: `fraction` is not above 0 and below 1.
        DataError: fewer than five images, or so many are the same that none can be held out.
    """
    if not 0 < fraction < 1:
        raise OptionError(
            f"--validation-split must be above 0 and below 1, got {fraction}.", option="--validation-split"
        )
    if len(images) < FEWEST_IMAGES:
        raise DataError(
            f"Training needs at least {FEWEST_IMAGES} images, to hold {FEWEST_ON_A_SIDE} out for validation; "
            f"got {len(images)}."
        )
    uniform = _uniform(images, splitmix64(np.array([seed % 2**64], np.uint64)))
    ordered = np.partition(uniform, (FEWEST_ON_A_SIDE - 1, len(uniform) - FEWEST_ON_A_SIDE))
    mask: npt.NDArray[np.bool_] = (uniform < fraction) | (uniform <= ordered[FEWEST_ON_A_SIDE - 1])
    mask &= uniform < ordered[len(uniform) - FEWEST_ON_A_SIDE]
    if not mask.any():
        raise DataError(
            f"All of the {len(images)} images, or nearly all, are the same: none can be held out for validation."
        )
    return mask


def test_mask(images: Images, *, fraction: float, seed: int) -> npt.NDArray[np.bool_]:
    """Return which images (N, H, W, C) are set apart for testing, (N,) bool, about `fraction` of them.

    The draw is independent of the draw of the validation images with the same seed.
    """
    stream = splitmix64(splitmix64(np.array([seed % 2**64], np.uint64)) ^ _TEST)
    mask: npt.NDArray[np.bool_] = _uniform(images, stream) < fraction
    return mask


def _uniform(images: Images, stream: npt.NDArray[np.uint64]) -> npt.NDArray[np.float64]:
    """Return a number in [0, 1) for each image, (N,), determined by its pixels and `stream` (1,) alone."""
    words = splitmix64(stream + pixel_hashes(images)) >> np.uint64(11)
    return words.astype(np.float64) * 2.0**-53


def pixel_hashes(images: Images) -> npt.NDArray[np.uint64]:
    """Return a hash of the shape and the pixels of each image (N, H, W, C), (N,)."""
    shape = images.shape[1:]
    start = hashlib.blake2b(f"{shape};".encode(), digest_size=8)
    digests = bytearray()
    for part in chunks(len(images), shape, most=CHUNK):
        rows = np.ascontiguousarray(images[part]).reshape(part.stop - part.start, -1)
        for row in rows:
            digest = start.copy()
            digest.update(row.data)
            digests += digest.digest()
    return np.frombuffer(bytes(digests), "<u8").astype(np.uint64)


def splitmix64(state: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return the next output of SplitMix64 for each state (N,): a well mixed word (doi:10.1145/2714064.2660195)."""
    z = state + np.uint64(_GOLDEN)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
