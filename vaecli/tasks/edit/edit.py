"""`vaecli edit`: a picture moved along a direction of the latent space."""

import dataclasses
import os
import pathlib
from typing import Any

import numpy as np
import numpy.typing as npt

from vaecli.data.photo.photo_options import PhotoOptions
from vaecli.errors import OptionError
from vaecli.files import treatment
from vaecli.latent.directions import moved, parse_amounts
from vaecli.paths import is_same_place, shown
from vaecli.pictures.captions import Captioned, captioned_sheet
from vaecli.pictures.gif import there_and_back
from vaecli.pictures.targets import check_target, target_kind, target_path
from vaecli.pictures.writers import require_enlargeable, save_picture, write_images
from vaecli.pixels import Pixels
from vaecli.runtime.model import Model
from vaecli.tasks.decoding import decoded
from vaecli.tasks.edit import saved
from vaecli.tasks.edit.direction import Finder
from vaecli.tasks.one_picture import OnePicture, load_picture
from vaecli.tasks.photo_words import photo_words
from vaecli.tasks.recipe import data_name, plain_name, recipe_of
from vaecli.tasks.stream.names import require_data_is_used
from vaecli.tasks.stream.reports import SILENT, Reports
from vaecli.tasks.stream.stream import PictureStream

AMOUNTS = "0:1:9"
COLUMNS = 10  # pictures in a row of a strip: the original, and nine amounts
MAX_BYTES = 2**27  # of their 8-bit pixels, which are all in memory


@dataclasses.dataclass(frozen=True)
class Edited:
    """An edit that was written.

    Attributes:
        path: the file or folder.
        images: (N, H, W, C) uint8, one for each amount.
        notes: lines for the user.
        read: the folders that were read for the direction.
        facts: how it was made, as `--json` prints it.
    """

    path: pathlib.Path
    images: Pixels
    notes: tuple[str, ...]
    read: tuple[PictureStream, ...]
    facts: dict[str, Any]


def edit(
    model: Model,
    picture: str,
    *,
    toward: str,
    start: str | None = None,
    amounts: str = AMOUNTS,
    out: str | os.PathLike[str] | None = None,
    save: str | os.PathLike[str] | None = None,
    data: str | None = None,
    scale: int | None = None,
    smooth: bool = False,
    photo: PhotoOptions | None = None,
    force: bool = False,
    reports: Reports = SILENT,
) -> Edited:
    """Write a picture moved by several amounts along a direction; amount 0 is its reconstruction.

    Args:
        model: an opened model with its encoder.
        picture: a file, or `test:17` of the data set.
        toward: a class by its name or a part of it, a folder of pictures, or a saved direction (.npz).
        start: the class or folder that the direction leads from; by default the class whose mean is nearest to the
            picture, `toward` left out. With it, amount 1 adds the bare difference of the two means.
        amounts: `start:stop:count`, or a single number; at 1 the
            picture is one of `toward`, with half of what sets it apart from `start`.
        out: `.png` for a strip with the amounts below, `.gif` there and back, `.npy` or `.npz` for the array, a
            folder for one PNG each; by default the next free one of `edit.png`, `edit-2.png`, ...
        save: `.npz` file for the direction, to be named as `toward`.
        data: the data set of `test:17`; by default the one that the model was trained on.
        scale: enlarge each pixel to a square of this side; by default pictures are large enough to see.
        smooth: enlarge with smooth transitions, not squares.
        photo: how files become like the training images; by default as the model says.
        force: replace what `out` and `save` name.
        reports: get what is to be said meanwhile.

    Raises:
        OptionError: amounts that are no numbers, an unknown or ambiguous class, or another suffix.
        DataError: the picture, or no picture of a folder, can be read; or a file holds no direction.
        ModelError: no encoder, no class means, or a direction of another model.
        OutputError: `out` or `save` is taken or cannot be written.
    """
    require_data_is_used([picture], data)
    numbers = parse_amounts(amounts)
    if len(numbers) * np.prod(model.image_shape) > MAX_BYTES:
        raise OptionError(f"--amount must have fewer amounts, got {len(numbers)}.", option="--amount")
    if_taken = treatment(out, force=force)
    target = "edit.png" if out is None else out
    check_target(target, if_taken=if_taken)
    kind = target_kind(target)
    require_enlargeable(kind, scale, smooth=smooth)
    place = None if save is None else saved.check_saving(save, force=force)
    if place is not None and is_same_place(place, target_path(target)):
        raise OptionError(f"--save must be another file than --out, got {shown(place)}.", option="--save")
    named = {"--out": out, "--save": place}
    outputs = {option: path for option, path in named.items() if path is not None}
    given = load_picture(model, picture, data=data, photo=photo, reports=reports, outputs=outputs)
    z_mean = model.encode(given.image[np.newaxis])[0][0].astype(np.float64)
    finder = Finder(model, photo, reports, outputs)
    direction, read = finder.direction(toward, start, z_mean)
    is_between_classes = not read and finder.saved(toward) is None
    images = decoded(
        model, moved(z_mean, direction.start, direction.goal, numbers, keeps_all=direction.keeps_all)
    )
    recipe = dataclasses.replace(
        recipe_of(model, "edit", kind),
        sources=(plain_name(picture),),
        toward=direction.goal_name if is_between_classes else "",
        start="" if start is None else direction.start_name,
        amounts=amounts,
        data=data_name(data),
        photo=photo_words(photo or PhotoOptions()),
        scale=scale,
        smooth=smooth,
    )
    if kind == "sheet":
        page = captioned_sheet(_cells(given, images, numbers), columns=COLUMNS, scale=scale, smooth=smooth)
        path = save_picture(target, page, if_taken=if_taken, threads=model.threads, recipe=recipe.to_text())
    else:
        path = write_images(
            target,
            [np.stack(there_and_back(list(images))) if kind == "gif" else images],
            count=2 * len(images) - 2 if kind == "gif" and len(images) > 1 else len(images),
            shape=model.image_shape,
            scale=scale,
            smooth=smooth,
            recipe=lambda _number: recipe.to_text(),
            if_taken=if_taken,
            threads=model.threads,
        )
    if place is not None:
        saved.save(direction, model, place)
    origin = direction.start_name or "the mean of all pictures"
    notes = (given.note, f"from {origin} toward {direction.goal_name}")
    facts = {
        "out": str(path),
        "picture": given.name,
        "toward": direction.goal_name,
        "from": direction.start_name or None,
        "amounts": numbers.tolist(),
        "saved": place and str(place),
    }
    return Edited(path, images, notes, tuple(read), facts)


def _cells(given: OnePicture, images: Pixels, numbers: npt.NDArray[np.float64]) -> list[Captioned]:
    """Return the pictures of a strip: the original, then each amount."""
    original = Captioned(given.image, (plain_name(given.name),), has_frame=True)
    texts = [f"{number:.3g}" for number in numbers + 0.0]
    return [original, *(Captioned(image, (text,)) for image, text in zip(images, texts, strict=True))]
