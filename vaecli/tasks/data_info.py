"""`vaecli data info`: what a data set or a folder of pictures holds, and what training would make of it."""

import dataclasses
import os
import pathlib
from collections.abc import Callable, Mapping

import numpy as np

from vaecli.choices import Colour, Fit, Part, Split
from vaecli.data.collection.report import are_too_many
from vaecli.data.contrast import pixel_range
from vaecli.data.images import ImageSet, spread
from vaecli.data.load import load
from vaecli.data.photo.reading import ReadingOptions
from vaecli.data.split import FEWEST_IMAGES, FEWEST_ON_A_SIDE
from vaecli.errors import MissingPartError, OptionError
from vaecli.files import IfTaken
from vaecli.pictures.sheet import sheet
from vaecli.pictures.targets import check_target, target_kind
from vaecli.pictures.writers import save_picture
from vaecli.pixels import Pixels

Progress = Callable[[str, int, int], None]
EXAMPLES = 64


@dataclasses.dataclass(frozen=True, eq=False)
class DataInfo:
    """The content of a data set.

    Attributes:
        name: of the data set.
        location: the path from which it was read.
        layout: how its folders or arrays were read; empty for IDX files and data sets known by name.
        parts: number of images of each part that it has.
        classes: number of images of each class, over all parts; empty without labels.
        image_shape: (H, W, C) of the images that training would use.
        fit: how pictures of another shape are fitted; None if they have the shape already.
        pixel_range: the smallest and the largest pixel of the training images.
        sizes: (width, height) of the smallest, the median and the largest picture.
        modes: Pillow's modes of the pictures, and how many have each.
        bad_files: (file, reason) of each picture that cannot be read.
        duplicates: number of pictures that equal an earlier one of the same part.
        leaked: number of test or validation pictures that equal a training picture.
        ignored: number of files that are no pictures.
        examples: up to 64 images (N, H, W, C) uint8, spread evenly over the training part.
    """

    name: str
    location: str
    layout: str
    parts: Mapping[Part, int]
    classes: Mapping[str, int]
    image_shape: tuple[int, int, int]
    fit: str | None
    pixel_range: tuple[int, int]
    sizes: tuple[tuple[int, int], ...]
    modes: Mapping[str, int]
    bad_files: tuple[tuple[str, str], ...]
    duplicates: int
    leaked: int
    ignored: int
    examples: Pixels

    @property
    def too_few(self) -> str:
        """Number of images that training needs and that there are, as a phrase; empty if there are enough."""
        training, validation = self.parts["train"], self.parts.get("validation")
        if validation is None:
            return "" if training >= FEWEST_IMAGES else f"at least {FEWEST_IMAGES}, got {training}"
        fewest = min(training, validation)
        return "" if fewest >= FEWEST_ON_A_SIDE else f"at least {FEWEST_ON_A_SIDE} in each part, got {fewest}"

    @property
    def has_many_bad(self) -> bool:
        """Whether so many pictures are bad that training needs --allow-bad."""
        return are_too_many(len(self.bad_files), sum(self.parts.values()) + len(self.bad_files))


def describe(
    data: str,
    *,
    size: tuple[int, int] | None = None,
    colour: Colour | None = None,
    fit: Fit | None = None,
    download: Progress = lambda *_: None,
    pictures: Progress = lambda *_: None,
    warn: Callable[[str], None] = lambda _message: None,
) -> DataInfo:
    """Describe a data set, a folder or an archive of pictures, or a file of arrays.

    Args:
        data: as `vaecli train --data` takes it.
        size: rows and columns of the images; chosen from the pictures if left out, as colour and fit are.
        colour: of the images.
        fit: of pictures of another shape.
        download: receives the progress of a download: file, bytes so far, bytes in all.
        pictures: receives the progress of decoding: what is done, pictures so far, pictures in all.
        warn: receives what a user should know.

    Raises:
        DataError: it cannot be read, or no picture in it can.
    """
    sets: dict[Split, ImageSet] = {}
    splits: tuple[Split, ...] = ("train", "test")
    for split in splits:
        try:
            sets[split] = load(
                data,
                split,
                reading=ReadingOptions(size=size, colour=colour, fit=fit),
                allow_bad=True,
                progress=download,
                pictures=pictures,
                warn=warn,
            )
        except MissingPartError:
            if split == "train":
                raise
    training = sets["train"]
    report = training.report
    return DataInfo(
        name=training.name,
        location=training.location,
        layout=report.layout if report else "",
        parts=_parts(training, sets.get("test")),
        classes=_classes(list(sets.values())),
        image_shape=training.images.shape[1:],
        fit=training.reading.fit if training.reading else None,
        pixel_range=pixel_range(training.images),
        sizes=report.sizes if report else (),
        modes=report.modes if report else {},
        bad_files=tuple(report.bad_files) if report else (),
        duplicates=report.duplicates if report else 0,
        leaked=report.leaked if report else 0,
        ignored=report.ignored if report else 0,
        examples=np.concatenate(list(spread(training.images, EXAMPLES))),
    )


def check_examples_target(out: str | os.PathLike[str], *, force: bool) -> None:
    """Refuse, before anything is read, a file that `write_examples` would refuse after it.

    Raises:
        OptionError: `out` is no name of a .png file.
        OutputError: `out` is taken or cannot be written.
    """
    if target_kind(out) != "sheet":
        raise OptionError(f"--out must end in .png, got {os.fspath(out)}.", option="--out")
    check_target(out, if_taken="replace" if force else "refuse")


def write_examples(info: DataInfo, out: str | os.PathLike[str], *, force: bool) -> pathlib.Path:
    """Write a sheet of the examples; return its path.

    Raises:
        OptionError: `out` is no name of a .png file.
        OutputError: `out` is taken or cannot be written.
    """
    check_examples_target(out, force=force)
    if_taken: IfTaken = "replace" if force else "refuse"
    return save_picture(out, sheet(info.examples), if_taken=if_taken)


def _parts(training: ImageSet, test: ImageSet | None) -> dict[Part, int]:
    held_out = 0 if training.held_out is None else int(training.held_out.sum())
    counts: dict[Part, int] = {"train": len(training.images) - held_out}
    if held_out:
        counts["validation"] = held_out
    if test is not None:
        counts["test"] = len(test.images)
    return counts


def _classes(sets: list[ImageSet]) -> dict[str, int]:
    """Return the number of images of each class in all sets together."""
    names = sets[0].class_names
    if any(images.labels is None for images in sets):
        return {}
    labels = np.concatenate([images.labels for images in sets if images.labels is not None])
    counts = np.bincount(labels, minlength=len(names))
    return {name: int(count) for name, count in zip(names, counts, strict=True)}
