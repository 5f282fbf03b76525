"""`vaecli interpolate`: pictures of the user's -> the way between them through the latent space."""

import dataclasses
import os
import pathlib
from collections.abc import Callable, Sequence

import numpy as np

from vaecli import files
from vaecli.choices import PathKind
from vaecli.data.photo.prepare import load_picture
from vaecli.data.reference import parse_reference, pick
from vaecli.errors import OptionError
from vaecli.latent.paths import through
from vaecli.pictures.gif import there_and_back
from vaecli.pictures.sheet import strip
from vaecli.pictures.writers import MAX_FRAMES, check_target, save_picture, target_kind, write_images
from vaecli.pixels import to_uint8
from vaecli.runtime.model import Model
from vaecli.tasks.inputs import load_for

MOST = 10_000  # pictures of one interpolation: all are in memory, and a strip of them can be opened


@dataclasses.dataclass(frozen=True)
class Interpolated:
    """What was written, and what was done to each picture before it was encoded.

    Attributes:
        path: the file or folder.
        images: (1 + (P - 1) (steps - 1), H, W, C) uint8 for P pictures.
        originals: (P, H, W, C) uint8, as the encoder saw them.
        notes: one line a picture.
    """

    path: pathlib.Path
    images: np.ndarray
    originals: np.ndarray
    notes: tuple[str, ...]


def interpolate(
    model: Model,
    pictures: Sequence[str],
    *,
    steps: int = 11,
    path: PathKind = "linear",
    out: str | os.PathLike[str] | None = None,
    data: str | None = None,
    force: bool = False,
    warn: Callable[[str], None] = lambda _message: None,
) -> Interpolated:
    """Write the pictures on the way from each picture to the next.

    Args:
        model: an opened model with its encoder.
        pictures: files of any size and mode, or `test:17` and `train:17`, pictures of a data set.
        steps: pictures a leg, both ends counted.
        path: `linear`, or `spherical`, which keeps away from the middle of the latent space.
        out: `.png` a strip with the originals at both ends, `.gif` there and back, `.npy` / `.npz` the array, a
            folder with one PNG each; the next free `interpolation.png` if left out.
        data: where `test:17` looks; the data set that the model was trained on if left out.
        force: write over what is there.
        warn: told what a user should know of the data set.

    Raises:
        OptionError: fewer than two pictures or steps, a suffix that means nothing here.
        DataError: a picture that cannot be read.
        OutputError: `out` is taken or cannot be written.
    """
    if len(pictures) < 2:
        raise OptionError(f"At least two pictures are needed; {len(pictures)} came.", option="PICTURES")
    if steps < 2:
        raise OptionError(f"--steps has to be at least 2; {steps} came.", option="--steps")
    target = out if out is not None else files.next_free(pathlib.Path("interpolation.png"))
    check_target(target, force=force)
    kind = target_kind(target)
    most = MAX_FRAMES // 2 if kind == "gif" else MOST
    if (len(pictures) - 1) * (steps - 1) >= most:
        raise OptionError(
            f"--steps {steps} would make more than the {most:,} pictures that fit here.", option="--steps"
        )
    loaded = [_load(model, name, data, warn) for name in pictures]
    originals = np.stack([image for image, _ in loaded])
    z_mean, _ = model.encode(originals)
    images = to_uint8(model.decode(through(z_mean, steps, path)))
    if kind == "sheet":
        save_picture(pathlib.Path(target), strip(originals, images), force=force, threads=model.threads)
    else:
        frames = np.stack(there_and_back(list(images))) if kind == "gif" else images
        write_images(
            target, [frames], count=len(frames), shape=model.image_shape, force=force, threads=model.threads
        )
    return Interpolated(pathlib.Path(target), images, originals, tuple(note for _, note in loaded))


def _load(model: Model, name: str, data: str | None, warn: Callable[[str], None]) -> tuple[np.ndarray, str]:
    reference = parse_reference(name)
    if reference is None:
        picture = load_picture(name, shape=model.image_shape, polarity=model.info.preparation["polarity"])
        return picture.image, f"{name}: {', '.join(picture.steps) or 'taken as it is'}"
    split, index = reference
    images = load_for(model, data, split, warn=warn)
    found = pick(images, index)
    label = "" if images.labels is None else f", {images.class_names[images.labels[index]]}"
    return found, f"{name}: picture {index} of the {split} set of {images.name}{label}"
