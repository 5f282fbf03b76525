"""`vaecli reconstruct`."""

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
    PicturesArgument,
    PolarityOption,
    PrecisionOption,
    PrepareOption,
    QuietOption,
    RangeOption,
    ScaleOption,
    SmoothOption,
    SplitOption,
    ThreadsOption,
    TrimOption,
)
from vaecli.cli.pictures import counts, reporting


@console.usage_errors
def reconstruct(
    pictures: PicturesArgument = None,
    model: ModelOption = None,
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            "-o",
            help="Sheet (.png), array (.npy, .npz) or folder to write.",
            show_default="next free name",
        ),
    ] = None,
    data: DataOption = None,
    split: SplitOption = None,
    scale: ScaleOption = None,
    smooth: SmoothOption = False,
    prepare: PrepareOption = "auto",
    polarity: PolarityOption = "auto",
    trim: TrimOption = True,
    cutout: CutoutOption = "auto",
    value_range: RangeOption = "auto",
    precision: PrecisionOption = "float32",
    threads: ThreadsOption = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Draw pictures, their reconstructions and the differences, with the nats of each.

    Below a reconstruction: the loss of its pixels and the KL term, in nats; together they are the negative ELBO at
    the posterior mean. Below the difference: what the loss is above that of a perfect reconstruction. In orange the
    reconstruction is brighter, in blue it is darker.

    [dim]vaecli reconstruct photos/ -o sheet.png[/dim]

    [dim]vaecli reconstruct test:0:20 shirt.png -o sheet.png[/dim]

    [dim]vaecli reconstruct --split test -o test.npy[/dim]
    """
    from vaecli.tasks.model import open_model
    from vaecli.tasks.photos import photo_options
    from vaecli.tasks.reconstruct import reconstruct as task

    opened = open_model(model_path(model, quiet=quiet), precision=precision, threads=threads)
    with reporting("Reconstructing", quiet=quiet) as reports:
        result = task(
            opened,
            pictures or [],
            data=data,
            split=split,
            photo=photo_options(
                prepare=prepare, polarity=polarity, trim=trim, cutout=cutout, value_range=value_range
            ),
            out=out,
            scale=scale,
            smooth=smooth,
            force=force,
            reports=reports,
        )
    path = console.shown_path(result.path)
    if as_json:
        console.print_json("reconstruct", {"out": path} | counts(result.pictures))
    else:
        console.say(path)
    result.pictures.require_read()
