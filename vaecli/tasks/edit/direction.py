"""The direction that --toward and --from name: by classes, by the pictures of folders, or a saved one."""

import dataclasses
import glob
import os
import pathlib

import numpy as np
import numpy.typing as npt

from vaecli.data.photo.photo_options import PhotoOptions
from vaecli.errors import DataError, ModelError, OptionError
from vaecli.labels import find_label
from vaecli.latent.directions import nearest_class
from vaecli.paths import is_same_place, shown, user_path
from vaecli.runtime.model import Model
from vaecli.tasks.edit.saved import SUFFIX, Direction, load
from vaecli.tasks.one_picture import Outputs
from vaecli.tasks.recipe import plain_name
from vaecli.tasks.stream.opening import open_pictures
from vaecli.tasks.stream.reports import Reports
from vaecli.tasks.stream.stream import PictureStream

Float64 = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True, eq=False)
class Goal:
    """The mean latent of some images.

    Attributes:
        mean: (D,)
        name: of their class, or of their folder without its path.
        label: number of the class; None for a folder.
        pictures: the pictures of the folder as they were read; None for a class.
    """

    mean: Float64
    name: str
    label: int | None
    pictures: PictureStream | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class Finder:
    """Finds directions of a model.

    Attributes:
        model: the model.
        photo: how pictures of a folder become like the training images.
        reports: get what is to be said while a folder is read.
        outputs: will be written, so they must not be among what is read.
    """

    model: Model
    photo: PhotoOptions | None
    reports: Reports
    outputs: Outputs

    def direction(
        self, toward: str, start: str | None, z_mean: Float64
    ) -> tuple[Direction, list[PictureStream]]:
        """Return the direction that a user names, and the folders that were read for it.

        Without a start it leads from the class whose mean is nearest to `z_mean` (D,), the goal left out; from the
        mean of all images where the model has no classes. With one it is the bare difference of the two means.

        Raises:
            OptionError: no such class, or several; a start beside a saved direction; or an output is among what is
                read.
            DataError: a folder without pictures that can be read, or a file that holds no direction.
            ModelError: a class of a model whose file has no class means, or a direction of another model.
        """
        saved = self.saved(toward)
        if saved is not None:
            if start is not None:
                raise OptionError(
                    f"--from must be left out with a saved direction, got {start}.", option="--from"
                )
            for option, output in self.outputs.items():
                if is_same_place(saved, user_path(output, option=option)):
                    raise OptionError(
                        f"{option} must be another file than --toward, got {shown(output)}.", option=option
                    )
            return load(saved, self.model), []
        goal = self._goal(toward, "--toward")
        origin = self._nearest(z_mean, goal) if start is None else self._goal(start, "--from")
        if (goal.mean == origin.mean).all():
            raise OptionError(
                f"--from must be another class than {goal.name}, where --toward leads.", option="--from"
            )
        read = [place.pictures for place in (goal, origin) if place.pictures is not None]
        return Direction(origin.mean, goal.mean, origin.name, goal.name, keeps_all=start is not None), read

    def saved(self, text: str) -> pathlib.Path | None:
        """Return the file of a saved direction, or None if a text names something else."""
        if text in self.model.info.class_names or not text.lower().endswith(SUFFIX):
            return None
        path = user_path(text, option="--toward")
        if not path.exists():
            raise DataError(f"There is no {shown(path)}.", hint="`vaecli edit --save` writes directions.")
        return None if path.is_dir() else path

    def _goal(self, text: str, option: str) -> Goal:
        """Return a class by its exact name, else what is at a path, else a class by a part of its name."""
        names = self.model.info.class_names
        if text not in names and (os.path.lexists(os.path.expanduser(text)) or glob.has_magic(text)):  # noqa: PTH111
            return self._folder(text, option)
        try:
            label = find_label(text, names, option=option)
        except OptionError as error:
            if "/" in text or os.sep in text:
                raise DataError(
                    f"There is no {shown(text)}.", hint=f"{option} names a class or a folder."
                ) from error
            raise
        means, counts = self._classes(f"{option} {text}")
        if not counts[label]:
            raise ModelError(
                f"{self.model.path} has no latents of {names[label]}: no validation image had this class.",
                hint=f"Name a folder of pictures: {option} FOLDER.",
            )
        return Goal(means[label], names[label], label)

    def _folder(self, text: str, option: str) -> Goal:
        """Return the mean latent of the pictures that a path names; unreadable ones are left out.

        Raises:
            OptionError: an output is one of them.
            DataError: none can be read.
        """
        stream = open_pictures(self.model, [text], photo=self.photo, reports=self.reports)
        for name, output in self.outputs.items():
            stream.require_apart(output, option=name)
        total, count = np.zeros(self.model.latent_dim), 0
        for batch in stream:
            if len(batch.images):
                total += self.model.encode(batch.images)[0].sum(axis=0, dtype=np.float64)
                count += len(batch.images)
        if not count:
            raise DataError(
                f"{option} must name pictures, but none of {shown(text)} can be read.",
                hint="`vaecli data info` says what is in a folder.",
            )
        return Goal(total / count, plain_name(text), None, stream)

    def _nearest(self, z_mean: Float64, goal: Goal) -> Goal:
        facts = self.model.facts
        if facts.class_means is None or facts.class_counts is None:
            if facts.z_mean is None:
                raise ModelError(
                    f"{self.model.path} has no facts about its latents, so the start of a direction is not known.",
                    hint="Name pictures to start from: --from FOLDER.",
                )
            return Goal(facts.z_mean, "", None)
        label = nearest_class(z_mean, facts.class_means, facts.class_counts, goal.label)
        return Goal(facts.class_means[label], self.model.info.class_names[label], label)

    def _classes(self, asked: str) -> tuple[Float64, npt.NDArray[np.int64]]:
        facts = self.model.facts
        if facts.class_means is None or facts.class_counts is None:
            raise ModelError(
                f"{self.model.path} has no class means, which {asked} needs.",
                hint="Name a folder of pictures in place of the class.",
            )
        return facts.class_means, facts.class_counts
