"""`vaecli train`."""

import contextlib
import dataclasses
import pathlib
import typing
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from vaecli import options
from vaecli.choices import DATA_SETS, LikelihoodName, Network, Schedule, TrainingPrecision
from vaecli.cli import console
from vaecli.cli.console import usage_errors
from vaecli.cli.duration import seconds
from vaecli.cli.parameters import JsonOption, QuietOption, SeedOption, complete_data, complete_runs
from vaecli.errors import OptionError
from vaecli.options import TrainOptions, device_count

if typing.TYPE_CHECKING:
    from vaecli.tasks.train.train import Trained

DEFAULTS = TrainOptions()
WITH_RESUME = ("epochs", "patience", "data")


@usage_errors
def train(
    context: typer.Context,
    data: Annotated[
        str | None,
        typer.Option(
            help=f"Data set: {', '.join(DATA_SETS)}, or a folder of IDX files.",
            show_default="fashion-mnist, or its bundled subset",
            autocompletion=complete_data,
        ),
    ] = DEFAULTS.data,
    network: Annotated[Network, typer.Option(help="Network architecture.")] = DEFAULTS.network,
    likelihood: Annotated[
        LikelihoodName, typer.Option(help="Distribution of a pixel given the latents.")
    ] = DEFAULTS.likelihood,
    epochs: Annotated[int, typer.Option(min=1, help="Number of epochs at most.")] = DEFAULTS.epochs,
    latent_dim: Annotated[
        int, typer.Option(min=1, help="Number of latent dimensions.")
    ] = DEFAULTS.latent_dim,
    batch_size: Annotated[int, typer.Option(min=1, help="Number of images per step.")] = DEFAULTS.batch_size,
    learning_rate: Annotated[
        float, typer.Option(help="Adam's learning rate at its peak.")
    ] = DEFAULTS.learning_rate,
    schedule: Annotated[
        Schedule, typer.Option(help="Learning-rate schedule: how the rate changes over the run.")
    ] = DEFAULTS.schedule,
    beta: Annotated[float, typer.Option(help="Weight of the KL divergence; 1 is the ELBO.")] = DEFAULTS.beta,
    precision: Annotated[
        TrainingPrecision,
        typer.Option(help="Arithmetic of the steps; auto is bfloat16 where the machine supports it."),
    ] = DEFAULTS.precision,
    patience: Annotated[
        int,
        typer.Option(
            min=1,
            help="Number of epochs without a lower validation loss after which training stops; a small number can "
            "stop it before the cosine schedule ends.",
        ),
    ] = DEFAULTS.patience,
    validation_split: Annotated[
        float, typer.Option(help="Fraction of the images held out for validation.")
    ] = DEFAULTS.validation_split,
    seed: SeedOption = DEFAULTS.seed,
    examples: Annotated[
        bool,
        typer.Option(
            " /--no-examples",
            help="Store no latents of individual validation images in the model: they reveal some of the data.",
            show_default=False,
        ),
    ] = DEFAULTS.examples,
    stretch: Annotated[
        bool,
        typer.Option("--stretch", help="Scale the pixels to 0 to 255, where the images use a smaller range."),
    ] = DEFAULTS.stretch,
    out: Annotated[
        pathlib.Path | None,
        typer.Option("--out", "-o", help="Folder of the new run.", show_default="runs/<data>-<n>"),
    ] = None,
    config: Annotated[
        pathlib.Path | None, typer.Option(help="TOML file of options; those on the command line override it.")
    ] = None,
    resume: Annotated[
        pathlib.Path | None,
        typer.Option(
            help="Folder of the run to continue; more --epochs extend a finished run.",
            autocompletion=complete_runs,
        ),
    ] = None,
    checkpoint_every: Annotated[
        float,
        typer.Option(min=0, help="Minutes between checkpoints within an epoch.", metavar="MINUTES"),
    ] = 5.0,
    max_time: Annotated[
        str | None,
        typer.Option(
            help="Time limit for the whole command, export included: 90s, 20m, 1h30m.",
            show_default="no limit",
        ),
    ] = None,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Also write event files for TensorBoard.")
    ] = False,
    devices: Annotated[
        str, typer.Option(help="Number of this machine's GPUs to train on, or all.", metavar="all|N")
    ] = "1",
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Train a variational autoencoder, and export it to ONNX at the end.

    Ctrl-C, SIGTERM, SIGHUP and SIGUSR1 stop it without loss: the state is saved and the best model so far exported.
    Another signal, at least a second later, stops it at once.

    With --resume, more --epochs stretch the cosine schedule to the new end, so the learning rate rises first.

    [dim]vaecli train --epochs 30[/dim]

    [dim]vaecli train --data fashion-mnist-mini --epochs 10 --latent-dim 2 --out runs/first[/dim]

    [dim]vaecli train --config runs/first/config.toml --seed 1[/dim]

    [dim]vaecli train --resume runs/first --epochs 60[/dim]
    """
    typed = _typed_options(context)
    limit = seconds(max_time, option="--max-time") if max_time is not None else None
    device_limit = device_count(devices)
    new_options, from_file = None, {}
    if resume is not None:
        _refuse_beside_resume([*typed, *(name for name in ("out", "config") if _is_typed(context, name))])
    else:
        settings = options.read_config(config) if config else {}
        from_file = {name: value for name, value in settings.items() if name not in typed}
        with _naming(config, from_file):
            new_options = options.merge(settings, typed)

    from vaecli.cli.stopping import EXIT_CODES, stoppable
    from vaecli.cli.training_json import JsonWatcher
    from vaecli.cli.training_screen import watching
    from vaecli.tasks.train.train import train as task

    with stoppable() as stop:
        with _naming(config, from_file), watching(quiet=quiet, as_json=as_json) as watch:
            result = task(
                new_options,
                out=out,
                resume=resume,
                changes=typed if resume else None,
                watch=watch,
                stop=stop,
                interruptible=stop.at_once,
                checkpoint_every=60 * checkpoint_every,
                max_time=limit,
                tensorboard=tensorboard,
                devices=device_limit,
            )
        stop_reason = stop() or result.reason  # of several workers, another one may have received the signal
    try:
        if result.run and isinstance(watch, JsonWatcher):
            watch.ended(result)
        _report(result, quiet=quiet, as_json=as_json)
    finally:  # also if the terminal is gone, which a SIGHUP means
        if stop_reason in EXIT_CODES:
            raise typer.Exit(EXIT_CODES[stop_reason])
    if isinstance(watch, JsonWatcher) and watch.failed:
        raise typer.Exit(1)


def _refuse_beside_resume(names: list[str]) -> None:
    refused = [name for name in names if name not in WITH_RESUME]
    if refused:
        flag = "--" + refused[0].replace("_", "-")
        raise OptionError(
            "--resume must be alone, or with --epochs, --patience and --data (where the same images are now): all "
            f"other options are those of the run. Got {flag}.",
            option="--resume",
        )


def _is_typed(context: typer.Context, name: str) -> bool:
    """Return whether an option was typed, rather than left to its default."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


@contextlib.contextmanager
def _naming(config: pathlib.Path | None, settings: Mapping[str, Any]) -> Iterator[None]:
    """Name the file in an OptionError of the body if the setting comes from there, as nobody typed it."""
    try:
        yield
    except OptionError as error:
        name = error.option.removeprefix("--").replace("-", "_")
        if name not in settings:
            raise
        message = f"{config} has {name} = {settings[name]!r}. {error.message}"
        raise OptionError(message, hint=error.hint) from error


def _typed_options(context: typer.Context) -> dict[str, Any]:
    """Return the training options that were typed; they override a file, which overrides defaults."""
    names = [field.name for field in dataclasses.fields(TrainOptions) if _is_typed(context, field.name)]
    return {name: context.params[name] for name in names}


def _report(result: "Trained", *, quiet: bool, as_json: bool) -> None:
    """Print why training ended, the run's path, and what to type next; only the last of them beside JSON."""
    if result.run is None:  # this process is a worker and not the chief
        return
    if not as_json and not quiet:
        console.note(f"Training ended: {result.reason}.")
        console.note(_outcome(result))
    if not as_json:
        console.say(console.shown_path(result.run))
    if quiet:
        return
    run = console.shown_path(result.run)
    if not result.finished:
        console.next_step("train", "--resume", run)
    if result.best and not as_json:
        _next_steps(result.run, run)


def _next_steps(run: pathlib.Path, shown: str) -> None:
    """Print the commands that work on a finished run: `sample`, and `eval` if its data have a test set."""
    from vaecli.tasks.data import has_test_set

    data = str(options.read_config(run / "config.toml").get("data"))
    if has_test_set(data):
        folder = ["--data", console.shown_path(data)] if pathlib.Path(data).is_absolute() else []
        console.next_step("eval", "-m", shown, *folder)
    console.next_step("sample", "-m", shown)


def _outcome(result: "Trained") -> str:
    if not result.best:
        return "No epoch is complete yet: there is no model to export."
    best = f"Epoch {result.best['epoch']:.0f} has the lowest validation loss, {result.best['val_loss']:.2f} nats."
    if result.parity is None:
        return best
    return f"{best} Keras and the exported files differ by {result.parity:.1e} at most."
