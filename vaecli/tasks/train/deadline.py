"""`--max-time`: decides when training must stop so that the export ends before the limit."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from vaecli.latent.prior_sizes import encoded_count
from vaecli.metrics.prior_seconds import fit_seconds
from vaecli.metrics.score_fit import measured_count
from vaecli.modelfile.find import DECODERS
from vaecli.tasks.train.job import Job

if TYPE_CHECKING:
    from vaecli.training.trainer import Trainer

REASON = "--max-time is over"
# Duration of the export as a multiple of TensorFlow's start: both are imports, traces and conversions on one core,
# so their ratio is about the same on any machine. Downloads, waits for workers and reading images do not count.
EXPORT_FACTOR = 2.5
INT8_FACTOR = 4.0  # in addition, where decoder.int8.onnx is made again
LEAST_START = 3.0  # seconds; TensorFlow may be in memory already
CALL_SECONDS = 0.5  # of one call of the graph, during which the loop does not ask


class Deadline:
    """A time limit in seconds, counted from the creation of this object; None for no limit."""

    def __init__(self, seconds: float | None) -> None:
        self._began = time.monotonic()
        self._seconds = seconds
        self._start_seconds = 0.0

    @property
    def is_set(self) -> bool:
        """Whether there is a limit."""
        return self._seconds is not None

    @contextlib.contextmanager
    def starting(self) -> Iterator[None]:
        """Measure how long the body takes to start TensorFlow; the time for the export is estimated from that."""
        began = time.monotonic()
        yield
        self._start_seconds += time.monotonic() - began

    @property
    def start_seconds(self) -> float:
        """How long TensorFlow's start took."""
        return self._start_seconds

    def passed(
        self, validation_seconds: float = 0.0, *, int8: bool = False, fit_seconds: float = 0.0
    ) -> bool:
        """Return whether training must stop now for one validation and the export to end within the limit.

        Args:
            validation_seconds: expected duration of the validation.
            int8: whether the export makes decoder.int8.onnx again, which takes longer.
            fit_seconds: expected duration of the fits of score and prior.
        """
        if self._seconds is None:
            return False
        export_seconds = max(self._start_seconds, LEAST_START) * (EXPORT_FACTOR + INT8_FACTOR * int8)
        needed = export_seconds + CALL_SECONDS + validation_seconds + fit_seconds
        return time.monotonic() - self._began + needed >= self._seconds


def in_time(
    stop: Callable[[], str | None], limit: Deadline, trainer: "Trainer", job: Job
) -> Callable[[], str | None]:
    """Combine `stop` with the time limit."""
    if not limit.is_set:
        return stop
    options, int8 = job.options, (job.run.model / DECODERS["int8"]).exists()
    validation_count, shape = len(job.data.images) - trainer.n_train, job.data.images.shape[1:]
    measured = measured_count(trainer.n_train, shape) + measured_count(validation_count, shape)
    dim = options.latent_dim
    trained = encoded_count(trainer.n_train, shape, dim)
    encoded = trained + encoded_count(validation_count, shape, dim)
    prior = fit_seconds(
        trained,
        dim,
        has_classes=job.data.labels is not None,
        name=options.prior,
        components=options.components,
    )
    # of a mixture between epochs; this has twice the iterations, but may have half the components
    refit = fit_seconds(trained, dim, has_classes=False, name="mixture", components=1)

    def reason_to_stop() -> str | None:
        history = trainer.state.history
        validation = history[-1]["val_seconds"] if history else 0.0
        score = 2 * validation * measured / validation_count  # the mixture takes as long as the measuring
        an_image = validation / validation_count  # a validation decodes, too: this is the upper bound
        fits = score + prior + an_image * encoded
        if trainer.fits_prior_next:
            fits += refit + an_image * trained
            fits += limit.start_seconds * trainer.waits_for_mixture  # for the graphs with a mixture
        return stop() or (REASON if limit.passed(validation, int8=int8, fit_seconds=fits) else None)

    return reason_to_stop
