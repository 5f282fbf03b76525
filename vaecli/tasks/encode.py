"""`vaecli encode`: pictures as latents, in a table."""

import dataclasses
import os
import pathlib
from collections.abc import Sequence
from typing import IO

import numpy as np

from vaecli.choices import Part
from vaecli.data.photo.photo_options import PhotoOptions
from vaecli.files import treatment
from vaecli.pixels import Pixels
from vaecli.runtime.model import Float32, Model
from vaecli.tables.columns import Numbers, Texts
from vaecli.tables.writing import STDOUT, check_table, writing_table
from vaecli.tasks.stream.names import require_pictures
from vaecli.tasks.stream.opening import open_pictures
from vaecli.tasks.stream.reports import SILENT, Reports
from vaecli.tasks.stream.shard import parse_shard
from vaecli.tasks.stream.stream import PictureStream

OUT = "latents.npz"


@dataclasses.dataclass(frozen=True)
class Encoded:
    """Latents that were written.

    Attributes:
        path: the table; None for standard output.
        pictures: how many were read, and which could not be.
    """

    path: pathlib.Path | None
    pictures: PictureStream


def encode(
    model: Model,
    pictures: Sequence[str | os.PathLike[str]],
    *,
    data: str | None = None,
    split: Part | None = None,
    shard: str | None = None,
    photo: PhotoOptions | None = None,
    std: bool = False,
    out: str | os.PathLike[str] | None = None,
    stdout: IO[bytes] | None = None,
    force: bool = False,
    reports: Reports = SILENT,
) -> Encoded:
    """Write the posterior mean of each picture, a row each, in order; a picture that cannot be read has no numbers.

    Args:
        model: an opened model with its encoder.
        pictures: what `open_pictures` takes; none for all images of `split`.
        data: the data set of `split` and of `test:17`; by default that of the model.
        split: the part that is read where `pictures` is empty.
        shard: `I/N`, part I of N contiguous parts of all pictures; the joined rows are those of a single run.
        photo: how pictures become like the training images; by default as the model says.
        std: write the posterior's standard deviations, too.
        out: `.npz`, `.csv` or `.jsonl`, or `-` for CSV on `stdout`; by default the next free one of `latents.npz`,
            `latents-2.npz`, ...
        stdout: receives the table if `out` is `-`.
        force: replace what `out` names.
        reports: get what is to be said meanwhile.

    Raises:
        OptionError: no pictures, an unknown suffix, or a shard that there is not.
        DataError: a folder, archive, array or data set that cannot be read.
        ModelError: the model has no encoder.
        OutputError: `out` is taken or cannot be written.
    """
    require_pictures(pictures, data, split, "encode")
    part = parse_shard(shard)
    if_taken = treatment(out, force=force)
    target = OUT if out is None else out
    check_table(target, if_taken=if_taken)
    stream = open_pictures(model, pictures, data=data, split=split, shard=part, photo=photo, reports=reports)
    if if_taken == "replace" and os.fspath(target) != STDOUT:
        stream.require_apart(target)
    kinds = ("z", "std") if std else ("z",)
    columns = [Numbers(kind, numbered(kind, model.latent_dim)) for kind in kinds]
    with writing_table(
        target, (Texts("file"), Texts("label"), *columns), if_taken=if_taken, stdout=stdout
    ) as table:
        for batch, values in stream.computed(lambda images: _posterior(model, images, std=std)):
            table.add(batch.rows(values), batch.errors)
    return Encoded(table.path, stream)


def numbered(name: str, count: int) -> tuple[str, ...]:
    """Return names of columns such as z_00, z_01, ...; with three digits if there are more than 100."""
    width = max(2, len(str(count - 1)))
    return tuple(f"{name}_{number:0{width}d}" for number in range(count))


def _posterior(model: Model, images: Pixels, *, std: bool) -> dict[str, Float32]:
    """Return the posterior of images: `z`, the means (N, D), and `std` (N, D) if it is asked for."""
    z_mean, z_log_var = model.encode(images)
    return {"z": z_mean} | ({"std": np.exp(0.5 * z_log_var)} if std else {})
