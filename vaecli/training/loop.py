"""The training loop: epochs, validation, early stopping, rollbacks, saved states.

Keras' `fit` can neither be stopped and resumed within an epoch to the bit, nor run under
MultiWorkerMirroredStrategy, hence a loop of our own.

Early stopping: under the cosine most of the gain comes in the last, slow epochs, so a run that patience ends early
loses some of it. The default patience, a third of the default epochs, ends runs that overfit and no others.

Rollbacks: if a loss or a weight is not finite, the run returns to its last saved state and repeats the same steps
with half the learning rate, at most `MAX_ROLLBACKS` times in a run.
"""

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from vaecli.errors import TrainingError
from vaecli.latent.summary import summarise
from vaecli.runs.progress import Epoch, Watcher
from vaecli.runs.state import State
from vaecli.training import checkpoint
from vaecli.training.cluster.devices import Decision
from vaecli.training.epoch_row import NotFiniteError, row_of
from vaecli.training.networks.table import learning_rate
from vaecli.training.schedule import batches_of, epoch_order
from vaecli.training.validation import Measurement

if TYPE_CHECKING:
    from vaecli.training.trainer import Trainer

CALL_SECONDS = 0.4  # of one call of the graph: signals are seen between calls
CALL_BYTES = 2**28  # of the images of one call
MAX_ROLLBACKS = 3


class Loop:
    """The epochs that are left of a run.

    Args:
        trainer: networks, data and state.
        watch: receives every call of the graph and every epoch.
        stop: called between calls of the graph; a text that it returns ends the run.
        saved: called on the chief with the state, each time the state has been written.
        save_every: seconds between saved states within an epoch.
    """

    def __init__(
        self,
        trainer: "Trainer",
        *,
        watch: Watcher,
        stop: Callable[[], str | None],
        saved: Callable[[State], None] = lambda _: None,
        save_every: float = math.inf,
    ) -> None:
        self._trainer, self._options = trainer, trainer.options
        self._watch, self._stop, self._saved, self._save_every = watch, stop, saved, save_every
        self._saved_at = 0.0
        self._steps_per_call = 1
        image_bytes = math.prod(trainer.image_shape)
        self._most_steps = max(1, CALL_BYTES // (image_bytes * trainer.batch_size))

    def run(self) -> str:
        """Train to the end or until `stop` gives a reason, restore the best weights, and return why training ended.

        Raises:
            TrainingError: a loss or a weight is not finite even after `MAX_ROLLBACKS` rollbacks.
            OutputError: the state cannot be written.
        """
        reason = self._run()
        checkpoint.restore_best(self._state, self._trainer.vae.variables)
        return reason

    @property
    def _state(self) -> State:
        return self._trainer.state

    def _run(self) -> str:
        self._save()  # a run killed in its first epoch can be resumed
        while self._state.epoch < self._options.epochs:
            if self._trainer.out_of_patience:
                waited = (
                    f"the validation loss has not fallen for {self._options.patience} epochs (--patience)"
                )
                return f"{waited}; {self._kept}"
            try:
                reason = self._train_epoch()
                self._require_finite_weights()
                epoch = None if reason else self._end_epoch()
            except NotFiniteError as error:
                self._roll_back(error)
                continue
            self._save()  # before the watchers: a kill between costs a frame of the GIF, not an epoch
            if epoch is None:
                return str(reason)
            self._watch.epoch_ended(epoch)
        epochs = self._options.epochs
        done = "the only epoch is done" if epochs == 1 else f"all {epochs} epochs are done"
        return f"{done}; {self._kept}"

    @property
    def _kept(self) -> str:
        """Which weights are kept, and that they are from before the mixture if there is one."""
        best, since = self._state.best_epoch, self._state.mixture_since
        before = f", whose prior was N(0, I): no epoch with a mixture, from {since} on, has a lower loss"
        return f"the weights of epoch {best} are kept{before if best < since else ''}"

    def _save(self) -> None:
        if self._trainer.save():
            self._saved(self._state)
        self._saved_at = time.monotonic()

    def _roll_back(self, error: NotFiniteError) -> None:
        """Return to the saved state with half the learning rate.

        Raises:
            TrainingError: the run has already been rolled back `MAX_ROLLBACKS` times.
        """
        rollbacks, scale = self._state.rollbacks + 1, self._state.learning_rate_scale / 2
        if rollbacks > MAX_ROLLBACKS:
            raise TrainingError(
                f"{error}, after {MAX_ROLLBACKS} rollbacks with half the learning rate each. "
                "The last good state is kept.",
                hint=f"Train again with a lower --learning-rate than {learning_rate(self._options):.3g}.",
            )
        self._trainer.resume()
        self._trainer.broadcast()
        self._state.rollbacks, self._state.learning_rate_scale = rollbacks, scale
        self._save()  # the count survives a kill
        self._watch.note(
            f"{error}. Training returns to step {self._trainer.step} with half the learning rate: "
            f"{learning_rate(self._options) * scale:.2g} at its peak (rollback {rollbacks} of {MAX_ROLLBACKS})."
        )

    def _require_finite_weights(self) -> None:
        if not self._trainer.steps.is_finite():
            raise NotFiniteError(f"A weight is NaN or infinite in epoch {self._state.epoch + 1}")

    def _train_epoch(self) -> str | None:
        """Train the rest of the current epoch; return a reason to stop, or None at its end."""
        trainer, state = self._trainer, self._state
        order = epoch_order(trainer.n_train, seed=self._options.seed, epoch=state.epoch)
        positions = trainer.train_indices[order]
        while state.batch < trainer.steps_per_epoch:
            save_is_due = time.monotonic() - self._saved_at >= self._save_every
            proposal = Decision(self._stop(), save_is_due, self._steps_per_call)
            decision = trainer.devices.agree(proposal)
            if decision.reason:
                return decision.reason
            if decision.save:
                self._require_finite_weights()
                self._save()
            if trainer.fits_prior_next:
                self._watch.fitting_prior()
                if not trainer.fit_prior():
                    raise NotFiniteError(f"A posterior is NaN or infinite before epoch {state.epoch + 1}")
            size = trainer.batch_size
            batches = batches_of(positions, size, state.batch, decision.steps)
            ahead = batches_of(positions, size, state.batch + len(batches), decision.steps)
            seconds = self._take_steps(batches, ahead)
            self._watch.stepped(state.epoch + 1, state.batch, batches.size / seconds)
        return None

    def _take_steps(self, batches: np.ndarray, ahead: np.ndarray) -> float:
        """Train on batches (S, B) of image positions, add the losses to the state, and return the seconds."""
        state, count, first = self._state, len(batches), self._trainer.step
        start = time.perf_counter()
        rates = self._trainer.learning_rates(first, count)
        reconstruction, kl = self._trainer.steps.run(
            batches, rates, first, ahead=ahead, with_mixture=self._trainer.has_mixture
        )
        seconds = time.perf_counter() - start
        not_finite = np.flatnonzero(~np.isfinite(reconstruction + kl))
        if not_finite.size:
            i = not_finite[0]
            raise NotFiniteError(
                f"The loss is NaN or infinite in epoch {state.epoch + 1}, step {first + i + 1}: "
                f"reconstruction {reconstruction[i]:.4g}, KL {kl[i]:.4g} nats"
            )
        state.reconstruction += float(reconstruction.sum(dtype=np.float64)) * batches.shape[1]
        state.kl += float(kl.sum(dtype=np.float64)) * batches.shape[1]
        state.seconds += seconds
        state.batch += count
        if count == self._steps_per_call:  # at most 4 times as many: the first call also traces the graph
            steps = int(CALL_SECONDS / (seconds / count))
            self._steps_per_call = min(max(1, steps), 4 * self._steps_per_call, self._most_steps)
        return seconds

    def _end_epoch(self) -> Epoch:
        """Measure the validation loss, add a row to the history, and keep the weights if they are the best."""
        trainer, state = self._trainer, self._state
        start = time.perf_counter()
        measurement = trainer.validation.measure(with_mixture=trainer.has_mixture)
        row = row_of(trainer, measurement, val_seconds=time.perf_counter() - start)
        state.history.append(row)
        state.epoch, state.batch = state.epoch + 1, 0
        state.reconstruction = state.kl = state.seconds = 0.0
        is_best = row["val_loss"] < state.best_loss
        if is_best:
            weights = checkpoint.values(trainer.vae.variables)
            state.keep_best(row["val_loss"], weights, self._facts(measurement))
        return Epoch(
            row=row,
            best=is_best,
            active_units=measurement.active_units,
            kl=measurement.kl_of_dimensions.mean(axis=0),
            samples=trainer.previews.samples,
            reconstructions=trainer.previews.reconstructions,
        )

    def _facts(self, measurement: Measurement) -> dict[str, np.ndarray]:
        """Return the facts about the validation images' posteriors that `latent.summary.summarise` computes."""
        labels, indices = self._trainer.data.labels, self._trainer.validation.indices
        return summarise(
            measurement.z_mean,
            measurement.kl_of_dimensions,
            None if labels is None else labels[indices],
            len(self._trainer.data.class_names),
            examples=self._options.examples,
        )
