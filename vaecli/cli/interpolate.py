"""`vaecli interpolate`."""

from typing import Annotated

import typer

from vaecli.choices import PathKind
from vaecli.cli import console
from vaecli.cli.models import model_or_bundled
from vaecli.cli.parameters import (
    CutoutOption,
    DataOption,
    ForceOption,
    ModelOrBundledOption,
    OutOption,
    PolarityOption,
    PrecisionOption,
    PrepareOption,
    QuietOption,
    RangeOption,
    SavePreparedOption,
    ScaleOption,
    SmoothOption,
    ThreadsOption,
    TrimOption,
)
from vaecli.cli.pictures import reporting, show_result


@console.usage_errors
def interpolate(
    pictures: Annotated[
        list[str],
        typer.Argument(help="Pictures, 2 to 20: files, a folder, or test:17 and val:0:3 of the data."),
    ],
    model: ModelOrBundledOption = None,
    steps: Annotated[
        int,
        typer.Option(min=2, help="Number of pictures from one given picture to the next, both included."),
    ] = 11,
    path: Annotated[
        PathKind,
        typer.Option(
            help="Kind of path; with `even`, neighbours are equally different, and there may be more."
        ),
    ] = "linear",
    grid: Annotated[
        bool, typer.Option("--grid", help="Fill a square; the four pictures are its corners, row by row.")
    ] = False,
    out: OutOption = None,
    data: DataOption = None,
    label: Annotated[
        list[str] | None,
        typer.Option(
            help="Class of all pictures, or of each if repeated, for a conditional model: kept or crossed over.",
            show_default="that of test:17, none for files",
        ),
    ] = None,
    scale: ScaleOption = None,
    smooth: SmoothOption = False,
    prepare: PrepareOption = "auto",
    polarity: PolarityOption = "auto",
    trim: TrimOption = True,
    cutout: CutoutOption = "auto",
    value_range: RangeOption = "auto",
    save_prepared: SavePreparedOption = None,
    precision: PrecisionOption = "float32",
    threads: ThreadsOption = None,
    show: Annotated[bool, typer.Option("--show", help="Draw the pictures in the terminal.")] = False,
    force: ForceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Draw the pictures on the path from each picture to the next through the latent space.

    Pictures may have any size and mode: they are fitted to the model's images, and the command says how.

    [dim]vaecli interpolate shirt.png boot.png[/dim]

    [dim]vaecli interpolate test:0 test:1 test:2 -o tour.gif --path even[/dim]

    [dim]vaecli interpolate test:0 test:1 test:2 test:3 --grid --scale 8 -o grid.png[/dim]
    """
    from vaecli.tasks.interpolate import interpolate as task
    from vaecli.tasks.model import open_model
    from vaecli.tasks.photos import photo_options

    opened = open_model(model_or_bundled(model, quiet=quiet)[0], precision=precision, threads=threads)
    with reporting("Reading", quiet=quiet) as reports:
        result = task(
            opened,
            pictures,
            steps=steps,
            path=path,
            grid=grid,
            out=out,
            data=data,
            labels=label or (),
            scale=scale,
            smooth=smooth,
            photo=photo_options(
                prepare=prepare, polarity=polarity, trim=trim, cutout=cutout, value_range=value_range
            ),
            save_prepared=save_prepared,
            force=force,
            reports=reports,
        )
    show_result(result, show=show, quiet=quiet)
    console.say(console.shown_path(result.path))
