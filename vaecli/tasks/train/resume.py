"""The command that resumes a run; notes and changes where it has other threads, devices, precision or epochs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vaecli.options import TrainOptions
from vaecli.runs.progress import Watcher
from vaecli.tasks.train.job import Job

if TYPE_CHECKING:
    from vaecli.training.trainer import Trainer

CHECKPOINT_EVERY = 5 * 60.0  # seconds


def options_to_repeat(*, devices: int | None, tensorboard: bool, checkpoint_every: float) -> list[str]:
    """Return the options, as words of a command, that no file of the run keeps for `--resume`.

    Args:
        devices: number of this machine's devices; None for all.
        tensorboard: whether event files are written.
        checkpoint_every: seconds between saved states within an epoch.
    """
    words = []
    if devices != 1:
        words += ["--devices", "all" if devices is None else str(devices)]
    if tensorboard:
        words.append("--tensorboard")
    if checkpoint_every != CHECKPOINT_EVERY:
        words += ["--checkpoint-every", f"{checkpoint_every / 60:g}"]
    return words


def note_differences(
    requested: Job,
    trainer: "Trainer",
    watch: Watcher,
    *,
    precision: str,
    replicas: int,
    threads: Sequence[int],
) -> None:
    """Note each change of precision, devices or threads since the run was stopped.

    After such a change, the weights differ by rounding from those of an uninterrupted run.

    Args:
        requested: the resumed run, with the precision and threads that it had before.
        trainer: with the restored state.
        watch: receives the notes.
        precision: of the steps to come.
        replicas: number of devices from now on.
        threads: TensorFlow's threads from now on, within and between operations.
    """
    before = requested.options.precision
    changes = []
    if before not in (precision, "auto"):
        changes.append(f"in {before}, which this machine does not compute in, and goes on in {precision}")
    if trainer.state.replicas != replicas:
        changes.append(f"on {trainer.state.replicas} devices, and goes on with {replicas}")
    if threads != requested.threads:
        changes.append(
            f"with {requested.threads} threads (within, between operations), and goes on with {threads}, which "
            "TensorFlow already uses in this process"
        )
    for change in changes:
        watch.note(
            f"This run was trained {change}: the weights will differ by rounding from those of a run never stopped."
        )


def extend(job: Job, previous: TrainOptions, trainer: "Trainer", watch: Watcher) -> None:
    """Apply new epochs and patience to a run, and note their effect on patience and learning rate.

    Args:
        job: with the options as requested, which are written to config.toml.
        previous: the run's options before the change.
        trainer: with the restored state.
        watch: receives the notes.
    """
    options = job.options
    if options.epochs > previous.epochs and trainer.out_of_patience:
        trainer.state.patience_from = trainer.state.epoch
        trainer.save()  # before config.toml: after a kill between, patience would end the new epochs at once
        watch.note("Patience had run out; it counts again from this epoch.")
    if options.epochs != previous.epochs:
        rate, previous_rate = (_next_rate(trainer, those) for those in (options, previous))
        if options.schedule == "constant":
            watch.note(f"The learning rate is constant: it stays at {rate:.2g}.")
        else:
            watch.note(
                f"The {options.schedule} now ends with epoch {options.epochs}, not {previous.epochs}: the learning "
                f"rate goes on at {rate:.2g}, where it had come to {previous_rate:.2g}."
            )
    job.write_config()


def _next_rate(trainer: "Trainer", options: TrainOptions) -> float:
    """Return the learning rate that the next step has if the run goes on with `options`."""
    return float(trainer.learning_rates(trainer.step, 1, options)[0])
