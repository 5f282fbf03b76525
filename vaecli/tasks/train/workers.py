"""Several workers on one run: how they connect, and what the workers other than the chief do.

The chief alone has the run folder. It sends the others the options and the state. They load the images themselves,
take their part of every step, and write nothing.
"""

import contextlib
import dataclasses
import faulthandler
import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from vaecli import options as train_options
from vaecli.commands import command
from vaecli.data.parts import Division
from vaecli.errors import DataError, TrainingError
from vaecli.processors import available
from vaecli.runs import layout, provenance
from vaecli.runs.progress import Watcher
from vaecli.tasks.train.images import load_again
from vaecli.tasks.train.job import Interruptible, Job
from vaecli.training.cluster.tf_config import Cluster
from vaecli.training.tensorflow import quietly, use_threads

if TYPE_CHECKING:
    from vaecli.training.cluster.devices import Devices


def start_tensorflow(count: int | None) -> None:
    """Start TensorFlow and reserve `count` devices before the rendezvous, so that on failure no worker waits.

    Raises:
        OptionError: this machine has fewer devices.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # else the loss of a worker fills the screen
    with quietly():
        from vaecli.training.cluster import devices

        use_threads([available()] * 2)
        devices.reserve(count)


@contextlib.contextmanager
def connected(cluster: Cluster, count: int | None) -> Iterator["Devices"]:
    """Wait for the other workers, connect to them, and yield the devices of all workers.

    Raises:
        TrainingError: another worker is lost, also while the body runs.
    """
    from vaecli.training.cluster import devices as cluster_devices

    limit = cluster_devices.REGISTER_SECONDS + cluster_devices.SERVER_SECONDS
    with _exit_after(limit), quietly():
        devices = cluster_devices.Devices(count, cluster)
    _restore_sigterm()
    with devices.guarded():
        yield devices


@contextlib.contextmanager
def _exit_after(seconds: float) -> Iterator[None]:
    """End this process with exit code 1 and a traceback on stderr if the body takes longer.

    TensorFlow 2.19 sometimes ignores its own time limit for a chief that is gone. It then waits for ever, ignores
    signals, and lets no other Python thread run.
    """
    stderr = os.dup(2)
    faulthandler.dump_traceback_later(seconds, exit=True, file=stderr)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        os.close(stderr)


def guarded(devices: "Devices | None", run: layout.Run) -> contextlib.AbstractContextManager[None]:
    """On the chief: add to an error about a lost worker the hint how to resume the run.

    Raises:
        TrainingError: another worker is lost while the body runs.
    """

    def hint() -> str:
        if run.checkpoint.exists():
            resume = command("train", "--resume", run.path)
            return f"The last saved state is complete. Start all workers again: {resume}"
        return "Nothing has been trained: start all workers again."

    return devices.guarded(hint) if devices else contextlib.nullcontext()


def send_job(devices: "Devices", job: Job) -> None:
    """On the chief: send version, options and data hash to the other workers."""
    devices.broadcast(
        {
            "version": provenance.versions().get("vaecli"),
            "options": train_options.settings(job.options),
            "data": job.data.sha256,
        }
    )


@contextlib.contextmanager
def sending_failure(devices: "Devices | None") -> Iterator[None]:
    """On the chief, before `send_job`: send an error of the body to the waiting workers, then raise it again."""
    try:
        yield
    except BaseException as error:  # a signal too, while the data are loaded
        if devices:
            reason = str(error) or type(error).__name__ if isinstance(error, Exception) else "it was stopped."
            devices.broadcast({"error": reason})
        raise


def follow(
    devices: "Devices",
    *,
    data_name: str | None,
    watch: Watcher,
    stop: Callable[[], str | None],
    interruptible: Interruptible,
) -> tuple[str, bool]:
    """On a worker other than the chief: receive the job and train it, to the end or until a worker stops.

    Args:
        devices: of all workers.
        data_name: the data set as this machine names it; the chief's name if left out.
        watch: receives what differs on this machine.
        stop: called between steps; a text that it returns ends the training.
        interruptible: makes the context in which data are loaded, where a signal may end the process at once.

    Returns:
        Why training ended, and whether nothing is left to train.

    Raises:
        TrainingError: the chief could not begin, or has another version of vaecli.
        DataError: the data are not on this machine, or differ from the chief's.
    """
    message = devices.broadcast(None)
    if "error" in message:
        raise TrainingError(f"The chief of the {devices.workers} workers could not begin: {message['error']}")
    version = provenance.versions().get("vaecli")
    if message["version"] != version:
        raise TrainingError(
            f"All workers must have the same version of vaecli: the chief has {message['version']}, this worker "
            f"{version}.",
            hint="Install the same version on all machines.",
        )
    options = train_options.merge(message["options"], {"data": data_name})
    with interruptible():
        data = load_again(options, watch)
    if data.sha256 != message["data"]:
        raise DataError(
            f"{data.name} in {data.location} is not what the chief trains on: its hash must be "
            f"{message['data'][:12]}..., got {data.sha256[:12]}....",
            hint="Give all workers the same images and labels.",
        )
    with quietly():
        from vaecli.training import precision
        from vaecli.training.loop import Loop
        from vaecli.training.trainer import Trainer

        resolved = precision.choose(options.precision, insist=False)  # gradients are float32 either way
        local_options = dataclasses.replace(options, precision=resolved)
        held_out = Division.of(options).held_out(data)
        trainer = Trainer(data, held_out, local_options, checkpoint=None, devices=devices)
    if resolved != options.precision:
        watch.note(
            f"The chief computes in {options.precision}; this machine does not, and computes in {resolved}."
        )
    trainer.broadcast()
    reason = Loop(trainer, watch=Watcher(), stop=stop).run()
    return reason, trainer.finished


def _restore_sigterm() -> None:
    """Restore Python's handler of SIGTERM, which TensorFlow's preemption notifier replaces when workers connect."""
    handler = signal.getsignal(signal.SIGTERM)
    if handler is not None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, handler)
