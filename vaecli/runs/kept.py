"""images.npz: the few images that a run keeps, so that an export needs no data set."""

import pathlib
from typing import NamedTuple

import numpy as np

from vaecli import npz
from vaecli.errors import ModelError


class KeptImages(NamedTuple):
    """Images (N, H, W, C) uint8: `validation` to check exported files with, `training` to fit int8 to."""

    validation: np.ndarray
    training: np.ndarray


def write(path: pathlib.Path, images: KeptImages) -> None:
    """Write the file, whole or not at all."""
    npz.write_npz(path, images._asdict(), compressed=True)


def read(path: pathlib.Path) -> KeptImages:
    """Read the file.

    Raises:
        ModelError: it is missing or damaged.
    """
    try:
        arrays = npz.read_npz(path)
        return KeptImages(**{name: _images(arrays, name) for name in KeptImages._fields})
    except ValueError as error:
        raise ModelError(f"{path} is missing or damaged: {error}.", hint="Train the run again.") from error


def _images(arrays: dict[str, np.ndarray], name: str) -> np.ndarray:
    images = arrays.get(name)
    if images is None or images.ndim != 4 or images.dtype != np.uint8 or 0 in images.shape:
        raise ValueError(f"it has no images (N, H, W, C) uint8 called {name!r}")
    return images
