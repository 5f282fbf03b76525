"""`vaecli encode`."""

import sys
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
    PrepareOption,
    QuietOption,
    RangeOption,
    ShardOption,
    SplitOption,
    ThreadsOption,
    TrimOption,
)
from vaecli.cli.pictures import counts, reporting, require_one_result


@console.usage_errors
def encode(
    pictures: PicturesArgument = None,
    model: ModelOption = None,
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            "-o",
            help="Table to write: .npz, .csv or .jsonl; - for CSV on stdout.",
            show_default="next free name",
        ),
    ] = None,
    std: Annotated[
        bool, typer.Option("--std", help="Write the posterior's standard deviations, too.")
    ] = False,
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
    """Write the latents of pictures as a table, a row for each picture.

    Columns: file, label, z_00, z_01, ...; in an .npz the arrays file, label and z. A picture that cannot be read
    is listed and has no numbers; the rest goes on, and the exit code is 1.

    [dim]vaecli encode photos/ -o z.csv[/dim]

    [dim]vaecli encode --split test --std -o test.npz[/dim]

    [dim]vaecli encode archive.zip --shard 2/10 -o part-02.jsonl[/dim]
    """
    from vaecli.tasks.encode import encode as task
    from vaecli.tasks.model import open_model
    from vaecli.tasks.photos import photo_options

    require_one_result(out, as_json=as_json)
    opened = open_model(model_path(model, quiet=quiet), threads=threads)
    with reporting("Encoding", quiet=quiet) as reports:
        result = task(
            opened,
            pictures or [],
            data=data,
            split=split,
            shard=shard,
            photo=photo_options(
                prepare=prepare, polarity=polarity, trim=trim, cutout=cutout, value_range=value_range
            ),
            std=std,
            out=out,
            stdout=sys.stdout.buffer,
            force=force,
            reports=reports,
        )
    path = result.path and console.shown_path(result.path)
    if as_json:
        console.print_json("encode", {"out": path, "latent_dim": opened.latent_dim} | counts(result.pictures))
    elif path:
        console.say(path)
    result.pictures.require_read()
