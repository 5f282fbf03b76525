"""`vaecli sample`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from vaecli.choices import ArrayType, PriorName
from vaecli.cli import console
from vaecli.cli.bars import bars
from vaecli.cli.models import model_or_bundled
from vaecli.cli.parameters import (
    ForceOption,
    ModelOrBundledOption,
    OutOption,
    PrecisionOption,
    QuietOption,
    ScaleOption,
    SeedOption,
    SmoothOption,
    ThreadsOption,
)

if TYPE_CHECKING:
    from vaecli.tasks.model import Model


SHOWN = 16  # pictures in the terminal


@console.usage_errors
def sample(
    model: ModelOrBundledOption = None,
    n: Annotated[
        int | None,
        typer.Option(
            "-n",
            min=1,
            help="Number of pictures, of each class if several are named.",
            show_default="64, or 8 of each",
        ),
    ] = None,
    out: OutOption = None,
    first: Annotated[int, typer.Option(min=0, help="Index of the first picture to draw.")] = 0,
    seed: SeedOption = 0,
    temperature: Annotated[
        float, typer.Option(min=0.0, help="Spread of the latents; 1 is the prior's own.")
    ] = 1.0,
    prior: Annotated[
        PriorName | None,
        typer.Option(help="Prior to draw from: N(0, I), or the mixture.", show_default="the model's own"),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(
            help="Class to draw: its name or a unique part of it. May be repeated; all gives each class a row.",
            show_default="no class",
        ),
    ] = None,
    dtype: Annotated[ArrayType, typer.Option(help="Number type of a .npy or .npz array.")] = "uint8",
    scale: ScaleOption = None,
    smooth: SmoothOption = False,
    precision: PrecisionOption = "float32",
    threads: ThreadsOption = None,
    show: Annotated[bool, typer.Option("--show", help="Draw the first pictures in the terminal.")] = False,
    force: ForceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Draw pictures from the prior: a sheet, an array, a GIF or a folder.

    The same seed gives the same pictures; picture i does not depend on how many are drawn.

    [dim]vaecli sample -n 64 -o sheet.png[/dim]

    [dim]vaecli sample --label boot --label bag -n 10[/dim]

    [dim]vaecli sample -m shoes/ -n 1000000 -o million.npy[/dim]

    [dim]vaecli sample --first 1000 -n 1000 -o shard-1/ --seed 7[/dim]
    """
    from vaecli.tasks.model import open_model
    from vaecli.tasks.sample import sample as task

    path_of_model, named = model_or_bundled(model, quiet=quiet)
    opened = open_model(path_of_model, precision=precision, threads=threads)
    with bars(quiet=quiet) as shown:
        path = task(
            opened,
            n=n,
            out=out,
            first=first,
            seed=seed,
            temperature=temperature,
            prior=prior,
            labels=label or (),
            dtype=dtype,
            scale=scale,
            smooth=smooth,
            force=force,
            warn=console.silent if quiet else console.note,
            progress=shown.counter("Sampling"),
        )
    if show:
        import numpy as np

        from vaecli.cli.cells import draw
        from vaecli.tasks.sample import class_rows, default_count

        rows = class_rows(opened, label or (), prior)[:SHOWN]
        count = min(n or default_count(rows), max(1, SHOWN // max(1, len(rows))))
        pictures = [
            opened.sample(count, seed=seed, first=first, temperature=temperature, prior=prior, label=name)
            for name in rows or (None,)
        ]
        draw(np.concatenate(pictures), columns=count if len(rows) > 1 else None)
    console.say(console.shown_path(path))
    if not quiet:
        _next_step(opened, named)


def _next_step(opened: "Model", named: Sequence[str]) -> None:
    """Print the next command that works on this model, which the words `named` name, such as `interpolate`."""
    from vaecli.tasks.model import next_words

    words = next_words(opened)
    if words:
        console.next_step(*words, *named)
