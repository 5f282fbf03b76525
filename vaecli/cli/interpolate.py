"""`vaecli interpolate`."""

from typing import Annotated, Literal

import typer

from vaecli.cli import console
from vaecli.cli.console import (
    ForceOption,
    ModelOption,
    OutOption,
    PrecisionOption,
    QuietOption,
    ThreadsOption,
)


@console.usage_errors
def interpolate(
    pictures: Annotated[
        list[str], typer.Argument(help="Two or more pictures: files, or test:17 or train:17 of a data set.")
    ],
    model: ModelOption = None,
    steps: Annotated[int, typer.Option(min=2, help="Pictures from one to the next, both ends counted.")] = 11,
    path: Annotated[
        Literal["linear", "spherical"], typer.Option(help="Through the latent space.")
    ] = "linear",
    out: OutOption = None,
    data: Annotated[
        str | None, typer.Option(help="Where test:17 looks.", show_default="the model's data set")
    ] = None,
    precision: PrecisionOption = "float32",
    threads: ThreadsOption = None,
    show: Annotated[bool, typer.Option("--show", help="Draw the way in the terminal.")] = False,
    force: ForceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Draw the way from one picture to the next through the latent space.

    Any size and mode of image is taken: it is brought to the model's shape, and the command says how.

    [dim]vaecli interpolate shirt.png boot.png[/dim]

    [dim]vaecli interpolate test:0 test:1 test:2 -o tour.gif --path spherical[/dim]
    """
    import warnings

    from vaecli.tasks.interpolate import interpolate as task
    from vaecli.tasks.model import open_model

    warnings.filterwarnings("ignore", module=r"PIL\.")  # odd metadata of a picture
    opened = open_model(console.model_path(model), precision=precision, threads=threads)
    result = task(
        opened,
        pictures,
        steps=steps,
        path=path,
        out=out,
        data=data,
        force=force,
        warn=console.silent if quiet else console.note,
    )
    if show:
        from vaecli.cli.cells import draw

        draw(result.images)
    if not quiet:
        for line in result.notes:
            console.note(line)
    console.say(console.shown_path(result.path))
