"""The images of a run: loaded, split, described, and checked before anything is trained."""

import dataclasses
import os
from typing import Any, NamedTuple

import numpy as np

from vaecli.choices import Split
from vaecli.data import contrast
from vaecli.data.images import ImageSet
from vaecli.data.load import load, load_named
from vaecli.data.named.catalogue import CATALOGUE
from vaecli.data.parts import Division
from vaecli.data.photo.prepare import Preparation
from vaecli.data.photo.reading import ReadingOptions
from vaecli.errors import DataError, MissingPartError, ModelError, OptionError
from vaecli.export import describe
from vaecli.latent.prior_sizes import require_possible, require_possible_in_training
from vaecli.modelfile import metadata
from vaecli.options import MAX_PIXELS, TrainOptions
from vaecli.paths import user_path
from vaecli.runs.progress import Quiet, Watcher
from vaecli.tasks.train import labels, pixels
from vaecli.training.networks import table


class RunData(NamedTuple):
    """The images of a new run.

    Attributes:
        options: its options, with the reading and all defaults resolved.
        data: all images but those of the test part.
        held_out: (N,) bool, true for the validation images.
        test: the test part; None if there is none that the model could be measured on.
    """

    options: TrainOptions
    data: ImageSet
    held_out: np.ndarray
    test: ImageSet | None


def load_run(options: TrainOptions, watch: Watcher) -> RunData:
    """Load and divide the images of a new run, and resolve the options that depend on them.

    Raises:
        DataError: they cannot be loaded, or have more pixels than an exported model may have.
        OptionError: an option does not fit the images, their number, their labels or the network.
    """
    source = _load(options, "train", watch)
    data = to_train_on(source, options, watch)
    held_out = Division.of(options).held_out(data)
    height, width, channels = data.images.shape[1:]
    shape = height, width, channels
    labels.require_usable(data, held_out, options, watch)
    pixels.note_density(data, options, watch)
    n_train = int((~held_out).sum())
    require_possible(options.prior, options.components, n_train, shape, options.latent_dim)
    if options.mixture_epochs:
        require_possible_in_training(options.prior, n_train, shape, options.latent_dim)
    options = table.with_defaults(with_reading(options, data), shape, n_train)
    return RunData(options, data, held_out, load_test(options, source, data, watch))


def to_train_on(source: ImageSet, options: TrainOptions, watch: Watcher) -> ImageSet:
    """Return the images of a new run: all that are not set apart for testing, stretched if `options` say so.

    Raises:
        OptionError: --test-split leaves too few images for testing or for training.
        DataError: the images have more pixels than an exported model may have.
    """
    data = Division.of(options).without_test(source)
    data = contrast.for_training(data, stretch=options.stretch, warn=watch.note)
    height, width = data.images.shape[1:3]
    if height * width > MAX_PIXELS:
        raise DataError(
            f"Images must have at most {MAX_PIXELS:,} pixels for their model to be exported; those of {data.name} "
            f"have {height:,} x {width:,}.",
            hint="Make them smaller.",
        )
    return data


def load_again(options: TrainOptions, watch: Watcher, *, download: bool = True) -> ImageSet:
    """Load the images of a run again; the caller compares their hash.

    Raises:
        DataError: they cannot be loaded, or without `download` are not on this machine.
    """
    options = dataclasses.replace(options, allow_bad=True)  # the hash tells whether a picture is missing
    try:
        source = _load(options, "train", watch, as_kept=True, download=download)
    except DataError as error:
        elsewhere = " If the same images are elsewhere on this machine: --data PATH."
        raise DataError(error.message, hint=(error.hint + elsewhere).strip()) from error
    data = Division.of(options).without_test(source)
    return contrast.for_training(data, stretch=options.stretch, warn=lambda _message: None)


def load_test(options: TrainOptions, source: ImageSet, data: ImageSet, watch: Watcher) -> ImageSet | None:
    """Load the test part of a new run, read and stretched as its training images.

    Args:
        options: of the run, with the reading resolved.
        source: the images from which `data` was set apart.
        data: the images to train on.
        watch: receives progress, and why a test part that exists cannot be used.

    Returns:
        None if there is no test part, or the model could not be measured on it.

    Raises:
        OptionError: --test-split is given, and the source has a test part already.
    """
    try:
        part = _load(options, "test", Quiet(watch))
    except MissingPartError:
        if not options.test_split:
            return None
        part = Division.of(options).test(source)
    except DataError as error:
        watch.note(f"The test part of {data.name} cannot be used. {error.message}")
        return None
    else:
        if options.test_split:
            raise OptionError(
                f"--test-split must be left out: {data.name} has {len(part.images):,} test images already.",
                option="--test-split",
            )
    if part.images.shape[1:] != data.images.shape[1:]:
        watch.note(
            f"The test part of {data.name} cannot be used: its images have the shape {part.images.shape[1:]}, "
            f"those to train on {data.images.shape[1:]}."
        )
        return None
    return part if data.stretch is None else contrast.like_training(part, *data.stretch)


def _load(
    options: TrainOptions, split: Split, watch: Watcher, *, as_kept: bool = False, download: bool = True
) -> ImageSet:
    """Load one split of the data that `options` name.

    With `as_kept`, `options.data` is from config.toml: a plain name is a data set, a folder an absolute path.
    """
    reading = ReadingOptions.of(options)
    if as_kept and options.data in CATALOGUE:
        return load_named(
            options.data,
            split,
            reading=reading,
            download=download,
            warn=watch.note,
            progress=watch.downloaded,
        )
    return load(
        options.data,
        split,
        reading=reading,
        allow_bad=options.allow_bad,
        download=download,
        warn=watch.note,
        progress=watch.downloaded,
        pictures=watch.read,
    )


def name_to_keep(options: TrainOptions, data: ImageSet) -> str:
    """Return what config.toml keeps as `data`: the name of a data set, or the absolute path of a folder.

    Raises:
        DataError: the path is not valid UTF-8, as a TOML file must be.
    """
    if data.kind == "named" or not options.data:
        return data.name
    return path_to_keep(options.data, "the data")


def path_to_keep(path: str | os.PathLike[str], what: str) -> str:
    """Return the absolute path that config.toml keeps of `what`, so that it serves from any folder.

    Raises:
        DataError: the path is not valid UTF-8, as a TOML file must be.
    """
    absolute = os.fspath(user_path(path).resolve())
    try:
        absolute.encode()
    except UnicodeEncodeError as error:
        raise DataError(
            f"The path of {what} must be valid UTF-8, got {absolute!r}.", hint="Rename the folder."
        ) from error
    return absolute


def with_reading(options: TrainOptions, data: ImageSet) -> TrainOptions:
    """Return the options with the size, colour and fit of `data`, so that a resumed run reads in the same way."""
    if data.reading is None:
        return options
    height, width, _ = data.reading.shape
    return dataclasses.replace(
        options, image_size=f"{height}x{width}", colour=data.reading.colour, fit=data.reading.fit
    )


def description(
    data: ImageSet, held_out: np.ndarray, options: TrainOptions, test: ImageSet | None = None
) -> dict[str, Any]:
    """Return the table `data` of provenance.json.

    Args:
        data: the images to train and validate on.
        held_out: (N,) bool, true for the validation images.
        options: of the run.
        test: the test images, None if there are none.

    Raises:
        DataError: the reader of exported files would refuse a model with these names or sizes.
    """
    preparation = Preparation.of_images(data.images, data.reading)
    table = {
        "name": data.name,
        "kind": data.kind,
        "stretch": data.stretch,
        "sha256": data.sha256,
        "count": int((~held_out).sum()),
        "validation_count": int(held_out.sum()),
        "test_sha256": None if test is None else test.sha256,
        "test_count": None if test is None else len(test.images),
        "image_shape": list(data.images.shape[1:]),
        "polarity": preparation.polarity,
        "photo": preparation.photo,
        "reading": None if preparation.reading is None else preparation.reading.to_metadata(),
        "class_names": list(data.class_names),
        "class_counts": labels.counts(data, held_out),
    }
    try:
        metadata.from_metadata(describe.untrained(table, options).to_metadata(), "the model")
    except (ModelError, UnicodeEncodeError) as error:
        reason = error.message if isinstance(error, ModelError) else f"{error}."
        raise DataError(
            f"A model of {data.location!r} could not be exported: {reason}", hint="Rename or resize the data."
        ) from error
    return table
