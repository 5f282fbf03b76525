"""The start of a training run: TensorFlow, the check that the network can be exported, networks and state."""

import dataclasses
from typing import TYPE_CHECKING

from vaecli.errors import DataError, ModelError
from vaecli.export import describe
from vaecli.modelfile.metadata import ModelInfo
from vaecli.paths import shown
from vaecli.runs.progress import Watcher
from vaecli.tasks.train import resume, workers
from vaecli.tasks.train.job import Job
from vaecli.training.tensorflow import quietly, use_threads

if TYPE_CHECKING:
    from vaecli.training.cluster.devices import Devices
    from vaecli.training.trainer import Trainer


@dataclasses.dataclass(frozen=True)
class Started:
    """TensorFlow after its start: the job with its precision resolved, the devices, and the threads in use."""

    job: Job
    devices: "Devices"
    threads: list[int]


def start_tensorflow(requested: Job, all_devices: "Devices | None", count: int | None) -> Started:
    """Start TensorFlow, unless that was done to connect several workers, and resolve the precision."""
    with quietly(requested.run.log):
        from vaecli.training import precision
        from vaecli.training.cluster.devices import Devices

        threads = use_threads(requested.threads)
        is_new = requested.previous_options is None
        resolved = precision.choose(requested.options.precision, insist=is_new)
        options = dataclasses.replace(requested.options, precision=resolved)
        job = dataclasses.replace(requested, options=options)
        return Started(job, all_devices or Devices(count), threads)


def require_exportable(job: Job) -> None:
    """Check before training that the exported files of the network will be accepted, by exporting it untrained.

    Raises:
        DataError: the reader of exported files refuses the files of the untrained network.
    """
    with quietly(job.run.log):
        exported_sizes(describe.untrained(job.run.read_provenance()["data"], job.options))


def exported_sizes(info: ModelInfo) -> dict[str, int]:
    """Convert the untrained network that `info` describes, and return the bytes of each half as an ONNX file.

    Raises:
        DataError: the reader of exported files refuses one.
    """
    from vaecli.export import untrained

    try:
        return untrained.exported_sizes(info)
    except ModelError as error:
        height, width, channels = info.image_shape
        size = describe.network_size(info)
        raise DataError(
            f"A {info.network} model of {height} x {width} x {channels} images, of width {size.width} and depth "
            f"{size.depth}, with {info.latent_dim} latent dimensions, could not be exported. {error.message}",
            hint="Use a smaller --width, --depth or --latent-dim, or smaller images.",
        ) from error


def build_trainer(requested: Job, started: Started, watch: Watcher) -> "Trainer":
    """Build networks and optimizer on all workers; restore the state of a resumed run."""
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
    if job.previous_options is None:
        if job.pretrained:
            trainer.start_from(job.pretrained.weights)
            watch.note(
                f"The weights of {shown(job.pretrained.run.path)} after its epoch {job.pretrained.epoch} are the "
                "initial ones."
            )
        job.write_config()
    else:
        trainer.resume()
        resume.note_differences(
            requested,
            trainer,
            watch,
            precision=job.options.precision,
            replicas=started.devices.replicas,
            threads=started.threads,
        )
        if requested.options != job.previous_options:
            resume.extend(requested, job.previous_options, trainer, watch)
    trainer.state.threads, trainer.state.replicas = started.threads, started.devices.replicas
    trainer.broadcast()
    return trainer
