"""The devices that train together, on this machine and on others: the only home of `tf.distribute`.

Workers are processes, usually one per machine; worker 0 is the chief. Each worker has one replica of the networks
per device. Every replica takes its slice of each batch, gradients are summed over all replicas, and all take the
same step. Decisions, such as to stop, are taken by all workers together: a worker that stopped alone would leave
the others waiting.
"""

import contextlib
import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.eager import context

from vaecli.errors import OptionError, TrainingError
from vaecli.training.cluster.tf_config import Cluster

SUM = tf.distribute.ReduceOp.SUM
LOST_CONNECTION = (
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.FailedPreconditionError,
    tf.errors.UnavailableError,
)
RESTART_HINT = "Start all workers again, with `vaecli train --resume` if the chief's run has a saved state."
SERVER_SECONDS = 12.0  # in which a worker's server starts
REGISTER_SECONDS = 40.0  # in which workers connect after the rendezvous; TensorFlow's hour ignores signals


@dataclasses.dataclass(frozen=True)
class Decision:
    """The next action of all workers.

    Attributes:
        reason: why to stop; None to go on.
        save: whether to save the state first.
        steps: number of steps to take in one call.
    """

    reason: str | None
    save: bool
    steps: int


class Devices:
    """The distribution strategy of TensorFlow, reduced to what training needs.

    Create it before any TensorFlow operation runs: workers can only connect then.

    Args:
        count: number of devices to use on this machine; None for all of them.
        cluster: the workers.

    Raises:
        OptionError: this machine has fewer than `count` devices.
        TrainingError: another worker was lost before all were connected.
    """

    def __init__(self, count: int | None = 1, cluster: Cluster | None = None) -> None:
        cluster = cluster or Cluster()
        self.workers, self.worker = cluster.workers, cluster.worker
        self.is_chief = self.worker == 0
        with self.guarded():
            self.strategy = _multi_worker(count) if self.workers > 1 else _single_machine(count)
        self.replicas = int(self.strategy.num_replicas_in_sync)
        self._all_reduce = tf.function(
            self._sum_over_workers, autograph=False, input_signature=[tf.TensorSpec((None,), tf.float64)]
        )

    def scope(self) -> contextlib.AbstractContextManager[Any]:
        """Enter the context in which variables are created, one copy in each replica."""
        scope: contextlib.AbstractContextManager[Any] = self.strategy.scope()
        return scope

    def local_slice(self, size: int) -> slice:
        """Return the slice of a batch of `size` images that this worker reads, at least one image."""
        first, last = self._worker_bounds(size)
        return slice(first, last) if first < last else slice(0, 1)

    def run(self, step: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """Run a step in each replica of this worker, inside a graph; return the first replica's result."""
        if self.replicas == 1:
            return step(*arguments)
        results = self.strategy.run(step, args=arguments)
        return tf.nest.map_structure(
            lambda value: self.strategy.experimental_local_results(value)[0], results
        )

    def replica_slice(self, batch: tf.Tensor, size: tf.Tensor, *, of_worker: bool = False) -> tf.Tensor:
        """Return this replica's slice (n, ...) of a batch of `size` images; call it inside `run`.

        A replica gets at least one image: not every kernel takes an empty batch. If the batch has fewer images
        than there are replicas, a replica without a slice of its own gets an image of another replica, and
        `all_reduce_in_replica` counts that image only once.

        Args:
            batch: (size, ...), or this worker's `local_slice` of it.
            size: number of images in the batch of all workers.
            of_worker: whether `batch` is the worker's slice.
        """
        if self.replicas == 1:
            return batch
        first, last = self._replica_bounds(size)
        offset = self._worker_bounds(size)[0] if of_worker else 0
        first = tf.minimum(first - offset, tf.shape(batch)[0] - 1)
        return batch[first : tf.maximum(last - offset, first + 1)]

    def all_reduce_in_replica(self, tensors: Sequence[tf.Tensor], size: tf.Tensor) -> list[tf.Tensor]:
        """Sum tensors over all replicas that have a slice of a batch of `size` images; call it inside `run`.

        All tensors travel in one exchange.
        """
        if self.replicas == 1:
            return list(tensors)
        first, last = self._replica_bounds(size)
        flat = tf.concat([tf.reshape(tensor, (-1,)) for tensor in tensors], axis=0)
        summed = tf.distribute.get_replica_context().all_reduce(SUM, flat * tf.cast(first < last, flat.dtype))
        parts = tf.split(summed, [tensor.shape.num_elements() for tensor in tensors])
        return [tf.reshape(part, tensor.shape) for part, tensor in zip(parts, tensors, strict=True)]

    def all_reduce(self, values: np.ndarray) -> np.ndarray:
        """Sum each worker's array, all of one shape, in float64; exact if all but one worker give zeros."""
        if self.workers == 1:
            return values
        total: np.ndarray = self._all_reduce(tf.constant(values.reshape(-1), tf.float64)).numpy()
        return total.reshape(values.shape)

    def broadcast(self, document: Any, *, by: int = 0) -> Any:
        """Broadcast a JSON-serialisable object from worker `by` to all workers; the others' objects are ignored."""
        if self.workers == 1:
            return document
        content = np.frombuffer(json.dumps(document).encode(), np.uint8)
        is_sender = self.worker == by
        size = int(self.all_reduce(np.array([len(content) * is_sender]))[0])
        received = self.all_reduce(content if is_sender else np.zeros(size))
        return json.loads(received.astype(np.uint8).tobytes())

    def agree(self, proposal: Decision) -> Decision:
        """Merge the proposals of all workers: stop if any worker has a reason; save and steps are the chief's."""
        if self.workers == 1:
            return proposal
        flags = np.zeros(self.workers + 2)
        flags[self.worker] = proposal.reason is not None
        if self.is_chief:
            flags[-2:] = proposal.save, proposal.steps
        flags = self.all_reduce(flags)
        stopping = np.flatnonzero(flags[:-2])
        reason = self.broadcast(proposal.reason, by=int(stopping[0])) if stopping.size else None
        return Decision(reason, bool(flags[-2]), int(flags[-1]))

    @contextlib.contextmanager
    def guarded(self, hint: Callable[[], str] = lambda: RESTART_HINT) -> Iterator[None]:
        """Enter a context that turns TensorFlow's errors about a lost worker into a TrainingError.

        Raises:
            TrainingError: another worker was lost; its hint is what `hint` returns.
        """
        try:
            yield
        except LOST_CONNECTION as error:
            if self.workers == 1:
                raise
            raise TrainingError(
                f"Lost the connection to another of the {self.workers} workers; none can go on without it. "
                "That worker's own output says why it ended.",
                hint=hint(),
            ) from error

    def _replica_bounds(self, size: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the start and stop indices of this replica's slice of a batch of `size` images."""
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        return size * replica // self.replicas, size * (replica + 1) // self.replicas

    def _worker_bounds(self, size: Any) -> tuple[Any, Any]:
        """Return the start and stop indices of this worker's slice of a batch of `size`, an integer or a tensor."""
        local_replicas = self.replicas // self.workers
        first = self.worker * local_replicas
        return size * first // self.replicas, size * (first + local_replicas) // self.replicas

    def _sum_over_workers(self, values: tf.Tensor) -> tf.Tensor:
        def in_replica() -> tf.Tensor:
            replica = tf.distribute.get_replica_context()
            is_first = replica.replica_id_in_sync_group % (self.replicas // self.workers) == 0
            return replica.all_reduce(SUM, tf.where(is_first, values, tf.zeros_like(values)))

        return self.run(in_replica, ())


def reserve(count: int | None) -> None:
    """Make `count` GPUs visible before the rendezvous: a worker with fewer fails before others wait for it.

    Raises:
        OptionError: this machine has fewer than `count` devices.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if count is not None:
        _require(count, [device.name for device in gpus] or ["CPU"])
        tf.config.set_visible_devices(gpus[:count], "GPU")


def _single_machine(count: int | None) -> tf.distribute.Strategy:
    if count == 1:
        return tf.distribute.get_strategy()  # no strategy: steps run directly
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    names = [device.name for device in devices]
    count = len(names) if count is None else count
    _require(count, names)
    if count == 1:
        return tf.distribute.get_strategy()
    return tf.distribute.MirroredStrategy(names[:count])


def _multi_worker(count: int | None) -> tf.distribute.Strategy:
    reserve(count)
    resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
    spec = resolver.cluster_spec()
    jobs = tf.compat.v1.ConfigProto().experimental.coordination_config.coordinated_job_list
    for job in ("chief", "worker"):
        if job in spec.jobs:
            jobs.add(name=job, num_tasks=spec.num_tasks(job))
    eager_context = context.context()
    eager_context.configure_coordination_service(
        "standalone",
        service_leader=f"/job:{jobs[0].name}/replica:0/task:0",
        cluster_register_timeout_in_ms=round(1000 * REGISTER_SECONDS),
        coordinated_jobs=list(jobs),
    )
    # without the barrier the chief would wait for an hour all the same
    eager_context.coordination_service.cluster_register_with_barrier = True
    return tf.distribute.MultiWorkerMirroredStrategy(resolver)


def _require(count: int, devices: list[str]) -> None:
    if count > len(devices):
        names = ", ".join(name.removeprefix("/physical_device:").removeprefix("/device:") for name in devices)
        raise OptionError(
            f"--devices must be at most {len(devices)} on this machine, got {count}. "
            f"TensorFlow can use: {names}. The CPU counts as one device, and only if there is no GPU.",
            option="--devices",
        )
