"""What is said, and what changes, when a run is taken up: on other numbers of things, to another end."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vaecli.options import TrainOptions
from vaecli.tasks.job import Job
from vaecli.training.watch import Watcher

if TYPE_CHECKING:
    from vaecli.training.trainer import Trainer


def note_other_numbers(
    asked_for: Job,
    trainer: "Trainer",
    watch: Watcher,
    *,
    precision: str,
    replicas: int,
    threads: Sequence[int],
) -> None:
    """Say why the weights cannot be equal to the bit to those of a run never stopped."""
    others = []
    if asked_for.chosen.precision not in (precision, "auto"):
        others.append(
            f"in {asked_for.chosen.precision}, which this machine does not compute in: it goes on in {precision}"
        )
    if trainer.state.replicas != replicas:
        others.append(f"on {trainer.state.replicas} devices, and goes on with {replicas}")
    if threads != asked_for.threads:
        others.append(
            f"with {asked_for.threads} threads (within, between operations), and TensorFlow works with "
            f"{threads} in this process already"
        )
    for other in others:
        watch.note(
            f"This run was trained {other}: the weights cannot be equal to the bit to those of a run never stopped."
        )


def extend(job: Job, before: TrainOptions, trainer: "Trainer", watch: Watcher) -> None:
    """Give a run its new epochs and patience, and say what becomes of patience and learning rate."""
    if job.chosen.epochs > before.epochs and trainer.out_of_patience:
        trainer.state.patience_from = trainer.state.epoch
        trainer.save(job.facts)  # first: with config.toml alone, patience would end the epochs to come
        watch.note("Patience had run out; it counts anew from here.")
    if job.chosen.epochs != before.epochs and job.chosen.schedule == "constant":
        watch.note(f"The learning rate is constant: it stays at {trainer.rate(job.chosen):.2g}.")
    elif job.chosen.epochs != before.epochs:
        watch.note(
            f"The {job.chosen.schedule} now ends with epoch {job.chosen.epochs}, not {before.epochs}: the learning "
            f"rate goes on at {trainer.rate(job.chosen):.2g}, where it had come to {trainer.rate(before):.2g}."
        )
    job.write_config()
