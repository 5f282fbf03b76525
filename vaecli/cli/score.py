"""`vaecli score`."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vaecli.choices import ScoreComponent
from vaecli.cli import console
from vaecli.cli.models import model_path
from vaecli.cli.parameters import (
    CutoutOption,
    DataOption,
    ForceOption,
    JsonOption,
    ModelOption,
    PicturesArgument,
    PolarityOption,
    PrepareOption,
    QuietOption,
    RangeOption,
    ShardOption,
    SplitOption,
    ThreadsOption,
    TrimOption,
)
from vaecli.cli.pictures import counts, reporting, require_one_result

if TYPE_CHECKING:
    from vaecli.tasks.score.options import ScoreOptions
    from vaecli.tasks.score.score import Scored

STRANGE = 4  # exit code of --fail-above


@console.usage_errors
def score(
    pictures: PicturesArgument = None,
    model: ModelOption = None,
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            "-o",
            help="Table to write: .csv, .jsonl or .npz; - for CSV on stdout.",
            show_default="next free name",
        ),
    ] = None,
    by: Annotated[
        ScoreComponent | None,
        typer.Option("--by", help="Component to rank by in place of the score.", show_default="the score"),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            "--threshold",
            metavar="PERCENTILE",
            help="Mark pictures at or above this percentile of validation images, 0 to 100, in a column `strange`.",
            show_default=False,
        ),
    ] = None,
    fail_above: Annotated[
        float | None,
        typer.Option(
            "--fail-above",
            metavar="PERCENTILE",
            help="End with exit code 4 if a picture is at or above this percentile.",
            show_default=False,
        ),
    ] = None,
    top: Annotated[int, typer.Option("--top", help="Number of the strangest pictures to list.")] = 10,
    sheet: Annotated[
        str | None,
        typer.Option("--sheet", metavar="PNG", help="Sheet of the strangest pictures.", show_default=False),
    ] = None,
    heatmaps: Annotated[
        str | None,
        typer.Option(
            "--heatmaps",
            metavar="FOLDER",
            help="Folder for a map of each picture: the excess of each pixel, 0 to 2 nats.",
            show_default=False,
        ),
    ] = None,
    normal: Annotated[
        str | None,
        typer.Option(
            "--normal",
            metavar="LABEL",
            help="Class that is normal, for AUROC and F1: its name, or a part that no other class has.",
            show_default="a class called normal, if there is one",
        ),
    ] = None,
    data: DataOption = None,
    split: SplitOption = None,
    shard: ShardOption = None,
    prepare: PrepareOption = "auto",
    polarity: PolarityOption = "auto",
    trim: TrimOption = True,
    cutout: CutoutOption = "auto",
    value_range: RangeOption = "auto",
    threads: ThreadsOption = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Score how unlike the training images pictures are: a table, a row for each picture.

    Columns: file, label, score, percentile (among validation images), then in nats: excess (cross-entropy minus the
    picture's own entropy), kl, unexplained (the excess as a share of that of a constant picture), neg_elbo, and
    neg_log_density. Higher means more unlike. A picture that cannot be read is listed and has no numbers; the rest
    goes on, and the exit code is 1.

    A low score does not prove that a picture is normal. Blind spots, with the AUROC measured on Fashion-MNIST
    (0.5 is chance): blurred 0.63, dimmed to half 0.70, mirrored 0.73, a patch of 6 x 6 pixels 0.79.

    [dim]vaecli score photos/ -o scores.csv --threshold 99[/dim]

    [dim]vaecli score incoming/ --top 50 --sheet odd.png --fail-above 99.9[/dim]

    [dim]vaecli score --split test --normal "Ankle boot" --json[/dim]
    """
    from vaecli.tasks.model import open_model
    from vaecli.tasks.photos import photo_options
    from vaecli.tasks.score.options import ScoreOptions
    from vaecli.tasks.score.score import score as task

    require_one_result(out, as_json=as_json)
    options = ScoreOptions(
        by=by or "score",
        threshold=threshold,
        fail_above=fail_above,
        top=top,
        sheet=sheet,
        heatmaps=heatmaps,
        normal=normal,
    )
    opened = open_model(model_path(model, quiet=quiet), threads=threads)
    with reporting("Scoring", quiet=quiet) as reports:
        result = task(
            opened,
            pictures or [],
            options,
            data=data,
            split=split,
            shard=shard,
            photo=photo_options(
                prepare=prepare, polarity=polarity, trim=trim, cutout=cutout, value_range=value_range
            ),
            out=out,
            stdout=sys.stdout.buffer,
            force=force,
            reports=reports,
        )
    if not quiet and not as_json:
        _show(result, options)
    if as_json:
        console.print_json("score", _document(result, options))
    else:
        for path in (result.path, result.sheet, result.heatmaps):
            if path:
                console.say(console.shown_path(path))
    if result.fails:
        raise typer.Exit(STRANGE)
    result.pictures.require_read()


def _show(result: "Scored", options: "ScoreOptions") -> None:
    """Show the strangest pictures, and what the scores say of all together, on stderr."""
    if result.strangest:
        rows = [
            (place.file, place.label or "", f"{place.score:,.2f}", f"{place.percentile:.1f}")
            for place in result.strangest
        ]
        columns = {"file": "left", "label": "left", options.by: "right", "percentile": "right"}
        console.print_table(columns, rows, title="The strangest pictures", target=console.stderr())
    read = result.pictures.total - result.pictures.unreadable_count
    console.progress_line(
        f"{result.strange_count:,} of {read:,} pictures are at or above the percentile {options.line:g} of "
        f"{result.validation_count:,} validation images."
    )
    if (100.0 - options.line) * result.validation_count < 100.0:
        console.note(f"So few validation images say little of the percentile {options.line:g}.")
    if result.normal is not None:
        _show_detection(result)


def _show_detection(result: "Scored") -> None:
    if result.detection is None:
        console.note(
            f"AUROC and F1 need pictures of {result.normal} and of other classes, got {result.normal_count:,} and "
            f"{result.other_count:,}."
        )
        return
    figures = result.detection
    console.progress_line(
        f"{result.normal} against other classes: AUROC {figures.auroc:.4f}; F1 of the marked {figures.f1:.4f}, "
        f"precision {console.number(figures.precision, '.4f')}, recall {figures.recall:.4f}."
    )


def _document(result: "Scored", options: "ScoreOptions") -> dict[str, Any]:
    paths = {"out": result.path, "sheet": result.sheet, "heatmaps": result.heatmaps}
    return (
        {name: path and console.shown_path(path) for name, path in paths.items()}
        | {
            "by": options.by,
            "threshold": options.line,
            "strange": result.strange_count,
            "fails": result.fails,
            "validation_images": result.validation_count,
            "strangest": [vars(place) for place in result.strangest],
            "normal": result.normal,
            "normal_count": result.normal_count,
            "other_count": result.other_count,
            "detection": result.detection and result.detection._asdict(),
        }
        | counts(result.pictures)
    )
