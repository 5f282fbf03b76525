"""`vaecli similar`."""

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from vaecli.cli import console
from vaecli.cli.models import model_path
from vaecli.cli.parameters import (
    CutoutOption,
    DataOption,
    ForceOption,
    JsonOption,
    ModelOption,
    PolarityOption,
    PrepareOption,
    QuietOption,
    RangeOption,
    ScaleOption,
    SmoothOption,
    SplitOption,
    ThreadsOption,
    TrimOption,
)
from vaecli.cli.pictures import counts, reporting, require_one_result, show_result

if TYPE_CHECKING:
    from vaecli.tasks.similar.similar import Similar


@console.usage_errors
def similar(
    picture: Annotated[str, typer.Argument(help="Picture: a file, or test:17 of the data.")],
    among: Annotated[
        str,
        typer.Option(
            "--among",
            metavar="PATH",
            help="Where to look: a folder, an archive, train:0:1000, a data set, or an .npz that `encode` wrote.",
        ),
    ],
    model: ModelOption = None,
    n: Annotated[int, typer.Option("-n", min=1, help="Number of pictures to find.")] = 10,
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            "-o",
            help="Sheet (.png) or table (.csv, .jsonl, .npz) to write; - for CSV on stdout.",
            show_default="lines on stdout",
        ),
    ] = None,
    metric: Annotated[
        Literal["auto", "plain", "scaled"],
        typer.Option("--metric", help="Distance; `scaled` is in units of the posterior's deviation."),
    ] = "auto",
    data: DataOption = None,
    split: SplitOption = None,
    scale: ScaleOption = None,
    smooth: SmoothOption = False,
    prepare: PrepareOption = "auto",
    polarity: PolarityOption = "auto",
    trim: TrimOption = True,
    cutout: CutoutOption = "auto",
    value_range: RangeOption = "auto",
    threads: ThreadsOption = None,
    show: Annotated[bool, typer.Option("--show", help="Draw the pictures in the terminal.")] = False,
    force: ForceOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Find the pictures that are most similar to one, by their distance in the latent space.

    The picture itself is left out. Latents that `encode` wrote are searched without reading pictures again.

    [dim]vaecli similar boot.png --among photos/ -n 10 -o sheet.png[/dim]

    [dim]vaecli similar test:3 --among train:0:5000[/dim]

    [dim]vaecli similar boot.png --among latents.npz --json[/dim]
    """
    from vaecli.tasks.model import open_model
    from vaecli.tasks.photos import photo_options
    from vaecli.tasks.similar.similar import similar as task

    require_one_result(out, as_json=as_json)
    opened = open_model(model_path(model, quiet=quiet), threads=threads)
    with reporting("Searching", quiet=quiet) as reports:
        result = task(
            opened,
            picture,
            among=among,
            n=n,
            metric=metric,
            split=split,
            out=out,
            stdout=sys.stdout.buffer,
            data=data,
            scale=scale,
            smooth=smooth,
            photo=photo_options(
                prepare=prepare, polarity=polarity, trim=trim, cutout=cutout, value_range=value_range
            ),
            force=force,
            reports=reports,
        )
    show_result(result, show=show, quiet=quiet)
    _print(result, out, as_json=as_json)
    if result.pictures is not None:
        result.pictures.require_read()


def _print(result: "Similar", out: str | None, *, as_json: bool) -> None:
    """Print the result: JSON, the path that was written, or a line for each picture."""
    path = result.path and console.shown_path(result.path)
    if as_json:
        read = {} if result.pictures is None else counts(result.pictures)
        console.print_json("similar", result.facts() | {"out": path} | read)
    elif path:
        console.say(path)
    elif out is None:
        columns = {"distance": "right", "file": "left", "label": "left"}
        rows = [(f"{place.distance:.3f}", place.file, place.label or "") for place in result.neighbours]
        console.print_table(columns, rows)
