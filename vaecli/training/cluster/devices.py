"""The devices that train together, of this machine and of others: the only home of `tf.distribute`.

Each replica takes its part of every batch, by position, and all take the same step with the sum of their gradients.
Workers are processes, most often one a machine; each has as many replicas as devices. What they decide, they decide
together: one that stopped alone would leave the others waiting.
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
GONE = (
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.FailedPreconditionError,
    tf.errors.UnavailableError,
)
START_AGAIN = "Start all workers again, with `vaecli train --resume` if the chief's run has a state."
SLACK = 12.0  # seconds to start a server first
REGISTER = 40.0  # seconds for workers that have met to connect: TensorFlow waits an hour, and hears no signal


@dataclasses.dataclass(frozen=True)
class Agreed:
    """What all workers do next.

    Attributes:
        reason: why to stop; None to go on.
        save: whether to save the state first.
        steps: how many to take in one call.
    """

    reason: str | None
    save: bool
    steps: int


class Devices:
    """A strategy of TensorFlow's, and what a training loop needs of it; the chief is worker 0.

    To be made when nothing has been computed yet: workers meet at the start alone.

    Args:
        count: devices of this machine; None for all.
        cluster: the workers.

    Raises:
        OptionError: so many devices are not there.
        TrainingError: another worker has gone before all were connected.
    """

    def __init__(self, count: int | None = 1, cluster: Cluster | None = None) -> None:
        cluster = cluster or Cluster()
        self.workers, self.worker = cluster.workers, cluster.worker
        self.is_chief = self.worker == 0
        with self.guarded():
            self.strategy = _among_workers(count) if self.workers > 1 else _here(count)
        self.replicas = int(self.strategy.num_replicas_in_sync)
        self._sum = tf.function(
            self._sum_of_workers, autograph=False, input_signature=[tf.TensorSpec((None,), tf.float64)]
        )

    def scope(self) -> contextlib.AbstractContextManager[Any]:
        """Where variables are made, so that each replica has them."""
        scope: contextlib.AbstractContextManager[Any] = self.strategy.scope()
        return scope

    def share(self, size: int) -> slice:
        """The part of a batch of so many images that this worker's replicas take, one image at least."""
        first, last = self._of_worker(size)
        return slice(first, last) if first < last else slice(0, 1)

    def run(self, step: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """In the graph: take a step in each replica of this worker; what the first one returns."""
        if self.replicas == 1:
            return step(*arguments)
        results = self.strategy.run(step, args=arguments)
        return tf.nest.map_structure(
            lambda value: self.strategy.experimental_local_results(value)[0], results
        )

    def part(self, batch: tf.Tensor, size: tf.Tensor, *, of_worker: bool = False) -> tf.Tensor:
        """In a replica: its part (n, ...) of a batch of `size`, or of this worker's share of it.

        Where the batch is too small for all, it is an image that another replica has, too, since not every kernel
        takes a batch of none; `total` leaves it out.
        """
        if self.replicas == 1:
            return batch
        first, last = self._of_replica(size)
        begins = self._of_worker(size)[0] if of_worker else 0
        first = tf.minimum(first - begins, tf.shape(batch)[0] - 1)
        return batch[first : tf.maximum(last - begins, first + 1)]

    def total(self, tensors: Sequence[tf.Tensor], size: tf.Tensor) -> list[tf.Tensor]:
        """In a replica: the sums over all replicas that have a part of a batch of `size`, in one exchange."""
        if self.replicas == 1:
            return list(tensors)
        first, last = self._of_replica(size)
        flat = tf.concat([tf.reshape(tensor, (-1,)) for tensor in tensors], axis=0)
        summed = tf.distribute.get_replica_context().all_reduce(SUM, flat * tf.cast(first < last, flat.dtype))
        parts = tf.split(summed, [tensor.shape.num_elements() for tensor in tensors])
        return [tf.reshape(part, tensor.shape) for part, tensor in zip(parts, tensors, strict=True)]

    def summed(self, values: np.ndarray) -> np.ndarray:
        """The sum over all workers of arrays of one shape, float64; exact where all but one give zeros."""
        if self.workers == 1:
            return values
        found: np.ndarray = self._sum(tf.constant(values.reshape(-1), tf.float64)).numpy()
        return found.reshape(values.shape)

    def told(self, document: Any, *, by: int = 0) -> Any:
        """What one worker, the chief if not named, has to say to all, as JSON holds it."""
        if self.workers == 1:
            return document
        text = np.frombuffer(json.dumps(document).encode(), np.uint8)
        speaks = self.worker == by
        size = int(self.summed(np.array([len(text) * speaks]))[0])
        heard = self.summed(text if speaks else np.zeros(size))
        return json.loads(heard.astype(np.uint8).tobytes())

    def agree(self, wish: Agreed) -> Agreed:
        """One decision of all workers: any may stop, the chief says when to save and how many steps to take."""
        if self.workers == 1:
            return wish
        flags = np.zeros(self.workers + 2)
        flags[self.worker] = wish.reason is not None
        if self.is_chief:
            flags[-2:] = wish.save, wish.steps
        flags = self.summed(flags)
        stopping = np.flatnonzero(flags[:-2])
        reason = self.told(wish.reason, by=int(stopping[0])) if stopping.size else None
        return Agreed(reason, bool(flags[-2]), int(flags[-1]))

    @contextlib.contextmanager
    def guarded(self, hint: Callable[[], str] = lambda: START_AGAIN) -> Iterator[None]:
        """Turn the failure of an exchange, when another worker is gone, into an error with this hint.

        Raises:
            TrainingError: that.
        """
        try:
            yield
        except GONE as error:
            if self.workers == 1:
                raise
            raise TrainingError(
                f"Another of the {self.workers} workers is gone, and none can go on without it; its own output "
                "says why.",
                hint=hint(),
            ) from error

    def _of_replica(self, size: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """In a replica: where its part of a batch of `size` begins and ends."""
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        return size * replica // self.replicas, size * (replica + 1) // self.replicas

    def _of_worker(self, size: Any) -> tuple[Any, Any]:
        """Where the share of this worker in a batch of `size`, a number or a tensor, begins and ends."""
        here = self.replicas // self.workers
        first = self.worker * here
        return size * first // self.replicas, size * (first + here) // self.replicas

    def _sum_of_workers(self, values: tf.Tensor) -> tf.Tensor:
        def in_replica() -> tf.Tensor:
            context = tf.distribute.get_replica_context()
            first = context.replica_id_in_sync_group % (self.replicas // self.workers) == 0
            return context.all_reduce(SUM, tf.where(first, values, tf.zeros_like(values)))

        return self.run(in_replica, ())


def _here(count: int | None) -> tf.distribute.Strategy:
    if count == 1:
        return tf.distribute.get_strategy()  # none at all: the step as it is
    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    wanted = len(found) if count is None else count
    _require(wanted, [device.name for device in found])
    if wanted == 1:
        return tf.distribute.get_strategy()
    return tf.distribute.MirroredStrategy([device.name for device in found[:wanted]])


def take(count: int | None) -> None:
    """Of a worker, before it meets the others, who would wait in vain if it failed then: take so many devices.

    Raises:
        OptionError: so many devices are not there.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if count is not None:
        _require(count, [device.name for device in gpus] or ["CPU"])
        tf.config.set_visible_devices(gpus[:count], "GPU")


def _among_workers(count: int | None) -> tf.distribute.Strategy:
    take(count)
    resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
    spec = resolver.cluster_spec()
    jobs = tf.compat.v1.ConfigProto().experimental.coordination_config.coordinated_job_list
    for job in ("chief", "worker"):
        if job in spec.jobs:
            jobs.add(name=job, num_tasks=spec.num_tasks(job))
    here = context.context()
    here.configure_coordination_service(
        "standalone",
        service_leader=f"/job:{jobs[0].name}/replica:0/task:0",
        cluster_register_timeout_in_ms=round(1000 * REGISTER),
        coordinated_jobs=list(jobs),
    )
    here.coordination_service.cluster_register_with_barrier = True  # the chief, too, waits no longer
    return tf.distribute.MultiWorkerMirroredStrategy(resolver)


def _require(wanted: int, there: list[str]) -> None:
    if wanted > len(there):
        names = ", ".join(name.removeprefix("/physical_device:").removeprefix("/device:") for name in there)
        raise OptionError(
            f"--devices {wanted} came, and this machine has {len(there)} that TensorFlow can use: {names}. "
            "A processor counts as one device, and only where there is no GPU.",
            option="--devices",
        )
