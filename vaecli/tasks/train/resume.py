"""What is said, and what changes, when a run is taken up: on other numbers of things, to another end."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vaecli.options import TrainOptions
from vaecli.runs.progress import Watcher
from vaecli.tasks.train.job import Job

if TYPE_CHECKING:
    from vaecli.training.trainer import Trainer


def note_other_numbers(
    requested: Job,
    trainer: "Trainer",
    watch: Watcher,
    *,
    precision: str,
    replicas: int,
    threads: Sequence[int],
) -> None:
    """Say why the weights cannot be equal to the bit to those of a run never stopped."""
    others = []
    if requested.options.precision not in (precision, "auto"):
        others.append(
            f"in {requested.options.precision}, which this machine does not compute in: it goes on in {precision}"
        )
    if trainer.state.replicas != replicas:
        others.append(f"on {trainer.state.replicas} devices, and goes on with {replicas}")
    if threads != requested.threads:
        others.append(
            f"with {requested.threads} threads (within, between operations), and TensorFlow works with "
            f"{threads} in this process already"
        )
    for other in others:
        watch.note(
            f"This run was trained {other}: the weights cannot be equal to the bit to those of a run never stopped."
        )


def extend(job: Job, before: TrainOptions, trainer: "Trainer", watch: Watcher) -> None:
    """Give a run its new epochs and patience, and say what becomes of patience and learning rate.

    Args:
        job: with the options as requested; its precision is written back to config.toml as it was.
        before: the options that the run had.
        trainer: with the run's state.
        watch: receives the notes.
    """
    if job.options.epochs > before.epochs and trainer.out_of_patience:
        trainer.state.patience_from = trainer.state.epoch
        trainer.save()  # first: with config.toml alone, patience would end the epochs to come
        watch.note("Patience had run out; it counts anew from here.")
    if job.options.epochs != before.epochs and job.options.schedule == "constant":
        watch.note(f"The learning rate is constant: it stays at {_next_rate(trainer, job.options):.2g}.")
    elif job.options.epochs != before.epochs:
        options = job.options
        rate, rate_before = _next_rate(trainer, options), _next_rate(trainer, before)
        watch.note(
            f"The {options.schedule} now ends with epoch {options.epochs}, not {before.epochs}: the learning rate "
            f"goes on at {rate:.2g}, where it had come to {rate_before:.2g}."
        )
    job.write_config()


def _next_rate(trainer: "Trainer", options: TrainOptions) -> float:
    """Return the learning rate of the next step under these options."""
    return float(trainer.learning_rates(trainer.step, 1, options)[0])
