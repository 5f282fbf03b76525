"""`vaecli traverse`."""

from typing import Annotated

import typer

from vaecli.cli import console
from vaecli.cli.models import model_or_bundled
from vaecli.cli.parameters import (
    CutoutOption,
    DataOption,
    ForceOption,
    JsonOption,
    ModelOrBundledOption,
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
def traverse(
    picture: Annotated[
        str | None,
        typer.Argument(
            help="Picture at the centre: a file, or test:17 of the data.",
            show_default="the mean of the latents",
        ),
    ] = None,
    model: ModelOrBundledOption = None,
    dims: Annotated[
        str | None,
        typer.Option(
            "--dims",
            metavar="2|I,J",
            help="Draw a plane: of the two dimensions with the most KL (2), or of these two, numbered from 0.",
            show_default="a row for each dimension",
        ),
    ] = None,
    all_dims: Annotated[
        bool, typer.Option("--all", help="Draw dimensions with less than 0.01 nats of KL, too.")
    ] = False,
    steps: Annotated[
        int | None,
        typer.Option(
            "--steps", min=2, help="Number of values of a dimension.", show_default="11, and 15 in a plane"
        ),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option("--out", "-o", help="File to write: .png or .gif.", show_default="next free name"),
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
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Draw what each latent dimension changes: a row for each, that with the most KL first.

    The values of a dimension are quantiles, from 1 % to 99 %, of the latents of the model's validation pictures.

    [dim]vaecli traverse -o dimensions.png[/dim]

    [dim]vaecli traverse boot.png -o boot.gif[/dim]

    [dim]vaecli traverse --dims 2 -o plane.png[/dim]
    """
    from vaecli.tasks.model import open_model
    from vaecli.tasks.photos import photo_options
    from vaecli.tasks.traverse import traverse as task

    opened = open_model(model_or_bundled(model, quiet=quiet)[0], precision=precision, threads=threads)
    with reporting("Reading", quiet=quiet) as reports:
        result = task(
            opened,
            picture,
            dims=dims,
            all_dims=all_dims,
            steps=steps,
            out=out,
            data=data,
            scale=scale,
            smooth=smooth,
            photo=photo_options(
                prepare=prepare, polarity=polarity, trim=trim, cutout=cutout, value_range=value_range
            ),
            force=force,
            reports=reports,
        )
    show_result(result, columns=result.columns, show=show, quiet=quiet)
    if as_json:
        console.print_json("traverse", result.facts | {"out": console.shown_path(result.path)})
    else:
        console.say(console.shown_path(result.path))
