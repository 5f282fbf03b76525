"""Several workers on one run: how they meet, and what those do that are not the chief.

The chief alone has the run folder. The others hear from it what to train and where the run stands, read the images
themselves, take their part of every step, and write nothing.
"""

import contextlib
import dataclasses
import faulthandler
import os
import pathlib
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from vaecli import options as train_options
from vaecli.commands import command
from vaecli.errors import DataError, TrainingError
from vaecli.processors import available
from vaecli.runs import layout, provenance
from vaecli.runs.progress import Watcher
from vaecli.tasks.train.job import Interruptible, Job, hold_out, load_again
from vaecli.training.cluster.tf_config import Cluster
from vaecli.training.tensorflow import quietly, use_threads

if TYPE_CHECKING:
    from vaecli.training.cluster.devices import Devices


def start_tensorflow(count: int | None) -> None:
    """Before workers meet: start TensorFlow, which takes time, and see that it has so many devices here.

    Raises:
        OptionError: it has not.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # a worker that is gone fills the screen otherwise
    with _quietly():
        from vaecli.training.cluster import devices

        use_threads([available()] * 2)
        devices.reserve(count)


@contextlib.contextmanager
def joined(cluster: Cluster, devices: int | None) -> Iterator["Devices"]:
    """The devices of all workers, which have met.

    Raises:
        TrainingError: a worker is gone, or goes while the body runs.
    """
    from vaecli.training.cluster import devices as home

    with _ending_within(home.REGISTER_SECONDS + home.SERVER_SECONDS), _quietly():
        devices_of_all = home.Devices(devices, cluster)
    _take_signals_back()
    with devices_of_all.guarded():
        yield devices_of_all


@contextlib.contextmanager
def _ending_within(seconds: float) -> Iterator[None]:
    """End this process if the body does not: exit code 1, and on stderr where it waited.

    TensorFlow 2.19 at times overlooks its limit for a chief that is gone. Then it waits for ever, deaf to signals,
    and no other Python thread can run.
    """
    seen = os.dup(2)
    faulthandler.dump_traceback_later(seconds, exit=True, file=seen)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        os.close(seen)


def guarded(devices: "Devices | None", run: layout.Run) -> contextlib.AbstractContextManager[None]:
    """Of the chief: in the body, the error that a worker is gone says what is kept of the run.

    Raises:
        TrainingError: that.
    """

    def hint() -> str:
        if run.checkpoint.exists():
            return (
                f"The last state is whole. Start all workers again: {command('train', '--resume', run.path)}"
            )
        return f"Nothing has been trained: remove {run.path}, and start all workers again."

    return devices.guarded(hint) if devices else contextlib.nullcontext()


def send_job(devices: "Devices", job: Job) -> None:
    """Of the chief: what is to be trained."""
    devices.broadcast(
        {
            "version": provenance.versions().get("vaecli"),
            "options": train_options.settings(job.options),
            "data": job.data.sha256,
        }
    )


@contextlib.contextmanager
def sending_failure(devices: "Devices | None") -> Iterator[None]:
    """Of the chief, before it has told anything: an error of the body, so that nobody waits for more."""
    try:
        yield
    except BaseException as error:  # a signal too, while the data are loaded
        if devices:
            stopped = not isinstance(error, Exception)
            devices.broadcast({"error": "it was stopped." if stopped else str(error) or type(error).__name__})
        raise


def follow(
    devices: "Devices",
    *,
    data_name: str | None,
    watch: Watcher,
    stop: Callable[[], str | None],
    interruptible: Interruptible,
) -> tuple[str, bool]:
    """Of all but the chief: train what it says, to the end or until one of the workers has to stop.

    Args:
        devices: where the workers have met.
        data_name: the data set as it is called here; as the chief calls it if left out.
        watch: hears what differs here.
        stop: asked between steps.
        interruptible: entered while the data are loaded.

    Returns:
        Why training ended, and whether nothing is left to train.

    Raises:
        TrainingError: the chief could not begin, or has another version.
        DataError: the data are not here, or are others.
    """
    said = devices.broadcast(None)
    if "error" in said:
        raise TrainingError(f"The chief of the {devices.workers} workers could not begin: {said['error']}")
    here = provenance.versions().get("vaecli")
    if said["version"] != here:
        raise TrainingError(
            f"The chief has vaecli {said['version']}, and this worker {here}.",
            hint="Install the same version on all machines.",
        )
    options = train_options.merge(said["options"], {"data": data_name})
    with interruptible():
        data = load_again(options, watch)
    if data.sha256 != said["data"]:
        raise DataError(
            f"{data.name} in {data.location} is not what the chief trains on: {said['data'][:12]}... was expected, "
            f"{data.sha256[:12]}... came.",
            hint="Give all workers the same images and labels.",
        )
    with _quietly():
        from vaecli.training import precision
        from vaecli.training.loop import Loop
        from vaecli.training.trainer import Trainer

        kind = precision.choose(options.precision, insist=False)  # gradients are float32 either way
        resolved = dataclasses.replace(options, precision=kind)
        trainer = Trainer(data, hold_out(data, options), resolved, checkpoint=None, devices=devices)
    if kind != options.precision:
        watch.note(
            f"The chief computes in {options.precision}, which this machine does not: it goes on in {kind}."
        )
    trainer.broadcast()
    reason = Loop(trainer, watch=Watcher(), stop=stop).run()
    return reason, trainer.finished


def _take_signals_back() -> None:
    """TensorFlow's notice of preemption takes SIGTERM for itself when workers meet: what Python had set stands."""
    handler = signal.getsignal(signal.SIGTERM)
    if handler is not None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, handler)


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder, quietly(pathlib.Path(folder) / "tensorflow.log"):
        yield
