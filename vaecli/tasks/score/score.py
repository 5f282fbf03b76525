"""`vaecli score`: a table that says of each picture how unlike the training images it is."""

import dataclasses
import os
import pathlib
from collections.abc import Sequence
from typing import IO

import numpy as np

from vaecli.choices import COMPONENTS, Part
from vaecli.data.photo.photo_options import PhotoOptions
from vaecli.errors import OptionError
from vaecli.files import treatment
from vaecli.metrics.detection import Detection
from vaecli.paths import user_path
from vaecli.pictures.targets import check_target
from vaecli.pixels import Pixels
from vaecli.runtime.model import Model
from vaecli.tables.columns import Columns, Numbers, Texts
from vaecli.tables.writing import STDOUT, check_table, writing_table
from vaecli.tasks.score.heatmaps import check_heatmaps, writing_heatmaps
from vaecli.tasks.score.judging import Judge, normal_class
from vaecli.tasks.score.options import ScoreOptions
from vaecli.tasks.score.strangest import Strange, Strangest
from vaecli.tasks.stream.names import require_pictures
from vaecli.tasks.stream.opening import open_pictures
from vaecli.tasks.stream.reports import SILENT, Reports
from vaecli.tasks.stream.shard import parse_shard
from vaecli.tasks.stream.stream import PictureStream

OUT = "scores.csv"
Values = dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scored:
    """Scores that were written, and what they say of all pictures together.

    Attributes:
        path: the table; None for standard output.
        sheet: the sheet of the strangest pictures; None if none was asked for, or no picture could be read.
        heatmaps: the folder of maps; None if none was asked for.
        pictures: how many were read, and which could not be.
        validation_count: number of validation images that the percentiles are among.
        strange_count: number of pictures at or above the percentile `options.line`.
        fails: whether one is at or above `options.fail_above`.
        strangest: the pictures with the highest scores, the strangest first.
        normal: the class that is normal; None if none is.
        normal_count: number of pictures of it.
        other_count: number of pictures of other classes.
        detection: AUROC and F1 on these; None if a side is empty.
    """

    path: pathlib.Path | None
    sheet: pathlib.Path | None
    heatmaps: pathlib.Path | None
    pictures: PictureStream
    validation_count: int
    strange_count: int
    fails: bool
    strangest: Sequence[Strange]
    normal: str | None
    normal_count: int
    other_count: int
    detection: Detection | None


def score(
    model: Model,
    pictures: Sequence[str | os.PathLike[str]],
    options: ScoreOptions,
    *,
    data: str | None = None,
    split: Part | None = None,
    shard: str | None = None,
    photo: PhotoOptions | None = None,
    out: str | os.PathLike[str] | None = None,
    stdout: IO[bytes] | None = None,
    force: bool = False,
    reports: Reports = SILENT,
) -> Scored:
    """Write the score of each picture, a row each, in order; a picture that cannot be read has no numbers.

    Args:
        model: an opened model with its encoder.
        pictures: what `open_pictures` takes; none for all images of `split`.
        options: what to rank by, and what to do with the strangest.
        data: the data set of `split` and of `test:17`; by default that of the model.
        split: the part that is read where `pictures` is empty.
        shard: `I/N`, part I of N contiguous parts of all pictures; the joined rows are those of a single run.
        photo: how pictures become like the training images; by default as the model says.
        out: `.csv`, `.jsonl` or `.npz`, or `-` for CSV on `stdout`; by default the next free one of `scores.csv`,
            `scores-2.csv`, ...
        stdout: receives the table if `out` is `-`.
        force: replace what `out`, the sheet and the folder of maps name.
        reports: get what is to be said meanwhile.

    Raises:
        OptionError: no pictures, an unknown suffix, a shard that there is not, a class that there is not.
        DataError: a folder, archive, array or data set that cannot be read.
        ModelError: the model has no encoder, or no figures for scores.
        OutputError: a target is taken or cannot be written.
    """
    require_pictures(pictures, data, split, "score")
    part = parse_shard(shard)
    if_taken = treatment(out, force=force)
    target = OUT if out is None else out
    check_table(target, if_taken=if_taken)
    _check_targets(options, force=force)
    options.require_room(model.image_shape)
    scorer = model.scorer
    stream = open_pictures(model, pictures, data=data, split=split, shard=part, photo=photo, reports=reports)
    _require_apart(stream, options, target if if_taken == "replace" else None)
    normal = normal_class(options.normal, stream.class_names)
    judge = None if normal is None else Judge(normal)
    strangest = Strangest(options.top, with_images=options.sheet is not None)
    strange_count, fails = 0, False

    with (
        writing_heatmaps(model, options.heatmaps, force=force) as maps,
        writing_table(target, _columns(options), if_taken=if_taken, stdout=stdout) as table,
    ):
        for batch, values in stream.computed(lambda images: _values(model, images, options)):
            table.add(batch.rows(values), batch.errors)
            scores, percentiles, marks = (values[name] for name in ("score", "percentile", "strange"))
            strange_count += int(marks.sum())
            fails |= options.fail_above is not None and bool((percentiles >= options.fail_above).any())
            strangest.add(batch, scores, percentiles)
            if judge:
                judge.add(batch.labels, scores, marks)
            if maps:
                maps.add(batch)
        sheet = None
        if options.sheet is not None:
            sheet = strangest.write_sheet(options.sheet, if_taken=treatment(options.sheet, force=force))
    normal_count, other_count = judge.counts if judge else (0, 0)
    return Scored(
        path=table.path,
        sheet=sheet,
        heatmaps=None if options.heatmaps is None else user_path(options.heatmaps, option="--heatmaps"),
        pictures=stream,
        validation_count=scorer.count,
        strange_count=strange_count,
        fails=fails,
        strangest=strangest.pictures(),
        normal=normal,
        normal_count=normal_count,
        other_count=other_count,
        detection=judge.detection() if judge else None,
    )


def _values(model: Model, images: Pixels, options: ScoreOptions) -> Values:
    """Return the numbers of images (N, H, W, C) in the columns of the table."""
    scores = model.score(images)
    values: Values = {name: array.astype(np.float32) for name, array in scores.components.items()}
    score, percentile = scores.score, scores.percentile
    if options.by != "score":
        score, percentile = scores.components[options.by], scores.component_percentiles[options.by]
    values |= {"score": score.astype(np.float32), "percentile": percentile.astype(np.float32)}
    values["strange"] = values["percentile"] >= options.line
    return values


def _columns(options: ScoreOptions) -> Columns:
    mark = () if options.threshold is None else (Numbers("strange", dtype="bool"),)
    numbers = [Numbers(name) for name in ("score", "percentile", *COMPONENTS)]
    return (Texts("file"), Texts("label"), *numbers, *mark)


def _check_targets(options: ScoreOptions, *, force: bool) -> None:
    """Refuse, before any picture is read, a sheet or a folder of maps that could not be written."""
    if options.sheet is not None:
        if pathlib.PurePath(options.sheet).suffix.lower() != ".png":
            raise OptionError(f"--sheet must end in .png, got {options.sheet}.", option="--sheet")
        check_target(options.sheet, if_taken=treatment(options.sheet, force=force))
    if options.heatmaps is not None:
        check_heatmaps(options.heatmaps, force=force)


def _require_apart(
    stream: PictureStream, options: ScoreOptions, target: str | os.PathLike[str] | None
) -> None:
    """Refuse targets that are among the pictures; None is a table whose name is chosen free."""
    if target is not None and os.fspath(target) != STDOUT:
        stream.require_apart(target)
    for place, option in ((options.sheet, "--sheet"), (options.heatmaps, "--heatmaps")):
        if place is not None:
            stream.require_apart(place, option=option)
