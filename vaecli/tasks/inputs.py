"""The images that a command uses with a model: a part of the model's own data or of those that --data names."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from vaecli.choices import Part, Split
from vaecli.data import contrast
from vaecli.data.images import ImageSet
from vaecli.data.load import AS_THEY_ARE, load
from vaecli.data.parts import Division
from vaecli.data.photo.prepare import Preparation
from vaecli.data.photo.reading import Reading, ReadingOptions
from vaecli.errors import DataError, MissingPartError, ModelError, OptionError
from vaecli.options import TrainOptions
from vaecli.runtime.model import Model
from vaecli.tasks.changes import what_changed, what_changed_in_test
from vaecli.tasks.origin import Origin, find_origin

Warn = Callable[[str], None]
Progress = Callable[[str, int, int], None]
LISTED = 3  # pictures in a note
OTHER_IMAGES = "is not what the model was trained on"  # in a note on the images that --data names


def silent(*_: object) -> None:
    """Ignore a report."""


def warn_of_bad_files(images: ImageSet, warn: Warn) -> None:
    """List the pictures of a folder or an archive that could not be read, the first ones by name."""
    bad_files = images.report.bad_files if images.report else ()
    if bad_files:
        listed = "; ".join(f"{file}: {reason}" for file, reason in bad_files[:LISTED])
        more = f"; and {len(bad_files) - LISTED:,} more" if len(bad_files) > LISTED else ""
        count = "1 picture" if len(bad_files) == 1 else f"{len(bad_files):,} pictures"
        warn(f"{count} cannot be read and {'is' if len(bad_files) == 1 else 'are'} left out: {listed}{more}.")


def load_for(
    model: Model,
    data: str | None,
    part: Part | None,
    *,
    warn: Warn = silent,
    progress: Progress = silent,
    pictures: Progress = silent,
) -> ImageSet:
    """Load images for a model, read, stretched and divided as its training images were.

    The model's own data are those that the config.toml of its run names, or else the data set known by name that it
    was trained on. With None as `data`, the hash of the images must be that in the model's metadata.

    Args:
        model: an opened model.
        data: what --data may name; None for the model's own data.
        part: `train`, `validation` or `test`; None is `test`, or `validation` with a note where there are no test
            images.
        warn: receives what a user should know.
        progress: receives the progress of a download: file, bytes so far, bytes in all.
        pictures: receives the progress of reading pictures: what is done, pictures so far, pictures in all.

    Returns:
        The images; `split` names the part.

    Raises:
        DataError: the images cannot be had, or have another shape than the model's. With `data` None: they have
            been moved, or are not those that the model was trained on.
        MissingPartError: there is no such part.
        ModelError: the model's metadata do not fit.
    """
    source = _Source(model, data, warn, progress, pictures)
    if part is not None:
        return source.load(part)
    try:
        return source.load("test")
    except MissingPartError:
        images = source.load("validation")
    others = "" if data is None else " Measure all others with --split train."
    warn(f"{images.name} has no test part: these are its {len(images.images):,} validation images.{others}")
    return images


@dataclasses.dataclass(frozen=True)
class _Source:
    """The data that a command names, or those of the model."""

    model: Model
    data: str | None
    warn: Warn
    progress: Progress
    pictures: Progress

    def load(self, part: Part) -> ImageSet:
        """Load one part, and compare it with what the model knows of its own data."""
        images = self._test() if part == "test" else self._train(part)
        if images.images.shape[1:] != self.model.image_shape:
            raise DataError(
                f"Images of {images.name} must have the shape {self.model.image_shape}, got "
                f"{images.images.shape[1:]}.",
                hint="Name a data set of that shape with --data.",
            )
        return images

    @functools.cached_property
    def _origin(self) -> Origin | None:
        """The source of the model's own data; None with --data."""
        return find_origin(self.model) if self.data is None else None

    @functools.cached_property
    def _division(self) -> Division:
        try:
            training = self.model.info.training
            names = ("validation_split", "test_split", "seed")
            return Division.of(TrainOptions(**{name: training[name] for name in names if name in training}))
        except OptionError as error:
            raise ModelError(
                f"The options of the training in {self.model.path} do not fit: {error.message}",
                hint="Export the model again.",
            ) from error

    def _train(self, part: Part) -> ImageSet:
        """Load the training or the validation images."""
        data = self._stretched(self._division.without_test(self._read("train")))
        self._require_same(data, "sha256", lambda table, images: what_changed(table, images, self._division))
        held_out = self._division.held_out(data)
        images = data.select(np.flatnonzero(held_out if part == "validation" else ~held_out))
        return dataclasses.replace(images, split=part)

    def _test(self) -> ImageSet:
        """Load the test images: the source's own, or those that --test-split set apart."""
        images = self._stretched(self._test_as_read())
        self._require_same(images, "test_sha256", what_changed_in_test)
        if self._origin and self.model.info.data.get("kind") is None:  # its name alone does not tell
            self._train("train")
        return images

    def _test_as_read(self) -> ImageSet:
        """Load the test images, not stretched; --data may have its own although the model's data had none."""
        is_apart = bool(self._division.test_split)
        if not is_apart or self.data is not None:
            try:
                return self._read("test")
            except MissingPartError:
                if not is_apart:
                    raise
        return self._division.test(self._read("train"))

    def _read(self, split: Split) -> ImageSet:
        """Load one split of the source as it was read, not stretched."""
        if self._origin is not None:
            return self._origin.load(split, self.warn, self.progress, self.pictures)
        shape, own = self.model.image_shape, self._preparation.reading
        reading = own or Reading(height=shape[0], width=shape[1], channels=shape[2])
        images = self._load(split, reading.options)
        was_resized = images.reading is not None and images.report is None
        if (
            was_resized and own is None
        ):  # arrays of another shape are not what the model is for: refused later
            return self._load(split, AS_THEY_ARE)
        return images

    def _load(self, split: Split, reading: ReadingOptions) -> ImageSet:
        """Load one split of what --data names."""
        images = load(
            self.data,
            split,
            reading=reading,
            allow_bad=True,
            warn=self.warn,
            progress=self.progress,
            pictures=self.pictures,
        )
        warn_of_bad_files(images, self.warn)
        return images

    @property
    def _preparation(self) -> Preparation:
        return Preparation.from_metadata(self.model.info.preparation, self.model.image_shape)

    def _require_same(self, images: ImageSet, key: str, change: Callable[[Any, ImageSet], str]) -> None:
        """Compare the hash of images with that in the model's metadata, where that has one.

        The model's own must be the same; of those that --data names a note says that they are others.
        """
        expected = self.model.info.data.get(key)
        if self.data is not None and expected is not None and images.sha256 != expected:
            trained_on = str(self.model.info.data.get("name"))
            self.warn(f"{images.name} in {images.location} {OTHER_IMAGES}: {trained_on}.")
        if self._origin is None or (expected is None and key != "sha256") or images.sha256 == expected:
            return
        what = "test images" if key == "test_sha256" else "images"
        table = self.model.info.data | {"class_names": self.model.info.class_names}
        raise DataError(
            f"The model was trained on other images than {images.name} in {images.location} has: the SHA-256 of "
            f"its {what} must be {str(expected)[:12]}..., got {images.sha256[:12]}.... "
            f"{change(table, images)}".strip(),
            hint=self._origin.if_changed,
        )

    def _stretched(self, images: ImageSet) -> ImageSet:
        stretch = self.model.info.data.get("stretch")
        if stretch is None:
            return images
        try:
            low, high = map(int, stretch)
            if not 0 <= low < high <= 255:
                raise ValueError
        except (TypeError, ValueError) as error:
            raise ModelError(
                f"`stretch` in the metadata of {self.model.path} must be two pixel values, got {stretch!r:.80}.",
                hint="Export the model again.",
            ) from error
        return contrast.like_training(images, low, high)
