"""The images of a run: loaded, split, described, and checked before anything is trained."""

import math
import os
from typing import Any

import numpy as np

from vaecli.data import contrast
from vaecli.data.images import ImageSet
from vaecli.data.load import load, load_named
from vaecli.data.named.catalogue import CATALOGUE
from vaecli.data.photo.prepare import Preparation
from vaecli.data.split import validation_mask
from vaecli.errors import DataError, ModelError
from vaecli.export import describe
from vaecli.modelfile import metadata
from vaecli.options import MAX_PIXELS, TrainOptions
from vaecli.paths import user_path
from vaecli.runs.kept import KeptImages
from vaecli.runs.progress import Watcher

# Images that stay in the run, so that an export needs no data set: to check the files with, and to quantise with.
KEPT_VALIDATION, KEPT_TRAINING = 64, 256
KEPT_BYTES, KEPT_LEAST = 2**24, 16  # bytes of either, unless 16 images have more


def load_new(options: TrainOptions, watch: Watcher) -> ImageSet:
    """Load the data set of a new run.

    Raises:
        DataError: it cannot be loaded, or a model of it could not be described or would be too large.
    """
    data = load(options.data, "train", warn=watch.note, progress=watch.downloaded)
    data = contrast.for_training(data, stretch=options.stretch, warn=watch.note)
    height, width = data.images.shape[1:3]
    if height * width > MAX_PIXELS:
        raise DataError(
            f"Images must have at most {MAX_PIXELS:,} pixels for their model to be exported; those of {data.name} "
            f"have {height:,} x {width:,}.",
            hint="Make them smaller.",
        )
    return data


def load_again(options: TrainOptions, watch: Watcher) -> ImageSet:
    """Load the data set of a run again, perhaps on another machine; the caller compares its hash.

    Raises:
        DataError: it cannot be loaded.
    """
    try:
        if options.data in CATALOGUE:  # a folder of that name would have been kept as an absolute path
            data = load_named(options.data, "train", warn=watch.note, progress=watch.downloaded)
        else:
            data = load(options.data, "train", warn=watch.note, progress=watch.downloaded)
    except DataError as error:
        hint = f"{error.hint} If the same images are elsewhere on this machine: --data FOLDER."
        raise DataError(error.message, hint=hint.strip()) from error
    return contrast.for_training(data, stretch=options.stretch, warn=lambda _message: None)


def hold_out(data: ImageSet, options: TrainOptions) -> np.ndarray:
    """Return which images belong to the validation set, (N,) bool.

    Raises:
        DataError: there are too few images, or nearly all are the same.
    """
    try:
        return validation_mask(data.images, fraction=options.validation_split, seed=options.seed)
    except DataError as error:
        raise DataError(f"Cannot split {data.name} in {data.location}. {error.message}") from error


def name_to_keep(options: TrainOptions, data: ImageSet) -> str:
    """Return what config.toml keeps as `data`: the name of a data set, or the absolute path of a folder.

    Raises:
        DataError: the path is not valid UTF-8, as a TOML file must be.
    """
    if data.kind == "named" or not options.data:
        return data.name
    path = os.fspath(user_path(options.data).resolve())
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise DataError(
            f"The path of the data must be valid UTF-8, got {path!r}.", hint="Rename the folder."
        ) from error
    return path


def description(data: ImageSet, held_out: np.ndarray, options: TrainOptions) -> dict[str, Any]:
    """Return the table `data` of provenance.json.

    Raises:
        DataError: the reader of exported files would refuse a model with these names or sizes.
    """
    preparation = Preparation.of_images(data.images)
    table = {
        "name": data.name,
        "kind": data.kind,
        "stretch": data.stretch,
        "sha256": data.sha256,
        "count": int((~held_out).sum()),
        "validation_count": int(held_out.sum()),
        "image_shape": list(data.images.shape[1:]),
        "polarity": preparation.polarity,
        "photo": preparation.photo,
        "class_names": list(data.class_names),
    }
    try:
        metadata.from_metadata(describe.untrained(table, options).to_metadata(), "the model")
    except (ModelError, UnicodeEncodeError) as error:
        reason = error.message if isinstance(error, ModelError) else f"{error}."
        raise DataError(
            f"A model of {data.location!r} could not be exported: {reason}", hint="Rename or resize the data."
        ) from error
    return table


def images_to_keep(data: ImageSet, held_out: np.ndarray) -> KeptImages:
    """Choose the images that stay in the run, evenly over the data, which may be sorted by class."""
    most = max(KEPT_LEAST, KEPT_BYTES // math.prod(data.images.shape[1:]))
    return KeptImages(
        validation=data.images[_evenly(held_out, min(KEPT_VALIDATION, most))],
        training=data.images[_evenly(~held_out, min(KEPT_TRAINING, most))],
    )


def _evenly(mask: np.ndarray, most: int) -> np.ndarray:
    """Return up to `most` of the positions where the mask (N,) is true, evenly spaced."""
    positions = np.flatnonzero(mask)
    return positions[np.linspace(0, len(positions) - 1, min(most, len(positions))).astype(np.int64)]
