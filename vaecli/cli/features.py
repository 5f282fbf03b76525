"""`vaecli features`."""

import dataclasses
from typing import TYPE_CHECKING, Annotated

import typer

from vaecli.cli import console
from vaecli.cli.bars import bars
from vaecli.cli.command import Command
from vaecli.cli.parameters import ForceOption, JsonOption, ModelOption, QuietOption, complete_data

if TYPE_CHECKING:
    from vaecli.runs.progress import ClassifierEpoch
    from vaecli.tasks.features.train import Made

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich")


@app.callback()
def features() -> None:
    """Make the features by which `vaecli eval` measures the quality of samples.

    [dim]vaecli features train --data my-pictures/[/dim]

    [dim]vaecli features train --data mnist -o digits.onnx[/dim]
    """


@app.command(cls=Command)
@console.usage_errors
def train(
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            help="Labelled data set: a name, a folder or a file.",
            show_default="that of --model",
            autocompletion=complete_data,
        ),
    ] = None,
    model: ModelOption = None,
    out: Annotated[
        str | None,
        typer.Option(
            "--out", "-o", help="File to write (.onnx).", show_default="features.onnx, or the next free name"
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(min=1, help="Number of epochs.", show_default="by the number of images, at least 16"),
    ] = None,
    augment: Annotated[
        str,
        typer.Option(help="Changes of training images: flip, shift, or both.", show_default="none"),
    ] = "",
    seed: Annotated[int, typer.Option(min=0, help="Random seed.")] = 0,
    force: ForceOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Train a small classifier on labelled training images; its 64 features measure samples.

    It needs the train extra. A tenth of the training images chooses the epoch; test images play no part. With
    --model, pictures are read as that model reads them.

    [dim]vaecli features train --data fashion-mnist --augment flip[/dim]

    [dim]vaecli features train -m runs/by-class -o shoes.onnx[/dim]
    """
    from vaecli.errors import OptionError
    from vaecli.files import treatment
    from vaecli.tasks.features.train import FeatureOptions, train_features
    from vaecli.tasks.model import open_model

    if data is None and model is None:
        raise OptionError("--data must name a labelled data set, got none.", option="--data")
    opened = None if model is None else open_model(model)
    with bars(quiet=quiet, lines=True) as shown:
        made = train_features(
            data,
            model=opened,
            options=FeatureOptions(epochs, augment, seed),
            out=out,
            if_taken=treatment(out, force=force),
            progress=console.silent if quiet else _print_epoch,
            **shown.reports,
        )
    _print(made, as_json=as_json, quiet=quiet)


def _print_epoch(epoch: "ClassifierEpoch") -> None:
    """Print the figures of an epoch on stderr, above the bars."""
    parts = [
        f"epoch {epoch.epoch}/{epoch.epochs}",
        f"loss {console.number(epoch.loss, '.4f')}",
        f"held-out accuracy {epoch.accuracy:.2%}",
        f"seconds {epoch.seconds:.1f}",
    ]
    console.progress_line("  ".join(parts) + ("  best" if epoch.best else ""))


def _print(made: "Made", *, as_json: bool, quiet: bool) -> None:
    """Print the file and its accuracy, then the next command."""
    info, path = made.info, console.shown_path(made.path)
    if as_json:
        document = {
            "out": path,
            "data": info.name,
            "classes": list(info.class_names),
            "features": info.feature_count,
            "accuracy": info.accuracy,
            "images": info.data["count"],
            "held_out": info.data["held_out_count"],
            "epochs": info.training["epochs"],
            "best_epoch": info.training["best_epoch"],
            "history": [dataclasses.asdict(epoch) for epoch in made.history],
            "bytes": made.size,
            "seconds": dict(made.seconds),
        }
        console.print_json("features-train", document)
        return
    console.say(path)
    if not quiet:
        console.progress_line(
            f"{info.accuracy:.1%} of {info.data['held_out_count']:,} held-out training images get their class. "
            f"Seconds: {console.seconds(made.seconds)}."
        )
        console.next_step("eval", "--quality", "--features", path)
