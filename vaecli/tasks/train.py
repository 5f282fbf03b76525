"""`vaecli train`: images -> a run folder with a trained, exported, checked model."""

import contextlib
import dataclasses
import pathlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from vaecli.errors import OptionError, OutputError
from vaecli.options import TrainOptions
from vaecli.runtime.location import DECODERS
from vaecli.tasks import deadline, plots, resuming, together
from vaecli.tasks.finish import finish, missing
from vaecli.tasks.job import Interruptible, Job, begun, taken_up
from vaecli.training import cluster, meeting, startup
from vaecli.training.advice import Adviser
from vaecli.training.watch import Plan, Row, Several, Watcher

if TYPE_CHECKING:
    from vaecli.training.devices import Devices
    from vaecli.training.trainer import Trainer

CHECKPOINT_EVERY = 5 * 60.0  # seconds


@dataclasses.dataclass(frozen=True)
class Trained:
    """What a run came to.

    Attributes:
        run: its folder; None where nothing has been written, as by a worker that is not the chief.
        reason: why training ended, in words.
        best: the row of metrics.csv whose weights are in the model; None if no epoch was finished.
        parity: the largest difference between Keras and the exported files; None if none were made.
        finished: false if there is more to train, and the run can be taken up.
    """

    run: pathlib.Path | None
    reason: str
    best: Row | None
    parity: float | None
    finished: bool


def train(
    chosen: TrainOptions | None = None,
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
    """Train a model, export it, check it; together with others, if TF_CONFIG names any.

    A run that is taken up goes on to the bit where its state stands. If it was finished, what is missing of its
    results is made, and nothing is trained. With more `epochs` in `changes` it is extended: the cosine is a
    function of the step and of all steps, so it is drawn anew to the new end, and the rate jumps up to where that
    curve is at the step where the run stands. Patience counts on, and anew from there if it had run out.

    Args:
        chosen: the options of a new run; the defaults if left out.
        out: its folder; the next free `runs/<data>-<n>` if left out.
        resume: the folder of a run to go on with, in place of `chosen` and `out`.
        changes: new `epochs` and `patience` for that run, and `data`: where its images are now.
        watch: is told how it goes.
        stop: asked between steps; a reason ends the run, whose state and best weights are kept.
        interruptible: entered while the data are loaded, where nothing can be lost: a signal may end that at once.
        checkpoint_every: seconds between two states within an epoch; one is written at the end of each anyway.
        max_time: seconds after which all should be done, the export too; the run can then be taken up.
        tensorboard: write event files, too.
        devices: how many of this machine train; None for all.

    Raises:
        VaecliError: whatever goes wrong; a run that has begun stays readable.
    """
    limit = deadline.Deadline(max_time)
    if checkpoint_every < 0:
        raise OptionError(
            f"--checkpoint-every has to be zero or more; {checkpoint_every} came.",
            option="--checkpoint-every",
        )
    startup.require("Training needs TensorFlow and tf2onnx", "tensorflow", "tf2onnx")
    if tensorboard:
        startup.require("--tensorboard needs the tensorboard package", "tensorboard", extra="tensorboard")
    place = cluster.from_environment()
    watch = watch or Watcher()
    with contextlib.ExitStack() as stack:
        workers = None
        if place.workers > 1:
            with limit.starting():
                together.start_tensorflow(devices)
            reason = meeting.meet(place, stop)
            if reason:
                return Trained(None, reason, None, None, finished=False)
            workers = stack.enter_context(together.joined(place, devices))
            if not workers.is_chief:
                name = chosen.data if chosen else (changes or {}).get("data")
                reason, finished = together.follow(
                    workers, data_name=name, watch=watch, stop=stop, interruptible=interruptible
                )
                return Trained(None, reason, None, None, finished)
        opened = (
            taken_up(resume, changes or {}, watch, interruptible)
            if resume
            else begun(chosen or TrainOptions(), out, watch, interruptible)
        )
        with together.telling_failure(workers):
            asked_for = stack.enter_context(opened)
            stack.enter_context(together.guarded(workers, asked_for.run))
            with limit.starting():
                started = _start(asked_for, workers, devices)
        trainer = _build(asked_for, started, watch)
        job = started.job
        int8 = (job.run.model / DECODERS["int8"]).exists()

        def asked() -> str | None:
            history = trainer.state.history
            late = limit.passed(history[-1]["val_seconds"] if history else 0.0, int8=int8)
            return stop() or (deadline.REASON if late else None)

        try:
            watchers = _watchers(job, trainer, watch, tensorboard=tensorboard)
            return _train(job, trainer, Several(watchers), asked, checkpoint_every)
        except OutputError as error:
            if not job.run.checkpoint.exists():
                raise
            hint = f"The last state is whole. When that is mended: vaecli train --resume {job.run.path}"
            raise OutputError(error.message, hint=hint) from error


@dataclasses.dataclass(frozen=True)
class _Started:
    """TensorFlow at work: the job with `auto` resolved, the devices, and the threads that TensorFlow took."""

    job: Job
    devices: "Devices"
    threads: list[int]


def _start(asked_for: Job, workers: "Devices | None", count: int | None) -> _Started:
    with startup.quietly(asked_for.run.log):
        from vaecli.training import precision, threads
        from vaecli.training.devices import Devices

        found = threads.use(asked_for.threads)
        kind = precision.choose(asked_for.chosen.precision, insist=asked_for.before is None)
        job = dataclasses.replace(asked_for, chosen=dataclasses.replace(asked_for.chosen, precision=kind))
        return _Started(job, workers or Devices(count), found)


def _build(asked_for: Job, started: _Started, watch: Watcher) -> "Trainer":
    """All that trains, with the state in place if the run is taken up."""
    job = started.job
    together.tell(started.devices, job)
    with startup.quietly(job.run.log):
        from vaecli.training.trainer import Trainer

        trainer = Trainer(job.data.images, job.held_out, job.chosen, job.run.checkpoint, started.devices)
    if job.before is None:
        job.write_config()
    else:
        trainer.resume(job.facts)
        resuming.note_other_numbers(
            asked_for,
            trainer,
            watch,
            precision=job.chosen.precision,
            replicas=started.devices.replicas,
            threads=started.threads,
        )
        if asked_for.chosen != job.before:
            resuming.extend(job, job.before, trainer, watch)
    trainer.state.threads, trainer.state.replicas = started.threads, started.devices.replicas
    trainer.share()
    return trainer


def _watchers(job: Job, trainer: "Trainer", watch: Watcher, *, tensorboard: bool) -> list[Watcher]:
    """The caller's, and those that keep and judge what happens."""
    watchers = [watch, Adviser(watch, trainer.state.history), plots.SheetKeeper(job.run)]
    if tensorboard:
        from vaecli.training.events import EventWriter

        watchers.append(EventWriter(job.run.tensorboard))
    return watchers


def _train(
    job: Job, trainer: "Trainer", watch: Watcher, stop: Callable[[], str | None], checkpoint_every: float
) -> Trained:
    run, was_finished = job.run, trainer.finished
    if not was_finished:
        watch.started(_plan(job, trainer))
    reason = trainer.run(
        job.facts,
        saved=lambda state: run.write_metrics(state.history),
        watch=watch,
        stop=stop,
        save_every=checkpoint_every,
    )
    state, parity = trainer.state, None
    if not state.best_weights:
        return Trained(run.path, reason, None, None, trainer.finished)
    wanted = missing(job)
    if was_finished:
        made = f"made again: {', '.join(wanted)}" if wanted else "nothing is missing"
        watch.note(f"This run was trained to its end already; {made}.")
    if wanted:
        parity = finish(job, trainer.vae, wanted, watch)
    return Trained(run.path, reason, state.history[state.best_epoch - 1], parity, trainer.finished)


def _plan(job: Job, trainer: "Trainer") -> Plan:
    return Plan(
        run=str(job.run.path),
        data=job.data.name,
        n_train=trainer.n_train,
        n_validation=len(job.data.images) - trainer.n_train,
        parameters=sum(int(np.prod(variable.shape)) for variable in trainer.vae.variables),
        epochs=job.chosen.epochs,
        first_epoch=trainer.state.epoch,
        steps_per_epoch=trainer.steps_per_epoch,
        precision=job.chosen.precision,
        devices=trainer.state.replicas,
    )
