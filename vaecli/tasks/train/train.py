"""`vaecli train`: images -> a run folder with a trained, exported, checked model."""

import contextlib
import dataclasses
import pathlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vaecli import checks
from vaecli.commands import command
from vaecli.errors import OutputError, TrainingError
from vaecli.extras import require
from vaecli.options import TrainOptions
from vaecli.runs.history import Row, write_metrics
from vaecli.runs.layout import Run
from vaecli.runs.progress import Plan, Several, Watcher
from vaecli.tasks.train import start, workers
from vaecli.tasks.train.deadline import Deadline, in_time
from vaecli.tasks.train.job import Interruptible, Job, begin, reopen
from vaecli.tasks.train.plots import SheetKeeper
from vaecli.tasks.train.results import finish, missing
from vaecli.tasks.train.resume import CHECKPOINT_EVERY, options_to_repeat
from vaecli.training.advice import Adviser
from vaecli.training.cluster import rendezvous, tf_config
from vaecli.training.networks.table import learning_rate

if TYPE_CHECKING:
    from vaecli.training.trainer import Trainer


@dataclasses.dataclass(frozen=True)
class Trained:
    """The outcome of a training run.

    Attributes:
        run: the run folder; None on a worker other than the chief, which has none.
        reason: why training ended, in words.
        best: the row of metrics.csv of the exported weights; None if no epoch was completed.
        parity: the largest difference between Keras and the exported files; None if nothing was exported.
        finished: whether nothing is left to train; if not, the run can be resumed.
    """

    run: pathlib.Path | None
    reason: str
    best: Row | None
    parity: float | None
    finished: bool


def train(
    options: TrainOptions | None = None,
    *,
    out: pathlib.Path | None = None,
    resume: pathlib.Path | None = None,
    changes: Mapping[str, Any] | None = None,
    watch: Watcher | None = None,
    stop: Callable[[], str | None] = lambda: None,
    interruptible: Interruptible = contextlib.nullcontext,
    checkpoint_every: float = CHECKPOINT_EVERY,
    max_time: float | None = None,
    tensorboard: bool = False,
    devices: int | None = 1,
) -> Trained:
    """Train a model, export it and check it; together with other workers if TF_CONFIG names any.

    A resumed run continues bit for bit from its saved state. If it was finished, missing results are made and
    nothing is trained. More `epochs` in `changes` extend it: the schedule of the learning rate is computed anew
    to the new end, so a cosine rises to its new curve. Patience keeps counting, and starts again if it had run out.

    Args:
        options: of a new run; the defaults if left out.
        out: folder of a new run; the next free `runs/<data>-<n>` if left out.
        resume: folder of a run to resume, in place of `options` and `out`.
        changes: new `epochs` and `patience` of that run, and `data`, where its images are now.
        watch: receives progress.
        stop: called between steps; a text it returns ends the run, with state and best weights kept.
        interruptible: makes the context for loading data, in which a signal may end the process at once.
        checkpoint_every: seconds between saved states within an epoch; there is one after each epoch anyway.
        max_time: seconds after which everything should be done, the export included; the run can then be resumed.
        tensorboard: whether to write event files as well.
        devices: number of this machine's devices to train on; None for all.

    Raises:
        VaecliError: training could not begin, go on, or end with a checked export. A run with a saved state can be
            resumed; without one, no folder is left.
    """
    limit = Deadline(max_time)
    checks.real(checkpoint_every, "--checkpoint-every", least=0)
    require("Training needs TensorFlow, tf2onnx and matplotlib", "tensorflow", "tf2onnx", "matplotlib")
    if tensorboard:
        require("--tensorboard needs the tensorboard package", "tensorboard", extra="tensorboard")
    cluster = tf_config.from_environment()
    watch, changes = watch or Watcher(), changes or {}
    with contextlib.ExitStack() as stack:
        all_devices = None
        if cluster.workers > 1:
            with limit.starting():
                workers.start_tensorflow(devices)
            reason = rendezvous.meet(cluster, stop)
            if reason:
                return Trained(None, reason, None, None, finished=False)
            all_devices = stack.enter_context(workers.connected(cluster, devices))
            if not all_devices.is_chief:
                data_name = options.data if options else changes.get("data")
                reason, finished = workers.follow(
                    all_devices, data_name=data_name, watch=watch, stop=stop, interruptible=interruptible
                )
                return Trained(None, reason, None, None, finished)
        opened = (
            reopen(resume, changes, watch, interruptible)
            if resume
            else begin(options or TrainOptions(), out, watch, interruptible)
        )
        with workers.sending_failure(all_devices):
            requested = stack.enter_context(opened)
            stack.enter_context(workers.guarded(all_devices, requested.run))
            with limit.starting():
                started = start.start_tensorflow(requested, all_devices, devices)
            if requested.previous_options is None:
                start.require_exportable(started.job)
        trainer = start.build_trainer(requested, started, watch)
        to_repeat = options_to_repeat(
            devices=devices, tensorboard=tensorboard, checkpoint_every=checkpoint_every
        )
        with _hinting_at_run(requested.run, trainer, to_repeat):
            watchers = Several(_watchers(started.job, trainer, watch, tensorboard=tensorboard))
            stop_in_time = in_time(stop, limit, trainer, started.job)
            return _train(started.job, trainer, watchers, stop_in_time, checkpoint_every)


@contextlib.contextmanager
def _hinting_at_run(run: Run, trainer: "Trainer", to_repeat: Sequence[str]) -> Iterator[None]:
    """Add to errors of the body how to go on with the run: to resume it after a full disk, or to export it."""
    try:
        yield
    except TrainingError as error:
        if not trainer.state.best_weights:
            raise
        export = command("export", "-m", run.path)
        hint = f"{error.hint} To export the best epoch so far, {trainer.state.best_epoch}: {export}"
        raise TrainingError(error.message, hint=hint) from error
    except OutputError as error:
        if not run.checkpoint.exists():
            raise
        resume = command("train", "--resume", run.path, *to_repeat)
        hint = f"The last saved state is complete. When the problem is solved: {resume}"
        raise OutputError(error.message, hint=hint) from error


def _watchers(job: Job, trainer: "Trainer", watch: Watcher, *, tensorboard: bool) -> list[Watcher]:
    """Return the caller's watcher, and those that give advice, keep samples and write event files."""
    hidden_units, kl_warmup = trainer.vae.hidden_units, trainer.options.kl_warmup or 0.0
    adviser = Adviser(watch, trainer.state.history, hidden_units=hidden_units, kl_warmup=kl_warmup)
    watchers = [watch, adviser, SheetKeeper(job.run)]
    if tensorboard:
        from vaecli.training.events import EventWriter

        watchers.append(EventWriter(job.run.tensorboard))
    return watchers


def _train(
    job: Job, trainer: "Trainer", watch: Watcher, stop: Callable[[], str | None], checkpoint_every: float
) -> Trained:
    """Train the epochs that are left, then make the results that are missing."""
    from vaecli.training.loop import Loop

    run, was_finished = job.run, trainer.finished
    if not was_finished:
        watch.started(_plan(job, trainer))
        if job.options.binarize:
            watch.note("Pixels are binarised: the losses do not compare with those of grey pixels.")
        if trainer.waits_for_mixture:
            first = trainer.first_mixture_epoch
            watch.note(
                f"From epoch {first} on the prior is a mixture: losses fall by what it gains over N(0, I)."
            )
    reason = Loop(
        trainer,
        watch=watch,
        stop=stop,
        saved=lambda state: write_metrics(run.metrics, state.history),
        save_every=checkpoint_every,
    ).run()
    state, parity = trainer.state, None
    if not state.best_weights:
        return Trained(run.path, reason, None, None, trainer.finished)
    to_make = missing(job)
    if was_finished:
        made = f"made again: {', '.join(to_make)}" if to_make else "nothing is missing"
        watch.note(f"This run was already trained to its end; {made}.")
    if to_make:
        parity = finish(job, trainer.vae, to_make, watch)
    return Trained(run.path, reason, state.history[state.best_epoch - 1], parity, trainer.finished)


def _plan(job: Job, trainer: "Trainer") -> Plan:
    from vaecli.training.vae import parameter_count

    return Plan(
        run=str(job.run.path),
        data=job.data.name,
        n_train=trainer.n_train,
        n_validation=len(job.data.images) - trainer.n_train,
        parameters=parameter_count(trainer.vae),
        epochs=job.options.epochs,
        first_epoch=trainer.state.epoch,
        steps_per_epoch=trainer.steps_per_epoch,
        batch_size=trainer.batch_size,
        learning_rate=learning_rate(job.options),
        precision=job.options.precision,
        devices=trainer.state.replicas,
    )
