"""`vaecli interpolate`: the decoded path between pictures of the user, through the latent space."""

import dataclasses
import math
import os
import pathlib
from collections.abc import Sequence
from typing import get_args

import numpy as np

from vaecli import checks
from vaecli.choices import PathKind
from vaecli.data.collection.entries import printable
from vaecli.data.photo.photo_options import PhotoOptions
from vaecli.errors import OptionError
from vaecli.files import treatment
from vaecli.latent.even import distances, evenness
from vaecli.pictures.gif import max_frames, there_and_back
from vaecli.pictures.strip import corner_sheet, strip
from vaecli.pictures.targets import Kind, check_target, target_kind
from vaecli.pictures.writers import require_enlargeable, save_picture, write_images
from vaecli.pixels import Pixels, chunk_length
from vaecli.runtime.model import Model
from vaecli.runtime.track import encode, path_between
from vaecli.tasks import photos
from vaecli.tasks.decoding import CHUNK, decoded
from vaecli.tasks.photo_words import photo_words
from vaecli.tasks.recipe import data_name, plain_name, recipe_of
from vaecli.tasks.recipe_text import MAX_SOURCES
from vaecli.tasks.score.warning import warn_of_strange
from vaecli.tasks.stream.names import require_data_is_used
from vaecli.tasks.stream.opening import open_pictures
from vaecli.tasks.stream.reports import SILENT, Reports
from vaecli.tasks.stream.stream import PictureStream
from vaecli.tasks.track import grid_between, picture_labels

MAX_PICTURES = 10_000  # of one path, so that viewers open a strip of them
MAX_BYTES = 2**27  # of their 8-bit pixels, which are all in memory


@dataclasses.dataclass(frozen=True)
class Interpolated:
    """A path that was written, and what was done to each picture before it was encoded.

    Attributes:
        path: the file or folder.
        images: (1 + (P - 1) (steps - 1), H, W, C) uint8 for P pictures, or more for an even path;
            (steps * steps, H, W, C) for a grid.
        originals: (P, H, W, C) uint8, as the encoder saw them.
        notes: a line for each picture; for a path also the ratio of the largest to the mean distance between
            neighbouring pictures.
        stops: index of each given picture in `images`; empty for a grid.
    """

    path: pathlib.Path
    images: Pixels
    originals: Pixels
    notes: tuple[str, ...]
    stops: tuple[int, ...]


def interpolate(
    model: Model,
    pictures: Sequence[str],
    *,
    steps: int = 11,
    path: PathKind = "linear",
    grid: bool = False,
    out: str | os.PathLike[str] | None = None,
    data: str | None = None,
    labels: Sequence[str] = (),
    scale: int | None = None,
    smooth: bool = False,
    photo: PhotoOptions | None = None,
    save_prepared: str | os.PathLike[str] | None = None,
    force: bool = False,
    reports: Reports = SILENT,
) -> Interpolated:
    """Write the decoded path from each picture to the next.

    Args:
        model: an opened model with its encoder.
        pictures: files of any size and mode, folders and archives of them, or `test:17`, `val:0:3`, pictures of a
            data set: what `open_pictures` takes.
        steps: pictures on the path between two given ones, both ends included.
        path: `linear`; `spherical`, which stays away from the origin of the latent space; or `even`, which places
            the pictures at equal distances as seen. With more than two pictures `even` divides the same number of
            steps among the legs by their length, and takes more where so few do not divide evenly; each given
            picture stays on the path.
        grid: a grid of `steps` x `steps` pictures between four: top left, top right, bottom left, bottom right.
        out: `.png` for a strip with the originals at both ends, `.gif` there and back, `.npy` or `.npz` for the
            array, a folder for one PNG each; by default the next free one of `interpolation.png`,
            `interpolation-2.png`, ...
        data: the data set of `test:17`; by default the one that the model was trained on.
        labels: for a conditional model, the class of all pictures or of each, kept or crossed over on the way; by
            default that of a picture of a data set, and none for others.
        scale: enlarge each pixel to a square of this side; by default a strip and a GIF are large enough to see.
        smooth: enlarge with smooth transitions, not squares.
        photo: how the files become like the training images; by default as the model says.
        save_prepared: folder for the pictures as the encoder saw them.
        force: replace what `out` and `save_prepared` name.
        reports: get what is to be said meanwhile.

    Raises:
        OptionError: fewer than 2 or more than 20 pictures, not four for a grid, too few or too many steps, an
            unknown `path` or suffix, a `path` or suffix that a grid cannot have, a `scale` that is too large, or
            an output that would replace one of the pictures; labels for a model that takes none, or other than one
            class for all or one for each.
        DataError: a picture that cannot be read.
        OutputError: `out` is taken or cannot be written.
    """
    checks.choice(path, "--path", get_args(PathKind))
    if not pictures:
        _require_count(0, grid=grid)
    require_data_is_used(pictures, data)
    if_taken = treatment(out, force=force)
    target = "interpolation.png" if out is None else out
    check_target(target, if_taken=if_taken)
    kind = target_kind(target)
    if grid:
        _require_grid(kind, path)
    require_enlargeable(kind, scale, smooth=smooth)
    quiet = dataclasses.replace(reports, unreadable=SILENT.unreadable)  # the first one is raised
    stream = open_pictures(model, pictures, data=data, photo=photo, reports=quiet)
    _require_count(stream.total, grid=grid)
    legs = 1 if grid else stream.total - 1
    most = _most_pictures(kind, model.image_shape, scale)
    checks.integer(
        steps, "--steps", least=2, most=max(2, math.isqrt(most) if grid else (most - 1) // legs + 1)
    )

    if if_taken == "replace":
        stream.require_apart(target)
    if save_prepared is not None:
        photos.require_folder(save_prepared, force=force)
        stream.require_apart(save_prepared, option="--save-prepared")
    names, known, originals, notes = _read_all(stream)
    if save_prepared is not None:
        photos.save_prepared(save_prepared, originals, force=force)
    warn_of_strange(model, names, originals, reports.warn)
    classes = picture_labels(model, labels, known)
    points = encode(model, originals, classes or None)
    if any(classes):
        notes += (f"labels: {', '.join(printable(name) if name else 'none' for name in classes)}",)
    if grid:
        track = grid_between(points, steps, "spherical" if path == "spherical" else "linear")
    else:
        chunk = chunk_length(model.image_shape, most=CHUNK)
        track = path_between(model, points, steps, path, chunk=chunk, most=most)
        largest = evenness(distances(track.z, points.decoder(model), chunk=chunk))
        fewest, count = legs * (steps - 1) + 1, len(track.z)
        more = f"; {count} pictures, since {fewest} do not divide evenly" if count > fewest else ""
        notes += (f"{path} path: the largest step is {largest:.2f} times the mean step, as seen{more}",)
    images = decoded(model, *points.split(track.z))
    recipe = dataclasses.replace(
        recipe_of(model, "interpolate", kind),
        sources=tuple(map(plain_name, names)),
        path=path,
        steps=steps,
        grid=grid,
        data=data_name(data),
        labels=tuple(labels),
        photo=photo_words(photo or PhotoOptions()),
        scale=scale,
        smooth=smooth,
    )
    if kind == "sheet":
        page = (
            corner_sheet(originals, images, scale=scale, smooth=smooth)
            if grid
            else strip(originals, images, stops=track.stops, scale=scale, smooth=smooth)
        )
        written = save_picture(
            target, page, if_taken=if_taken, threads=model.threads, recipe=recipe.to_text()
        )
    else:
        frames = there_and_back(list(images)) if kind == "gif" else list(images)
        written = write_images(
            target,
            (frame[np.newaxis] for frame in frames),
            count=len(frames),
            shape=model.image_shape,
            scale=scale,
            smooth=smooth,
            recipe=lambda number: dataclasses.replace(recipe, index=number).to_text(),
            if_taken=if_taken,
            threads=model.threads,
        )
    return Interpolated(written, images, originals, notes, track.stops)


def _require_count(count: int, *, grid: bool) -> None:
    """Refuse a number of pictures that a path or a grid cannot have."""
    if grid and count != 4:
        raise OptionError(
            f"PICTURES must be four with --grid, got {count}.",
            option="PICTURES",
            hint="Name them in this order: top left, top right, bottom left, bottom right.",
        )
    if not 2 <= count <= MAX_SOURCES:
        least = f"at least two pictures, got {count}."
        raise OptionError(
            f"PICTURES must be {least if count < 2 else f'at most {MAX_SOURCES} pictures, got {count}.'}",
            option="PICTURES",
        )


def _require_grid(kind: Kind, path: PathKind) -> None:
    """Refuse a kind of path and of output that a grid cannot have."""
    if path == "even":
        raise OptionError(
            "--path must be linear or spherical with --grid, got even.",
            option="--path",
            hint="Equal distances are defined along a path, not on a grid.",
        )
    if kind == "gif":
        raise OptionError(
            "--out must end in .png, .npy, .npz or / with --grid, got a .gif.",
            option="--out",
            hint="A GIF shows a path: leave --grid out.",
        )


def _most_pictures(kind: Kind, shape: tuple[int, int, int], scale: int | None) -> int:
    """Return the number of pictures that memory and a GIF allow; a GIF shows them there and back."""
    count = min(MAX_PICTURES, MAX_BYTES // math.prod(shape))
    return max_frames(shape, scale and 1) // 2 if kind == "gif" else count


def _read_all(
    stream: PictureStream,
) -> tuple[tuple[str, ...], tuple[str | None, ...], Pixels, tuple[str, ...]]:
    """Read all pictures: their names, their classes, images (P, H, W, C), and a note for each.

    Raises:
        DataError: one cannot be read.
    """
    batches = list(stream)
    if stream.unreadable:
        raise stream.unreadable[0].error
    names = tuple(name for batch in batches for name in batch.names)
    notes = [note for batch in batches for note in batch.notes]
    texts = tuple(f"{printable(name)}: {note}" for name, note in zip(names, notes, strict=True))
    labels = tuple(label for batch in batches for label in batch.labels)
    return names, labels, np.concatenate([batch.images for batch in batches]), texts
