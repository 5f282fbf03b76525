"""`vaecli similar`: the pictures that are nearest to one in the latent space."""

import dataclasses
import math
import os
import pathlib
from typing import IO, Any

import numpy as np

from vaecli import checks
from vaecli.choices import METRICS, Metric, Part
from vaecli.data.photo.photo_options import PhotoOptions
from vaecli.errors import DataError, OptionError
from vaecli.files import IfTaken, treatment
from vaecli.latent.aggregate import posterior_variance
from vaecli.pictures.captions import Captioned, captioned_sheet
from vaecli.pictures.sheet import near_square
from vaecli.pictures.targets import check_target
from vaecli.pictures.writers import save_picture
from vaecli.pixels import Pixels
from vaecli.runtime.model import Model
from vaecli.tables.columns import Numbers, Texts
from vaecli.tables.writing import STDOUT, SUFFIXES, check_table, writing_table
from vaecli.tasks.latent_space import variance_of_means
from vaecli.tasks.one_picture import OnePicture, load_picture
from vaecli.tasks.photo_words import photo_words
from vaecli.tasks.recipe import data_name, plain_name, recipe_of
from vaecli.tasks.similar.search import Neighbour, Place
from vaecli.tasks.stream.names import require_data_is_used
from vaecli.tasks.stream.reports import SILENT, Reports
from vaecli.tasks.stream.stream import PictureStream

MOST = 1000  # neighbours
MAX_BYTES = 2**27  # of their 8-bit pixels, which are all in memory
_COLUMNS = 11  # of a sheet, at least


@dataclasses.dataclass(frozen=True, eq=False)
class Similar:
    """The pictures that are nearest to one.

    Attributes:
        given: the picture.
        neighbours: the nearest first.
        metric: `plain`, or `scaled`: in units of the posterior's standard deviation.
        total: number of pictures among which they were found.
        pictures: the stream that was read; None for latents.
        path: the file that was written, if any.
        notes: lines for the user.
    """

    given: OnePicture
    neighbours: list[Neighbour]
    metric: str
    total: int
    pictures: PictureStream | None
    path: pathlib.Path | None
    notes: tuple[str, ...]

    @property
    def images(self) -> Pixels:
        """The picture, then its neighbours, (1 + n, H, W, C) uint8."""
        return np.stack([self.given.image, *(neighbour.image for neighbour in self.neighbours)])

    def facts(self) -> dict[str, Any]:
        """Return what `--json` prints, but for the path."""
        rows = [
            {"file": neighbour.file, "label": neighbour.label, "distance": neighbour.distance}
            for neighbour in self.neighbours
        ]
        return {"picture": self.given.name, "metric": self.metric, "among": self.total, "neighbours": rows}


def similar(
    model: Model,
    picture: str,
    *,
    among: str,
    n: int = 10,
    metric: Metric = "auto",
    split: Part | None = None,
    out: str | os.PathLike[str] | None = None,
    stdout: IO[bytes] | None = None,
    data: str | None = None,
    scale: int | None = None,
    smooth: bool = False,
    photo: PhotoOptions | None = None,
    force: bool = False,
    reports: Reports = SILENT,
) -> Similar:
    """Find the pictures whose posterior means are nearest to that of a picture, in flat memory.

    Args:
        model: an opened model with its encoder.
        picture: a file, or `test:17` of the data set.
        among: a folder, an archive, a glob, `train:0:1000`, the name of a data set, or an .npz that `encode` wrote.
            The picture itself is left out there.
        n: number of neighbours.
        metric: `plain` distances, `scaled` ones in units of the posterior's deviation, or what the file prefers.
        split: the part of the data set that `among` names; by default test, else validation.
        out: `.png` for a sheet; `.csv`, `.jsonl` or `.npz` for a table, `-` for CSV on `stdout`; None for neither.
        stdout: receives the table if `out` is `-`.
        data: the data set of `test:17`; by default the one that the model was trained on.
        scale: enlarge each pixel to a square of this side; by default pictures are large enough to see.
        smooth: enlarge with smooth transitions, not squares.
        photo: how files become like the training images; by default as the model says.
        force: replace what `out` names.
        reports: get what is to be said meanwhile.

    Raises:
        OptionError: a number out of its range, an unknown metric or suffix, or a split of something else.
        DataError: the picture cannot be read, or there is nothing to search.
        ModelError: no encoder, or a scaled metric of a model without facts.
        OutputError: `out` is taken or cannot be written.
    """
    checks.integer(n, "-n", least=1, most=max(1, min(MOST, MAX_BYTES // math.prod(model.image_shape))))
    checks.choice(metric, "--metric", METRICS)
    is_sheet = _is_sheet(out, force=force)
    scales = _scales(model, metric)
    place = Place(model, among, split, data, photo, reports)
    if not place.is_table:  # which may name such pictures
        require_data_is_used([picture, among], data)
    target = None if out is None or os.fspath(out) == STDOUT else out
    outputs = {} if target is None else {"--out": target}
    given = load_picture(model, picture, data=data, photo=photo, reports=reports, outputs=outputs)
    neighbours, total, stream = place.search(given, n, scales, target)
    if not neighbours:
        raise DataError(f"--among must hold a picture besides {given.name}, got none in {among}.")
    decoded = sum(neighbour.is_decoded for neighbour in neighbours) if is_sheet else 0
    notes = (
        given.note,
        f"{decoded} pictures are not at hand: these are their reconstructions" if decoded else "",
    )
    name = "plain" if scales is None else "scaled"
    result = Similar(given, neighbours, name, total, stream, None, tuple(filter(None, notes)))
    if out is None:
        return result
    if_taken = treatment(out, force=force)
    if not is_sheet:
        return dataclasses.replace(result, path=_write_table(result, out, if_taken, stdout))
    recipe = dataclasses.replace(
        recipe_of(model, "similar", "sheet"),
        sources=(plain_name(picture),),
        among=among if place.is_data_set else f"{plain_name(among)}/",  # never the name of a data set
        count=n,
        split=split or "",
        metric=metric,
        data=data_name(data),
        photo=photo_words(photo or PhotoOptions()),
        scale=scale,
        smooth=smooth,
    )
    page = _sheet(result, scale, smooth=smooth)
    path = save_picture(out, page, if_taken=if_taken, threads=model.threads, recipe=recipe.to_text())
    return dataclasses.replace(result, path=path)


def _is_sheet(out: str | os.PathLike[str] | None, *, force: bool) -> bool:
    """Return whether `out` is a sheet; refuse a target that cannot be written."""
    if out is None:
        return False
    suffix = pathlib.PurePath(out).suffix.lower()
    if os.fspath(out) != STDOUT and suffix not in {".png", *SUFFIXES}:
        raise OptionError(
            f"--out must end in .png, {', '.join(SUFFIXES)}, or be - for CSV on standard output, got "
            f"{os.fspath(out)}.",
            option="--out",
        )
    check = check_target if suffix == ".png" else check_table
    check(out, if_taken="replace" if force else "refuse")
    return suffix == ".png"


def _scales(model: Model, metric: Metric) -> np.ndarray | None:
    """Return what differences are divided by (D,), None for plain distances."""
    facts = model.facts
    if metric == "plain":
        return None
    if metric == "auto":
        return facts.distance_scale
    variance = variance_of_means(facts)
    if facts.kl is None or facts.z_mean is None or variance is None:
        raise OptionError(
            f"--metric must be plain for {model.path}, which has no facts about its latents, got scaled.",
            option="--metric",
        )
    return np.sqrt(posterior_variance(facts.kl, facts.z_mean, variance))


def _write_table(
    result: Similar, out: str | os.PathLike[str], if_taken: IfTaken, stdout: IO[bytes] | None
) -> pathlib.Path | None:
    columns = (Texts("file"), Texts("label"), Numbers("distance"))
    with writing_table(out, columns, if_taken=if_taken, stdout=stdout) as table:
        table.add(
            {
                "file": [neighbour.file for neighbour in result.neighbours],
                "label": [neighbour.label for neighbour in result.neighbours],
                "distance": np.array([neighbour.distance for neighbour in result.neighbours]),
            }
        )
    return table.path


def _sheet(result: Similar, scale: int | None, *, smooth: bool) -> Pixels:
    """Return the sheet: the picture in a frame, then its neighbours with names, classes and distances."""
    cells = [Captioned(result.given.image, (plain_name(result.given.name), result.given.label or ""), True)]
    has_labels = any(neighbour.label for neighbour in result.neighbours)
    for neighbour in result.neighbours:
        label = (neighbour.label or "",) if has_labels else ()
        lines = (plain_name(neighbour.file), *label, f"{neighbour.distance:.3g}")
        cells.append(Captioned(neighbour.image, lines))
    columns = min(len(cells), max(_COLUMNS, near_square(len(cells))))
    return captioned_sheet(cells, columns=columns, scale=scale, smooth=smooth)
