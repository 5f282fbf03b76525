"""images.npz: the few images that a run keeps, so that an export needs no data set."""

import pathlib
from typing import NamedTuple

import numpy as np

from vaecli import npz
from vaecli.errors import ModelError


class KeptImages(NamedTuple):
    """Images (N, H, W, C) uint8: `validation` to check exported files with, `training` to quantise with."""

    validation: np.ndarray
    training: np.ndarray


def write(path: pathlib.Path, images: KeptImages) -> None:
    """Write the images to a compressed .npz file, complete or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    npz.write_npz(path, images._asdict(), compressed=True)


def read(path: pathlib.Path) -> KeptImages:
    """Read the images that a run kept.

    Raises:
        ModelError: the file is missing or damaged.
    """
    try:
        arrays = npz.read_npz(path)
        images = KeptImages(**{name: _images(arrays, name) for name in KeptImages._fields})
        if images.validation.shape[1:] != images.training.shape[1:]:
            raise ValueError("its images have different shapes")
    except ValueError as error:
        raise ModelError(f"Cannot read {path}: {error}.", hint="Train the run again.") from error
    return images


def _images(arrays: dict[str, np.ndarray], name: str) -> np.ndarray:
    images = arrays.get(name)
    if images is None or images.ndim != 4 or images.dtype != np.uint8 or 0 in images.shape:
        raise ValueError(f"it has no images (N, H, W, C) uint8 called {name!r}")
    return images
