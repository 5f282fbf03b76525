"""`vaecli interpolate`: the decoded path between pictures of the user, through the latent space."""

import dataclasses
import math
import os
import pathlib
from collections.abc import Callable, Sequence
from typing import get_args

import numpy as np

from vaecli import checks
from vaecli.choices import Part, PathKind
from vaecli.data.images import ImageSet
from vaecli.data.photo.prepare import Preparation
from vaecli.data.reference import parse_reference, pick
from vaecli.errors import OptionError
from vaecli.files import IfTaken
from vaecli.latent.paths import through
from vaecli.pictures.gif import max_frames, there_and_back
from vaecli.pictures.sheet import strip
from vaecli.pictures.writers import Kind, check_target, save_picture, target_kind, write_images
from vaecli.pixels import Pixels, chunks, to_uint8
from vaecli.runtime.model import Model
from vaecli.tasks.inputs import load_for

MAX_PICTURES = 10_000  # of one path, so that viewers open a strip of them
MAX_BYTES = 2**27  # of their 8-bit pixels, which are all in memory
CHUNK = 512  # pictures decoded at a time, at most


@dataclasses.dataclass(frozen=True)
class Interpolated:
    """A path that was written, and what was done to each picture before it was encoded.

    Attributes:
        path: the file or folder.
        images: (1 + (P - 1) (steps - 1), H, W, C) uint8 for P pictures.
        originals: (P, H, W, C) uint8, as the encoder saw them.
        notes: one line a picture.
    """

    path: pathlib.Path
    images: Pixels
    originals: Pixels
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
    """Write the decoded path from each picture to the next.

    Args:
        model: an opened model with its encoder.
        pictures: files of any size and mode, or `test:17`, `val:17` and `train:17`, pictures of a data set.
        steps: pictures on the path between two given ones, both ends included.
        path: `linear`, or `spherical`, which stays away from the origin of the latent space.
        out: `.png` for a strip with the originals at both ends, `.gif` there and back, `.npy` or `.npz` for the
            array, a folder for one PNG each; by default the next free one of `interpolation.png`,
            `interpolation-2.png`, ...
        data: the data set of `test:17`; by default the one that the model was trained on.
        force: replace what `out` names.
        warn: gets what a user should know of the data set.

    Raises:
        OptionError: fewer than two pictures or steps, more than fit, or an unknown `path` or suffix.
        DataError: a picture that cannot be read.
        OutputError: `out` is taken or cannot be written.
    """
    if len(pictures) < 2:
        raise OptionError(f"PICTURES must be at least two pictures, got {len(pictures)}.", option="PICTURES")
    checks.choice(path, "--path", get_args(PathKind))
    if_taken: IfTaken = "number" if out is None else "replace" if force else "refuse"
    target = "interpolation.png" if out is None else out
    check_target(target, if_taken=if_taken)
    kind = target_kind(target)
    checks.integer(steps, "--steps", least=2, most=_max_steps(kind, len(pictures) - 1, model.image_shape))

    originals, notes = _load_all(model, pictures, data, warn)
    z_mean, _ = model.encode(originals)
    images = _decode(model, through(z_mean, steps, path))
    if kind == "sheet":
        page = strip(originals, images)
        written = save_picture(target, page, if_taken=if_taken, threads=model.threads)
    else:
        frames = there_and_back(list(images)) if kind == "gif" else list(images)
        written = write_images(
            target,
            (frame[np.newaxis] for frame in frames),
            count=len(frames),
            shape=model.image_shape,
            if_taken=if_taken,
            threads=model.threads,
        )
    return Interpolated(written, images, originals, notes)


def _max_steps(kind: Kind, legs: int, shape: tuple[int, int, int]) -> int:
    """Return how many steps a leg may have, so that all pictures fit into memory and a GIF; at least 2."""
    count = max_frames(shape) // 2 if kind == "gif" else min(MAX_PICTURES, MAX_BYTES // math.prod(shape))
    return max(2, (count - 1) // legs + 1)


def _decode(model: Model, z: np.ndarray) -> Pixels:
    """Decode latents (N, D) to 8-bit images (N, H, W, C), a chunk at a time."""
    parts = chunks(len(z), model.image_shape, most=CHUNK)
    return np.concatenate([to_uint8(model.decode(z[part])) for part in parts])


def _load_all(
    model: Model, names: Sequence[str], data: str | None, warn: Callable[[str], None]
) -> tuple[Pixels, tuple[str, ...]]:
    """Load each picture as the encoder takes it: images (P, H, W, C), and a note for each.

    A data set is loaded once, however many of its pictures are named.
    """
    preparation = Preparation.from_metadata(model.info.preparation, model.image_shape)
    parts: dict[Part, ImageSet] = {}
    images, notes = [], []
    for name in names:
        reference = parse_reference(name)
        if reference is None:
            picture = preparation.load(name)
            images.append(picture.image)
            notes.append(f"{name}: {', '.join(picture.steps) or 'used without a change'}")
            continue
        part, index = reference
        if part not in parts:
            parts[part] = load_for(model, data, part, warn=warn)
        source = parts[part]
        images.append(pick(source, index))
        label = "" if source.labels is None else f", {source.class_names[source.labels[index]]}"
        notes.append(f"{name}: picture {index} of the {part} set of {source.name}{label}")
    return np.stack(images), tuple(notes)
