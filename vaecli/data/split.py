"""Who belongs to the validation set: a hash decides image by image, so adding some moves no other."""

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vaecli.errors import OptionError

_GOLDEN = 0x9E3779B97F4A7C15


def validation_mask(keys: int | Sequence[str], *, fraction: float, seed: int) -> npt.NDArray[np.bool_]:
    """True (N,) for the images that belong to validation, about `fraction` of them.

    `keys` is the number of images, each then known by its index, or one text for each, such as its path.

    Raises:
        OptionError: `fraction` outside [0, 1).
    """
    if not 0 <= fraction < 1:
        raise OptionError(
            f"Expected a fraction of at least 0 and below 1, got {fraction}.", option="--validation-split"
        )
    if isinstance(keys, int):
        words = np.arange(keys, dtype=np.uint64)
    else:
        words = np.fromiter((_word(key) for key in keys), np.uint64, len(keys))
    stream = splitmix64(np.array([seed % 2**64], np.uint64))
    hashes = splitmix64(stream + words * np.uint64(_GOLDEN))
    uniform = (hashes >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return uniform < fraction


def splitmix64(state: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The next output of SplitMix64 for each state (N,): a well mixed word (doi:10.1145/2714064.2660195)."""
    z = state + np.uint64(_GOLDEN)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _word(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "little")
