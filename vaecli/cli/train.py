"""`vaecli train`."""

import typing

import typer

from vaecli import options
from vaecli.cli import console, forecast, training_settings
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
    MixtureEpochsOption,
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
from vaecli.options import TrainOptions, device_count

if typing.TYPE_CHECKING:
    from vaecli.tasks.train.train import Trained

DEFAULTS = TrainOptions()


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
    mixture_epochs: MixtureEpochsOption = DEFAULTS.mixture_epochs,
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
    typed = training_settings.typed_options(context)
    limit = seconds(max_time, option="--max-time") if max_time is not None else None
    device_limit = device_count(devices)
    new_options, from_file = None, {}
    if resume is not None:
        training_settings.refuse_beside_resume(context, typed, resume)
    else:
        if dry_run:
            training_settings.refuse_beside_dry_run(context)
        if config:
            from_file = training_settings.settings_of_file(config, typed, quiet=quiet)
        with training_settings.naming(config, from_file):
            new_options = options.merge(from_file, typed)
    if dry_run:
        forecast.show_forecast(new_options or DEFAULTS, devices=device_limit, quiet=quiet, as_json=as_json)
        return

    from vaecli.cli.stopping import EXIT_CODES, stoppable
    from vaecli.cli.training_json import JsonWatcher
    from vaecli.cli.training_screen import watching
    from vaecli.tasks.train.resume import options_to_repeat
    from vaecli.tasks.train.train import train as task

    with stoppable() as stop:
        with training_settings.naming(config, from_file), watching(quiet=quiet, as_json=as_json) as watch:
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
        to_repeat = options_to_repeat(
            devices=device_limit, tensorboard=tensorboard, checkpoint_every=60 * checkpoint_every
        )
        _report(result, to_repeat, quiet=quiet, as_json=as_json)
    finally:  # also if the terminal is gone, which a SIGHUP means
        if stop_reason in EXIT_CODES:
            raise typer.Exit(EXIT_CODES[stop_reason])
    if isinstance(watch, JsonWatcher) and watch.failed:
        raise typer.Exit(1)


def _report(result: "Trained", to_repeat: list[str], *, quiet: bool, as_json: bool) -> None:
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
        console.next_step("train", "--resume", run, *to_repeat)
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
