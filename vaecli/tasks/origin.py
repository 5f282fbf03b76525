"""The source of the data that a model was trained on: a data set by name, or the path in its run's config.toml."""

import dataclasses
import os
import pathlib
import shlex
from collections.abc import Callable

from vaecli.choices import Split
from vaecli.config import read_options
from vaecli.data.images import ImageSet
from vaecli.data.load import load, load_named
from vaecli.data.named.catalogue import CATALOGUE
from vaecli.data.photo.reading import ReadingOptions
from vaecli.errors import DataError, MissingPartError
from vaecli.modelfile.metadata import ModelInfo
from vaecli.options import TrainOptions
from vaecli.paths import shown
from vaecli.runs.layout import Run
from vaecli.runtime.model import Model

Progress = Callable[[str, int, int], None]
_READING = ("image_size", "colour", "fit")


@dataclasses.dataclass(frozen=True)
class Origin:
    """The source of a model's training images.

    Attributes:
        options: of the run, with the reading of its pictures; `data` is a name of the catalogue or a path.
        run: the run whose config.toml names the path; None for a data set by name.
        if_changed: hint for an error, if the images at that place are no longer the same.
    """

    options: TrainOptions
    run: Run | None
    if_changed: str

    def load(
        self, split: Split, warn: Callable[[str], None], progress: Progress, pictures: Progress
    ) -> ImageSet:
        """Load one split, read as for training.

        Raises:
            DataError: it cannot be loaded; the hint says what to type.
            MissingPartError: the source has no such split.
        """
        data, reading = str(self.options.data), ReadingOptions.of(self.options)
        if self.run is None:
            return load_named(data, split, reading=reading, warn=warn, progress=progress)
        if not os.path.lexists(data):
            raise DataError(
                f"The images of the model are in {shown(data)}, says {self.run.config}, but there is nothing.",
                hint="Name their new place with --data PATH.",
            )
        try:  # the hash of the images tells whether a picture is missing, so that any number may be bad
            return load(
                data, split, reading=reading, allow_bad=True, warn=warn, progress=progress, pictures=pictures
            )
        except MissingPartError:
            raise
        except DataError as error:
            hint = f"{error.hint} If they are elsewhere: --data PATH.".strip()
            raise DataError(error.message, hint=hint) from error


def find_origin(model: Model) -> Origin:
    """Return the source of a model's training images; the caller compares their hash.

    Raises:
        DataError: the model was not trained on a data set by name and does not lie in its run.
        ConfigError: the run's config.toml is damaged.
    """
    name, kind = model.info.data["name"], model.info.data.get("kind")
    if kind in ("named", None) and name in CATALOGUE:
        return Origin(_named(model.info), None, "Name the folder of its images with --data FOLDER.")
    run = find_run(model.path)
    if run is None:
        another = ", and not on the data set of that name" if name in CATALOGUE else ""
        raise DataError(
            f"The model was trained on a folder called {name}{another}; the model does not contain its path.",
            hint="Name the folder with --data FOLDER.",
        )
    options = read_options(run.config)
    place = shlex.join(["--data", str(options.data)])
    hint = f"To use the model with what is there now: {place}"
    return Origin(options, run, hint)


def find_run(decoder: str | os.PathLike[str]) -> Run | None:
    """Return the run in whose model folder a decoder lies; None for one elsewhere, such as in an exported copy."""
    folder = pathlib.Path(decoder).resolve().parent
    run = Run(folder.parent)
    return run if folder.name == run.model.name and run.config.is_file() else None


def _named(info: ModelInfo) -> TrainOptions:
    """Return options with the data set's name and how its images are read; the other options are defaults."""
    reading = {name: info.training[name] for name in _READING if name in info.training}
    return TrainOptions(data=info.data["name"], **reading)
