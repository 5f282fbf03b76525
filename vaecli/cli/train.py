"""`vaecli train`."""

import contextlib
import dataclasses
import pathlib
import typing
from collections.abc import Iterator, Mapping
from typing import Any

import typer

from vaecli import options
from vaecli.cli import console, forecast
from vaecli.cli.console import usage_errors
from vaecli.cli.duration import seconds
from vaecli.cli.parameters import JsonOption, QuietOption, SeedOption
from vaecli.cli.run_options import (
    CheckpointEveryOption,
    ConfigOption,
    DryRunOption,
    ExamplesOption,
    MaxTimeOption,
    ResumeOption,
    StartFromOption,
    TensorboardOption,
    TrainingOutOption,
)
from vaecli.cli.training_options import (
    AllowBadOption,
    AugmentOption,
    BatchSizeOption,
    BetaOption,
    BinarizeOption,
    ComponentsOption,
    ConditionalOption,
    DepthOption,
    DevicesOption,
    EpochsOption,
    FitOption,
    FreeBitsOption,
    GreyOption,
    ImageSizeOption,
    KlWarmupOption,
    LatentDimOption,
    LearningRateOption,
    LikelihoodOption,
    NetworkOption,
    PatienceOption,
    PrecisionOption,
    PriorOption,
    ScheduleOption,
    StretchOption,
    TestSplitOption,
    TrainingDataOption,
    ValidationSplitOption,
    WidthOption,
)
from vaecli.config import read_config
from vaecli.errors import ConfigError, OptionError
from vaecli.options import TrainOptions, device_count

if typing.TYPE_CHECKING:
    from vaecli.tasks.train.train import Trained

DEFAULTS = TrainOptions()
WITH_RESUME = ("epochs", "patience", "data")


@usage_errors
def train(
    context: typer.Context,
    data: TrainingDataOption = DEFAULTS.data,
    network: NetworkOption = DEFAULTS.network,
    width: WidthOption = None,
    depth: DepthOption = None,
    likelihood: LikelihoodOption = DEFAULTS.likelihood,
    binarize: BinarizeOption = DEFAULTS.binarize,
    conditional: ConditionalOption = DEFAULTS.conditional,
    epochs: EpochsOption = DEFAULTS.epochs,
    latent_dim: LatentDimOption = DEFAULTS.latent_dim,
    batch_size: BatchSizeOption = DEFAULTS.batch_size,
    learning_rate: LearningRateOption = None,
    schedule: ScheduleOption = DEFAULTS.schedule,
    beta: BetaOption = DEFAULTS.beta,
    kl_warmup: KlWarmupOption = None,
    free_bits: FreeBitsOption = DEFAULTS.free_bits,
    prior: PriorOption = DEFAULTS.prior,
    components: ComponentsOption = None,
    precision: PrecisionOption = DEFAULTS.precision,
    patience: PatienceOption = DEFAULTS.patience,
    validation_split: ValidationSplitOption = DEFAULTS.validation_split,
    seed: SeedOption = DEFAULTS.seed,
    examples: ExamplesOption = DEFAULTS.examples,
    stretch: StretchOption = DEFAULTS.stretch,
    image_size: ImageSizeOption = None,
    grey: GreyOption = None,
    fit: FitOption = DEFAULTS.fit,
    augment: AugmentOption = DEFAULTS.augment,
    test_split: TestSplitOption = DEFAULTS.test_split,
    allow_bad: AllowBadOption = DEFAULTS.allow_bad,
    start_from: StartFromOption = DEFAULTS.start_from,
    out: TrainingOutOption = None,
    config: ConfigOption = None,
    resume: ResumeOption = None,
    checkpoint_every: CheckpointEveryOption = 5.0,
    max_time: MaxTimeOption = None,
    tensorboard: TensorboardOption = False,
    devices: DevicesOption = "1",
    dry_run: DryRunOption = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Train a variational autoencoder, and export it to ONNX at the end.

    Ctrl-C, SIGTERM, SIGHUP and SIGUSR1 stop it without loss: the state is saved and the best model so far exported.
    Another signal, at least a second later, ends the command at once.

    With --resume, more --epochs stretch the cosine schedule to the new end, so the learning rate rises first.

    [dim]vaecli train --epochs 30[/dim]

    [dim]vaecli train --data my-pictures/ --image-size 64 --rgb --augment flip,shift[/dim]

    [dim]vaecli train --config runs/first/config.toml --seed 1[/dim]

    [dim]vaecli train --resume runs/first --epochs 60[/dim]
    """
    typed = _typed_options(context)
    limit = seconds(max_time, option="--max-time") if max_time is not None else None
    device_limit = device_count(devices)
    new_options, from_file = None, {}
    if resume is not None:
        others = [name for name in ("out", "config", "dry_run") if _is_typed(context, name)]
        _refuse_beside_resume(typed, others, resume)
    else:
        settings = read_config(config) if config else {}
        from_file = {name: value for name, value in settings.items() if name not in typed}
        with _naming(config, from_file):
            new_options = options.merge(settings, typed)
    if dry_run:
        forecast.show_forecast(new_options or DEFAULTS, devices=device_limit, quiet=quiet, as_json=as_json)
        return

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


def _refuse_beside_resume(typed: Mapping[str, Any], others: list[str], run: pathlib.Path) -> None:
    """Refuse options beside --resume; the error names the run's own value of a training option."""
    refused = [name for name in [*typed, *others] if name not in WITH_RESUME]
    if not refused:
        return
    name, value = refused[0], None
    with contextlib.suppress(ConfigError):  # without a run, the option alone is named
        value = read_config(run / "config.toml").get(name)
    own = "" if value is None else f"; the run has {value}"
    raise OptionError(
        "--resume must be alone, or with --epochs, --patience and --data (where the same images are now): all "
        f"other options are those of the run. Got --{name.replace('_', '-')}{own}.",
        option="--resume",
    )


def _is_typed(context: typer.Context, name: str) -> bool:
    """Return whether an option was typed, rather than left to its default."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


@contextlib.contextmanager
def _naming(config: pathlib.Path | None, settings: Mapping[str, Any]) -> Iterator[None]:
    """Name the file `config` in an OptionError of the body if the refused setting comes from that file."""
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
    typed = {name: context.params[name] for name in names}
    if _is_typed(context, "grey"):
        typed["colour"] = "grey" if context.params["grey"] else "rgb"
    return typed


def _report(result: "Trained", *, quiet: bool, as_json: bool) -> None:
    """Print why training ended, the run's path and the next commands; with JSON only how to resume."""
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
        console.next_step("eval", "-m", run)  # it finds the data through the run
        console.next_step("sample", "-m", run)
        console.next_step("explore", "-m", run)


def _outcome(result: "Trained") -> str:
    if not result.best:
        return "No epoch is complete yet: there is no model to export."
    best = f"Epoch {result.best['epoch']:.0f} has the lowest validation loss, {result.best['val_loss']:.2f} nats."
    if result.parity is None:
        return best
    return f"{best} Keras and the exported files differ by {result.parity:.1e} at most."
