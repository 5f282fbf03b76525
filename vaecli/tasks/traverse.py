"""`vaecli traverse`: what each dimension of the latent space changes."""

import dataclasses
import math
import os
import pathlib
from typing import Any, Literal, TypeAlias

import numpy as np

from vaecli import checks
from vaecli.data.photo.photo_options import PhotoOptions
from vaecli.errors import ModelError, OptionError
from vaecli.files import treatment
from vaecli.latent.aggregate import probabilities
from vaecli.pictures.gif import max_frames
from vaecli.pictures.sliders import film_scale, frame_shape
from vaecli.pictures.targets import check_target, target_kind
from vaecli.pictures.writers import save_picture, write_images
from vaecli.pixels import Pixels
from vaecli.runtime.model import Model
from vaecli.tasks.decoding import decoded
from vaecli.tasks.latent_space import LEAST_NATS, LatentSpace, latent_space, parse_dims
from vaecli.tasks.one_picture import load_picture
from vaecli.tasks.photo_words import photo_words
from vaecli.tasks.recipe import data_name, plain_name, recipe_of
from vaecli.tasks.stream.names import require_data_is_used
from vaecli.tasks.stream.reports import SILENT, Reports
from vaecli.tasks.traversal import Traversal

Form: TypeAlias = Literal["rows", "plane", "film"]

STEPS, PLANE_STEPS = 11, 15
MAX_PICTURES = 10_000
MAX_BYTES = 2**27  # of the 8-bit pixels of all pictures, which are in memory


@dataclasses.dataclass(frozen=True)
class Traversed:
    """A traversal that was written.

    Attributes:
        path: the file.
        images: (N, H, W, C) uint8, its pictures row by row, or frame by frame.
        columns: number of pictures in a row.
        notes: lines for the user.
        facts: how it was made, as `--json` prints it.
    """

    path: pathlib.Path
    images: Pixels
    columns: int
    notes: tuple[str, ...]
    facts: dict[str, Any]


def traverse(
    model: Model,
    picture: str | None = None,
    *,
    dims: str | None = None,
    all_dims: bool = False,
    steps: int | None = None,
    out: str | os.PathLike[str] | None = None,
    data: str | None = None,
    scale: int | None = None,
    smooth: bool = False,
    photo: PhotoOptions | None = None,
    force: bool = False,
    reports: Reports = SILENT,
) -> Traversed:
    """Write pictures in which one dimension at a time takes the values of quantiles of the aggregated posterior.

    The quantiles go from 1 % to 99 %. The other dimensions stay at the mean of the aggregated posterior, or at the
    posterior mean of a picture.

    Args:
        model: an opened model; its decoder is enough without a picture.
        picture: a file, or `test:17` of the data set.
        dims: `2` draws the plane of the two dimensions with the most KL, `4,0` that of z 4 to the right and z 0
            upwards; by default each dimension is a row.
        all_dims: draw dimensions with less than 0.01 nats, too.
        steps: values of a dimension, at least 2; by default 11, and 15 in a plane.
        out: `.png`, or `.gif` for an animation of one dimension after another; by default the next free one of
            `traversal.png`, `traversal-2.png`, ...
        data: the data set of `test:17`; by default the one that the model was trained on.
        scale: enlarge each pixel to a square of this side; by default pictures are large enough to see.
        smooth: enlarge with smooth transitions, not squares.
        photo: how a file becomes like the training images; by default as the model says.
        force: replace what `out` names.
        reports: get what is to be said meanwhile.

    Raises:
        OptionError: wrong `dims`, `steps` or `scale`, or another suffix.
        ModelError: a picture without an encoder; or no dimension is used.
        DataError: the picture cannot be read.
        OutputError: `out` is taken or cannot be written.
    """
    require_data_is_used([] if picture is None else [picture], data)
    if_taken = treatment(out, force=force)
    target = "traversal.png" if out is None else out
    form = _form(target, is_plane=dims is not None)
    check_target(target, if_taken=if_taken)
    space = latent_space(model)
    pair = None if dims is None else parse_dims(dims, space)
    steps = _checked_steps(steps, model, form, scale)
    most = _most_rows(model.image_shape, form, steps, scale)
    dimensions, left_out = (list(pair), "") if pair else _choose(model, space, most, all_dims=all_dims)
    given = None
    if picture is not None:
        outputs = {} if out is None else {"--out": out}
        given = load_picture(model, picture, data=data, photo=photo, reports=reports, outputs=outputs)
    centre = space.mean if given is None else model.encode(given.image[np.newaxis])[0][0]
    traversal = Traversal(model, space, centre, dimensions, steps, given, scale, smooth)
    recipe = dataclasses.replace(
        recipe_of(model, "traverse", target_kind(target)),
        sources=() if picture is None else (plain_name(picture),),
        steps=steps,
        dims=pair or (),
        all_dims=all_dims,
        data=data_name(data),
        photo=photo_words(photo or PhotoOptions()),
        scale=scale,
        smooth=smooth,
    ).to_text()
    if form == "film":
        images = decoded(model, traversal.film())
        frames = traversal.draw_film(images, film_scale(model.image_shape, scale))
        path = write_images(
            target,
            (frame[np.newaxis] for frame in frames),
            count=len(frames),
            shape=frames[0].shape,
            scale=1,
            recipe=lambda _number: recipe,
            if_taken=if_taken,
        )
    else:
        images = decoded(model, traversal.plane() if pair else traversal.rows())
        page = (
            traversal.draw_plane(images)
            if pair
            else traversal.draw_rows(images, decoded(model, centre[None])[0])
        )
        path = save_picture(target, page, if_taken=if_taken, threads=model.threads, recipe=recipe)
    unmeasured = (
        ""
        if space.is_measured
        else f"{model.path.name} does not know the spread of its latents: values are those of the prior."
    )
    notes = (given.note if given else "", unmeasured, left_out)
    return Traversed(path, images, steps, tuple(filter(None, notes)), _facts(traversal, path, form))


def _form(target: str | os.PathLike[str], *, is_plane: bool) -> Form:
    """Return what a target is to hold.

    Raises:
        OptionError: a suffix that it cannot have.
    """
    kind = target_kind(target)
    if kind == "sheet":
        return "plane" if is_plane else "rows"
    if is_plane or kind != "gif":
        suffixes = ".png for a plane" if is_plane else ".png or .gif"
        raise OptionError(f"--out must end in {suffixes}, got {os.fspath(target)}.", option="--out")
    return "film"


def _checked_steps(steps: int | None, model: Model, form: Form, scale: int | None) -> int:
    """Return the number of values of a dimension, at least 2, and at most what memory allows."""
    count = min(MAX_PICTURES, MAX_BYTES // math.prod(model.image_shape))
    most = max(2, math.isqrt(count) if form == "plane" else count // 4)
    if form == "film":  # a dimension has two frames for each step
        most = max(2, min(most, _most_frames(model.image_shape, scale) // 2))
    if steps is None:
        return min(PLANE_STEPS if form == "plane" else STEPS, most)
    return checks.integer(steps, "--steps", least=2, most=most)


def _most_rows(shape: tuple[int, int, int], form: Form, steps: int, scale: int | None) -> int:
    """Return how many dimensions memory allows."""
    if form == "film":
        return _most_frames(shape, scale) // (2 * steps)
    return min(MAX_PICTURES, MAX_BYTES // math.prod(shape)) // steps


def _most_frames(shape: tuple[int, int, int], scale: int | None) -> int:
    """Return how many frames of an animation memory allows."""
    return max_frames(frame_shape(shape, film_scale(shape, scale)), 1)


def _choose(model: Model, space: LatentSpace, most: int, *, all_dims: bool) -> tuple[list[int], str]:
    """Return the dimensions to show, at least one, and a line about those that are left out.

    Raises:
        ModelError: all would be left out.
    """
    candidates = space.by_kl() if all_dims else space.used()
    if not len(candidates):
        raise ModelError(
            f"{model.path} uses no latent dimension: each has less than {LEAST_NATS} nats.",
            hint="--all draws them.",
        )
    unused = model.latent_dim - len(candidates)
    dimensions = candidates[: max(1, most)]
    parts = []
    if unused:
        parts.append(
            f"{unused} of {model.latent_dim} dimensions with less than {LEAST_NATS} nats (--all draws them)"
        )
    if len(dimensions) < len(candidates):
        parts.append(f"{len(candidates) - len(dimensions)} for which there is no room")
    return dimensions.tolist(), f"left out: {', and '.join(parts)}" if parts else ""


def _facts(traversal: Traversal, path: pathlib.Path, form: Form) -> dict[str, Any]:
    """Return how a traversal was made, for JSON."""
    space, values = traversal.space, traversal.values
    return {
        "out": str(path),
        "form": form,
        "picture": traversal.given and traversal.given.name,
        "measured": space.is_measured,
        "centre": traversal.centre.tolist(),
        "probabilities": probabilities(traversal.steps).tolist(),
        "dimensions": [
            {
                "dimension": number,
                "nats": None if space.kl is None else float(space.kl[number]),
                "values": values[number].tolist(),
            }
            for number in traversal.dimensions
        ],
    }
