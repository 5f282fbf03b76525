"""`vaecli reconstruct`: pictures beside what the model makes of them."""

import dataclasses
import os
import pathlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from vaecli import files
from vaecli.choices import Part
from vaecli.data.photo.photo_options import PhotoOptions
from vaecli.data.reference import PREFIXES
from vaecli.errors import ModelError, OptionError
from vaecli.files import treatment
from vaecli.metrics.score import Scorer, measured
from vaecli.pictures import png
from vaecli.pictures.reconstructions import Tile, plan_reconstructions
from vaecli.pictures.targets import check_target, target_kind, target_path
from vaecli.pictures.writers import MAX_ENCODERS, require_enlargeable, write_images
from vaecli.pixels import Pixels, to_float32, to_uint8
from vaecli.runtime.model import Model
from vaecli.tasks.inputs import Warn
from vaecli.tasks.photo_words import photo_words
from vaecli.tasks.recipe import data_name, plain_name, recipe_of
from vaecli.tasks.recipe_text import MAX_SOURCES
from vaecli.tasks.score.options import THRESHOLD
from vaecli.tasks.score.warning import warning_of
from vaecli.tasks.stream.batch import PictureBatch
from vaecli.tasks.stream.names import require_pictures
from vaecli.tasks.stream.opening import open_pictures
from vaecli.tasks.stream.reports import SILENT, Reports
from vaecli.tasks.stream.stream import PictureStream

OUT = "reconstruction.png"
WARNED = 5  # pictures unlike the training images that are named in warnings
UNREADABLE = "cannot be read"


@dataclasses.dataclass(frozen=True)
class Reconstructed:
    """Reconstructions that were written.

    Attributes:
        path: the file or folder.
        pictures: how many were read, and which could not be.
    """

    path: pathlib.Path
    pictures: PictureStream


def reconstruct(
    model: Model,
    pictures: Sequence[str | os.PathLike[str]],
    *,
    data: str | None = None,
    split: Part | None = None,
    photo: PhotoOptions | None = None,
    out: str | os.PathLike[str] | None = None,
    scale: int | None = None,
    smooth: bool = False,
    force: bool = False,
    reports: Reports = SILENT,
) -> Reconstructed:
    """Write the reconstruction of each picture, decoded from its posterior mean, in order.

    Args:
        model: an opened model with its encoder.
        pictures: what `open_pictures` takes; none for all images of `split`.
        data: the data set of `split` and of `test:17`; by default that of the model.
        split: the part that is read where `pictures` is empty.
        photo: how pictures become like the training images; by default as the model says.
        out: `.png` for a sheet of originals, reconstructions and differences with their nats; `.npy` or `.npz` for
            the array of reconstructions (N, H, W, C), or a folder for one PNG each, black where a picture cannot be
            read; by default the next free one of `reconstruction.png`, `reconstruction-2.png`, ...
        scale: enlarge each pixel to a square of this side; by default a sheet is large enough to see.
        smooth: enlarge with smooth transitions, not squares.
        force: replace what `out` names.
        reports: get what is to be said meanwhile.

    Raises:
        OptionError: no pictures, an unknown suffix, or a scale that is too large.
        DataError: a folder, archive, array or data set that cannot be read.
        ModelError: the model has no encoder.
        OutputError: `out` is taken or cannot be written.
    """
    require_pictures(pictures, data, split, "reconstruct")
    if_taken = treatment(out, force=force)
    target = OUT if out is None else out
    check_target(target, if_taken=if_taken)
    kind = target_kind(target)
    if kind == "gif":
        raise OptionError(f"--out must end in .png, .npy, .npz or /, got {target}.", option="--out")
    require_enlargeable(kind, scale, smooth=smooth)
    stream = open_pictures(model, pictures, data=data, split=split, photo=photo, reports=reports)
    if if_taken == "replace":
        stream.require_apart(target)
    batches = _warning(stream.computed(_measurement(model)), reports.warn)
    if kind != "sheet":
        path = write_images(
            target,
            (_in_places(batch, values["image"]) for batch, values in batches),
            count=stream.total,
            shape=model.image_shape,
            scale=scale,
            smooth=smooth,
            if_taken=if_taken,
            threads=model.threads,
        )
        return Reconstructed(path, stream)
    recipe = dataclasses.replace(
        recipe_of(model, "reconstruct", kind),
        sources=_sources(pictures, split),
        data=data_name(data),
        scale=scale,
        smooth=smooth,
        photo=photo_words(photo or PhotoOptions()),
    )
    plan = plan_reconstructions(stream.total, model.image_shape, scale=scale, smooth=smooth)
    tiles = (tile for batch, values in batches for tile in _tiles(batch, values))
    threads = min(model.threads, MAX_ENCODERS)
    with files.replacing(target_path(target), if_taken=if_taken) as file:
        file.writelines(png.pieces(plan.bands(tiles), plan.shape, threads=threads, recipe=recipe.to_text()))
    return Reconstructed(file.path, stream)


def _measurement(model: Model) -> Callable[[Pixels], dict[str, Any]]:
    """Return a function from images (N, H, W, C) to their reconstructions, uint8, and their nats, (N,) each."""
    scorer = _scorer(model)

    def measurement(images: Pixels) -> dict[str, Any]:
        posterior = model.encode(images)
        outputs = model.outputs(posterior[0])
        nats = measured(model.likelihood, to_float32(images), posterior, outputs)
        values = {
            "image": to_uint8(outputs["image"]),
            "loss": nats.neg_elbo - nats.kl,
            "kl": nats.kl,
            "excess": nats.excess,
        }
        return values if scorer is None else values | {"percentile": scorer.apply(nats).percentile}

    return measurement


def _scorer(model: Model) -> Scorer | None:
    """Return what percentiles are computed with; None if the model does not have it."""
    try:
        return model.scorer
    except ModelError:
        return None


def _warning(
    batches: Iterable[tuple[PictureBatch, dict[str, Any]]], warn: Warn
) -> Iterator[tuple[PictureBatch, dict[str, Any]]]:
    """Pass batches on, and warn of their pictures that are unlike the training images: of some by name."""
    count = 0
    for batch, values in batches:
        for row in np.flatnonzero(values.get("percentile", np.zeros(0)) >= THRESHOLD):
            count += 1
            if count <= WARNED:
                warn(warning_of(batch.names[row]))
        yield batch, values
    if count > WARNED:
        warn(f"{count - WARNED:,} more pictures are as unlike the training images.")


def _in_places(batch: PictureBatch, images: Pixels) -> Pixels:
    """Return images of all n pictures (n, H, W, C); those that cannot be read are black."""
    return np.asarray(batch.rows({"image": images})["image"])


def _tiles(batch: PictureBatch, values: dict[str, Any]) -> Iterator[Tile]:
    """Yield the tiles of all pictures of a batch, in order."""
    tiles = [_tile(batch, row, values) for row in range(len(batch.images))]
    unreadable = [batch.unreadable[position] for position in sorted(batch.unreadable)]
    missing = [Tile(None, None, ([plain_name(picture.name), UNREADABLE], [], [])) for picture in unreadable]
    yield from batch.all_rows(tiles, missing)


def _tile(batch: PictureBatch, row: int, values: dict[str, Any]) -> Tile:
    """Return the tile of the readable picture number `row`."""
    loss, kl, excess = (values[name][row] for name in ("loss", "kl", "excess"))
    percentile = f"percentile {values['percentile'][row]:.1f}" if "percentile" in values else ""
    captions = (
        [plain_name(batch.names[row]), batch.labels[row] or ""],
        [f"{loss:,.1f} nats", f"KL {kl:,.1f}"],
        [f"excess {excess:,.1f}", percentile],
    )
    return Tile(batch.images[row], values["image"][row], captions)


def _sources(pictures: Sequence[str | os.PathLike[str]], split: Part | None) -> tuple[str, ...]:
    """Return what a recipe keeps of the names of pictures; nothing if they are more than it can hold."""
    names = tuple(plain_name(os.fsdecode(name)) for name in pictures)
    if not names and split is not None:
        names = (f"{PREFIXES[split]}::",)
    return names if len(names) <= MAX_SOURCES else ()
