"""`vaecli train`: images -> a run folder with a trained, exported, checked model."""

import contextlib
import dataclasses
import pathlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from vaecli.commands import command
from vaecli.errors import OptionError, OutputError
from vaecli.extras import require
from vaecli.modelfile.find import DECODERS
from vaecli.options import TrainOptions
from vaecli.runs.history import Row, write_metrics
from vaecli.runs.progress import Plan, Several, Watcher
from vaecli.tasks.train import deadline, workers
from vaecli.tasks.train import resume as resuming
from vaecli.tasks.train.job import Interruptible, Job, begin, reopen
from vaecli.tasks.train.plots import SheetKeeper
from vaecli.tasks.train.results import finish, missing
from vaecli.training.advice import Adviser
from vaecli.training.cluster import rendezvous, tf_config
from vaecli.training.tensorflow import quietly, use_threads

if TYPE_CHECKING:
    from vaecli.training.cluster.devices import Devices
    from vaecli.training.trainer import Trainer

CHECKPOINT_EVERY = 5 * 60.0  # seconds


@dataclasses.dataclass(frozen=True)
class Trained:
    """The outcome of a training run.

    Attributes:
        run: its folder; None if this process has none, as a worker that is not the chief.
        reason: why training ended, in words.
        best: the row of metrics.csv whose weights are in the model; None if no epoch was completed.
        parity: the largest difference between Keras and the exported files; None if none were made.
        finished: false if there is more to train, and the run can be resumed.
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
    nothing is trained. With more `epochs` in `changes` it is extended: the cosine is a function of the step and of
    the number of all steps, so it is recomputed to the new end, and the learning rate jumps up to that curve.
    Patience keeps counting, and starts again if it had run out.

    Args:
        options: of a new run; the defaults if left out.
        out: folder of a new run; the next free `runs/<data>-<n>` if left out.
        resume: folder of a run to continue, in place of `options` and `out`.
        changes: new `epochs` and `patience` of that run, and `data`, where its images are now.
        watch: receives progress.
        stop: called between steps; a reason ends the run, whose state and best weights are kept.
        interruptible: entered while the data are loaded, when nothing can be lost: a signal may end that at once.
        checkpoint_every: seconds between saved states within an epoch; one is saved at the end of each anyway.
        max_time: seconds after which everything should be done, the export too; the run can then be resumed.
        tensorboard: also write event files.
        devices: number of this machine's devices to train on; None for all.

    Raises:
        VaecliError: anything that goes wrong; a run that has begun stays readable.
    """
    limit = deadline.Deadline(max_time)
    if not checkpoint_every >= 0:
        raise OptionError(
            f"--checkpoint-every must be at least 0, got {checkpoint_every}.", option="--checkpoint-every"
        )
    require("Training needs TensorFlow, tf2onnx and matplotlib", "tensorflow", "tf2onnx", "matplotlib")
    if tensorboard:
        require("--tensorboard needs the tensorboard package", "tensorboard", extra="tensorboard")
    cluster = tf_config.from_environment()
    watch = watch or Watcher()
    with contextlib.ExitStack() as stack:
        joined = None
        if cluster.workers > 1:
            with limit.starting():
                workers.start_tensorflow(devices)
            reason = rendezvous.meet(cluster, stop)
            if reason:
                return Trained(None, reason, None, None, finished=False)
            joined = stack.enter_context(workers.joined(cluster, devices))
            if not joined.is_chief:
                data_name = options.data if options else (changes or {}).get("data")
                reason, finished = workers.follow(
                    joined, data_name=data_name, watch=watch, stop=stop, interruptible=interruptible
                )
                return Trained(None, reason, None, None, finished)
        opened = (
            reopen(resume, changes or {}, watch, interruptible)
            if resume
            else begin(options or TrainOptions(), out, watch, interruptible)
        )
        with workers.sending_failure(joined):
            requested = stack.enter_context(opened)
            stack.enter_context(workers.guarded(joined, requested.run))
            with limit.starting():
                started = _start(requested, joined, devices)
        trainer = _build(requested, started, watch)
        job = started.job
        int8 = (job.run.model / DECODERS["int8"]).exists()

        def stop_or_deadline() -> str | None:
            history = trainer.state.history
            late = limit.passed(history[-1]["val_seconds"] if history else 0.0, int8=int8)
            return stop() or (deadline.REASON if late else None)

        try:
            watchers = _watchers(job, trainer, watch, tensorboard=tensorboard)
            return _train(job, trainer, Several(watchers), stop_or_deadline, checkpoint_every)
        except OutputError as error:
            if not job.run.checkpoint.exists():
                raise
            hint = (
                f"The last state is whole. When that is mended: {command('train', '--resume', job.run.path)}"
            )
            raise OutputError(error.message, hint=hint) from error


@dataclasses.dataclass(frozen=True)
class _Started:
    """TensorFlow at work: the job with its precision resolved, the devices, and the threads in use."""

    job: Job
    devices: "Devices"
    threads: list[int]


def _start(requested: Job, joined: "Devices | None", count: int | None) -> _Started:
    with quietly(requested.run.log):
        from vaecli.training import precision
        from vaecli.training.cluster.devices import Devices

        threads = use_threads(requested.threads)
        resolved = precision.choose(requested.options.precision, insist=requested.before is None)
        job = dataclasses.replace(
            requested, options=dataclasses.replace(requested.options, precision=resolved)
        )
        return _Started(job, joined or Devices(count), threads)


def _build(requested: Job, started: _Started, watch: Watcher) -> "Trainer":
    """Build networks, optimizer and loop; restore the state of a resumed run."""
    job = started.job
    workers.send_job(started.devices, job)
    with quietly(job.run.log):
        from vaecli.training.trainer import Trainer

        trainer = Trainer(
            job.data,
            job.held_out,
            job.options,
            checkpoint=job.run.checkpoint,
            identity=job.identity,
            devices=started.devices,
        )
    if job.before is None:
        job.write_config()
    else:
        trainer.resume()
        resuming.note_other_numbers(
            requested,
            trainer,
            watch,
            precision=job.options.precision,
            replicas=started.devices.replicas,
            threads=started.threads,
        )
        if requested.options != job.before:
            resuming.extend(requested, job.before, trainer, watch)
    trainer.state.threads, trainer.state.replicas = started.threads, started.devices.replicas
    trainer.broadcast()
    return trainer


def _watchers(job: Job, trainer: "Trainer", watch: Watcher, *, tensorboard: bool) -> list[Watcher]:
    """The caller's watcher, and those that keep samples, give advice and write events."""
    adviser = Adviser(watch, trainer.state.history, hidden_units=trainer.vae.hidden_units)
    watchers = [watch, adviser, SheetKeeper(job.run)]
    if tensorboard:
        from vaecli.training.events import EventWriter

        watchers.append(EventWriter(job.run.tensorboard))
    return watchers


def _train(
    job: Job, trainer: "Trainer", watch: Watcher, stop: Callable[[], str | None], checkpoint_every: float
) -> Trained:
    from vaecli.training.loop import Loop

    run, was_finished = job.run, trainer.finished
    if not was_finished:
        watch.started(_plan(job, trainer))
    loop = Loop(
        trainer,
        watch=watch,
        stop=stop,
        saved=lambda state: write_metrics(run.metrics, state.history),
        save_every=checkpoint_every,
    )
    reason = loop.run()
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
        precision=job.options.precision,
        devices=trainer.state.replicas,
    )
