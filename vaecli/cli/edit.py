"""`vaecli edit`."""

from typing import Annotated

import typer

from vaecli.cli import console
from vaecli.cli.models import model_path
from vaecli.cli.parameters import (
    CutoutOption,
    DataOption,
    ForceOption,
    JsonOption,
    ModelOption,
    OutOption,
    PolarityOption,
    PrecisionOption,
    PrepareOption,
    QuietOption,
    RangeOption,
    ScaleOption,
    SmoothOption,
    ThreadsOption,
    TrimOption,
)
from vaecli.cli.pictures import reporting, show_result


@console.usage_errors
def edit(
    picture: Annotated[str, typer.Argument(help="Picture: a file, or test:17 of the data.")],
    toward: Annotated[
        str,
        typer.Option(
            "--toward",
            metavar="CLASS|FOLDER|FILE",
            help="Where to go: a class, a folder of pictures, or a direction that --save wrote.",
        ),
    ],
    model: ModelOption = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="CLASS|FOLDER",
            help="Where the direction begins.",
            show_default="the class nearest to the picture",
        ),
    ] = None,
    amounts: Annotated[
        str,
        typer.Option(
            "--amount",
            metavar="START:STOP:COUNT",
            help="How far to go, or one number; 0 is the reconstruction, 1 the class.",
        ),
    ] = "0:1:9",
    out: OutOption = None,
    save: Annotated[
        str | None,
        typer.Option("--save", metavar="FILE", help="Direction to write (.npz), to be named with --toward."),
    ] = None,
    data: DataOption = None,
    scale: ScaleOption = None,
    smooth: SmoothOption = False,
    prepare: PrepareOption = "auto",
    polarity: PolarityOption = "auto",
    trim: TrimOption = True,
    cutout: CutoutOption = "auto",
    value_range: RangeOption = "auto",
    precision: PrecisionOption = "float32",
    threads: ThreadsOption = None,
    show: Annotated[bool, typer.Option("--show", help="Draw the pictures in the terminal.")] = False,
    force: ForceOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Move a picture toward a class, or toward the pictures of a folder, by several amounts.

    The amounts are written below the pictures. Negative ones lead away.

    [dim]vaecli edit shirt.png --toward boot -o strip.png[/dim]

    [dim]vaecli edit test:3 --toward coat --from shirt --amount=-1:1:9[/dim]

    [dim]vaecli edit photo.jpg --toward smiling/ --from others/ --save smile.npz[/dim]

    [dim]vaecli edit photo.jpg --toward smile.npz --amount 0.7[/dim]
    """
    from vaecli.tasks.edit.edit import edit as task
    from vaecli.tasks.model import open_model
    from vaecli.tasks.photos import photo_options

    opened = open_model(model_path(model, quiet=quiet), precision=precision, threads=threads)
    with reporting("Reading", quiet=quiet) as reports:
        result = task(
            opened,
            picture,
            toward=toward,
            start=start,
            amounts=amounts,
            out=out,
            save=save,
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
    if as_json:
        shown = {
            name: result.facts[name] and console.shown_path(result.facts[name]) for name in ("out", "saved")
        }
        console.print_json("edit", result.facts | shown)
    else:
        console.say(console.shown_path(result.path))
    for folder in result.read:
        folder.require_read()
