"""`vaecli train`."""

import contextlib
import dataclasses
import pathlib
import typing
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from vaecli import options
from vaecli.choices import LikelihoodName, Network, Schedule, TrainingPrecision
from vaecli.cli import console
from vaecli.cli.console import JsonOption, QuietOption
from vaecli.cli.duration import seconds
from vaecli.errors import OptionError
from vaecli.options import TrainOptions, device_count

if typing.TYPE_CHECKING:
    from vaecli.tasks.train.train import Trained

DEFAULTS = TrainOptions()
WITH_RESUME = ("epochs", "patience", "data")


@console.usage_errors
def train(
    context: typer.Context,
    data: Annotated[
        str | None,
        typer.Option(
            help="fashion-mnist, fashion-mnist-mini, mnist, kmnist, or a folder of IDX files.",
            show_default="fashion-mnist, or its bundled subset",
        ),
    ] = DEFAULTS.data,
    network: Annotated[Network, typer.Option(help="The architecture.")] = DEFAULTS.network,
    likelihood: Annotated[
        LikelihoodName, typer.Option(help="The distribution of pixels.")
    ] = DEFAULTS.likelihood,
    epochs: Annotated[int, typer.Option(min=1, help="Number of epochs at most.")] = DEFAULTS.epochs,
    latent_dim: Annotated[int, typer.Option(min=1, help="Latent dimensions.")] = DEFAULTS.latent_dim,
    batch_size: Annotated[int, typer.Option(min=1, help="Images a step.")] = DEFAULTS.batch_size,
    learning_rate: Annotated[float, typer.Option(help="Adam's, at its peak.")] = DEFAULTS.learning_rate,
    schedule: Annotated[
        Schedule, typer.Option(help="Of the rate; constant is classic Adam.")
    ] = DEFAULTS.schedule,
    beta: Annotated[float, typer.Option(help="Weight of the KL; 1 is the ELBO.")] = DEFAULTS.beta,
    precision: Annotated[
        TrainingPrecision, typer.Option(help="Of the steps; auto is bfloat16 where the machine has it.")
    ] = DEFAULTS.precision,
    patience: Annotated[
        int,
        typer.Option(
            min=1, help="Stop after so many epochs without a better one; few can cut the cosine's gain."
        ),
    ] = DEFAULTS.patience,
    validation_split: Annotated[float, typer.Option(help="Part held out.")] = DEFAULTS.validation_split,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same model.")] = DEFAULTS.seed,
    examples: Annotated[
        bool,
        typer.Option(
            " /--no-examples",
            help="Keep no latents of single validation images in the model; they tell something about the data.",
            show_default=False,
        ),
    ] = DEFAULTS.examples,
    stretch: Annotated[
        bool,
        typer.Option("--stretch", help="Scale the pixels to 0 to 255, where the images use a smaller range."),
    ] = DEFAULTS.stretch,
    out: Annotated[
        pathlib.Path | None,
        typer.Option("--out", "-o", help="The run folder.", show_default="runs/<data>-<n>"),
    ] = None,
    config: Annotated[
        pathlib.Path | None, typer.Option(help="A TOML file of options; flags win over it.")
    ] = None,
    resume: Annotated[
        pathlib.Path | None,
        typer.Option(help="Go on with a run; a finished one gets what it lacks, or more --epochs."),
    ] = None,
    checkpoint_every: Annotated[
        float, typer.Option(min=0, help="Minutes between states within an epoch.", metavar="MINUTES")
    ] = 5.0,
    max_time: Annotated[
        str | None,
        typer.Option(
            help="Stop in time to be done, export and all: 90s, 20m, 1h30m.", show_default="no limit"
        ),
    ] = None,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write event files for TensorBoard, too.")
    ] = False,
    devices: Annotated[
        str, typer.Option(help="GPUs of this machine to train on: a number, or all.", metavar="all|N")
    ] = "1",
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Train a variational autoencoder, and export it to ONNX at the end.

    Ctrl-C stops it without loss: the state is kept, the best model so far is exported. A second one stops at once.

    With --resume, more --epochs draw the cosine anew to the new end: the rate rises to where that curve is by then.

    [dim]vaecli train --epochs 30[/dim]

    [dim]vaecli train --data fashion-mnist-mini --epochs 10 --latent-dim 2 --out runs/first[/dim]

    [dim]vaecli train --config runs/first/config.toml --seed 1[/dim]

    [dim]vaecli train --resume runs/first --epochs 60[/dim]
    """
    flags = _flags(context)
    limit = seconds(max_time, option="--max-time") if max_time is not None else None
    count = device_count(devices)
    from_file: dict[str, Any] = {}
    if resume is not None:
        _refuse_beside_resume([name for name in (*flags, "out", "config") if _typed(context, name)])
        chosen = None
    else:
        settings = options.read_config(config) if config else {}
        from_file = {name: value for name, value in settings.items() if name not in flags}
        with _naming(config, from_file):
            chosen = options.merge(settings, flags)

    from vaecli.cli.stopping import STOPPED, stoppable
    from vaecli.cli.training_screen import watching
    from vaecli.tasks.train.train import train as task

    with stoppable() as stop:
        with _naming(config, from_file), watching(quiet=quiet, as_json=as_json) as watch:
            result = task(
                chosen,
                out=out,
                resume=resume,
                changes=flags if resume else None,
                watch=watch,
                stop=stop,
                interruptible=stop.at_once,
                checkpoint_every=60 * checkpoint_every,
                max_time=limit,
                tensorboard=tensorboard,
                devices=count,
            )
        ended = stop() or result.reason  # of several workers, the signal may have come to another one
    if result.run and not as_json:
        _report(result, result.run, quiet=quiet)
    elif result.run and not (result.finished or quiet):
        _say_resume(result.run)
    if ended in STOPPED:
        raise typer.Exit(STOPPED[ended])


def _refuse_beside_resume(given: list[str]) -> None:
    refused = [name for name in given if name not in WITH_RESUME]
    if refused:
        flag = "--" + refused[0].replace("_", "-")
        raise OptionError(
            "--resume takes its options from the run, all but --epochs, --patience and --data (where the same "
            f"images are now); {flag} came too.",
            option="--resume",
        )


def _typed(context: typer.Context, name: str) -> bool:
    """Whether an option was given, rather than left to its default."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


@contextlib.contextmanager
def _naming(config: pathlib.Path | None, settings: Mapping[str, Any]) -> Iterator[None]:
    """In an OptionError of the body, say which of these settings comes from a file, as nobody typed it."""
    try:
        yield
    except OptionError as error:
        name = error.option.removeprefix("--").replace("-", "_")
        if name not in settings:
            raise
        where = f"{config} has {name} = {settings[name]!r}. {error.message}"
        raise OptionError(where, hint=error.hint) from error


def _flags(context: typer.Context) -> dict[str, Any]:
    """The training options that were typed; they win over a file, a default does not."""
    names = [field.name for field in dataclasses.fields(TrainOptions) if _typed(context, field.name)]
    return {name: context.params[name] for name in names}


def _report(result: "Trained", folder: pathlib.Path, *, quiet: bool) -> None:
    run = console.shown_path(folder)
    if not quiet:
        console.note(f"Training ended: {result.reason}.")
        console.note(_outcome(result))
    console.say(run)
    if quiet:
        return
    if not result.finished:
        _say_resume(folder)
    if result.best:
        console.next_step(f"vaecli eval -m {run}")
        console.next_step(f"vaecli sample -m {run} -o samples.png")


def _say_resume(folder: pathlib.Path) -> None:
    console.next_step(f"vaecli train --resume {console.shown_path(folder)}")


def _outcome(result: "Trained") -> str:
    if not result.best:
        return "No epoch is done yet: there is no model to export."
    best = f"Epoch {result.best['epoch']:.0f} has the lowest validation loss, {result.best['val_loss']:.2f} nats."
    if result.parity is None:
        return best
    return f"{best} Keras and the exported files differ by {result.parity:.1e} at most."
