"""The training loop: epochs of many-step calls, validation, early stopping, a state that can be saved anywhere.

It is a loop of our own because Keras' `fit` can neither be stopped and resumed within an epoch to the bit, nor
run under MultiWorkerMirroredStrategy.

Early stopping and the schedule. The cosine takes the rate to zero at the last epoch, and the last, slow steps are
where the loss falls most surely, so a run that is cut before them gives something away. Patience ends a run under
either schedule all the same, because that is what it says; its default, a third of the default epochs, is long
enough that a run which still gains from the falling rate is not cut, and one that overfits is.

Broken steps. When a loss or a weight is no finite number, the run goes back to its last saved state and on from
there with half the learning rate, the same images and the same noise; after `MAX_SETBACKS` times it gives up.
"""

import dataclasses
import math
import time
from collections.abc import Callable

import numpy as np

from vaecli.errors import TrainingError
from vaecli.options import TrainOptions
from vaecli.runs.history import Row
from vaecli.runs.progress import Epoch, Watcher
from vaecli.runs.state import State
from vaecli.training import checkpoint
from vaecli.training.cluster.devices import Agreed
from vaecli.training.previews import Gallery
from vaecli.training.schedule import epoch_order, learning_rates
from vaecli.training.steps import Engine
from vaecli.training.validation import Validation

SECONDS_A_CALL = 0.4  # signals are seen between calls into the graph
MAX_SETBACKS = 3


@dataclasses.dataclass(frozen=True)
class Hooks:
    """What the loop calls.

    Attributes:
        save: writes the state: at the start, after every epoch, before a stop, every `save_every` seconds.
        reload: puts the saved variables back and returns the saved state.
        gallery: makes pictures for the watcher.
        watch: is told of every call and epoch.
        stop: asked between calls into the graph; a reason ends the run.
        save_every: seconds.
    """

    save: Callable[[], None]
    reload: Callable[[], State]
    gallery: Gallery
    watch: Watcher
    stop: Callable[[], str | None]
    save_every: float = math.inf


class _NotFiniteError(Exception):
    """What was seen, and where."""


class Loop:
    """One run's way through its epochs over the images at `indices`; `state` says where it stands between calls."""

    def __init__(
        self,
        engine: Engine,
        validation: Validation,
        indices: np.ndarray,
        options: TrainOptions,
        state: State,
    ) -> None:
        self.state = state
        self.steps_per_epoch = -(-len(indices) // options.batch_size)
        self._engine, self._validation = engine, validation
        self._indices, self._n_train, self._options = indices, len(indices), options
        self._steps_a_call = 1
        self._saved_at = 0.0

    def run(self, hooks: Hooks) -> str:
        """Train to the end, or until `hooks.stop()` gives a reason; the reason is returned.

        Raises:
            TrainingError: the loss is not a finite number, with a smaller learning rate neither.
        """
        self._save(hooks)  # of the start: a run killed in its first epoch can be resumed, too
        while self.state.epoch < self._options.epochs:
            if self.out_of_patience:
                return (
                    f"the validation loss has not fallen for {self._options.patience} epochs (--patience); "
                    f"the weights of epoch {self.state.best_epoch} are kept"
                )
            try:
                reason = self._train_epoch(hooks)
                self._require_finite_weights()
                epoch = None if reason else self._close_epoch(hooks.gallery)
            except _NotFiniteError as seen:
                self._go_back(seen, hooks)
                continue
            self._save(hooks)  # before anybody is told: a kill between costs a frame of the GIF, not an epoch
            if epoch is None:
                return str(reason)
            hooks.watch.epoch_ended(epoch)
        return f"all {self._options.epochs} epochs are done; the weights of epoch {self.state.best_epoch} are kept"

    @property
    def out_of_patience(self) -> bool:
        """Whether no epoch has been better for so long that the run ends early."""
        waited = self.state.epoch - max(self.state.best_epoch, self.state.patience_from)
        return waited >= self._options.patience

    def _save(self, hooks: Hooks) -> None:
        hooks.save()
        self._saved_at = time.monotonic()

    def _go_back(self, seen: _NotFiniteError, hooks: Hooks) -> None:
        setbacks, factor = self.state.setbacks + 1, self.state.rate_factor / 2
        if setbacks > MAX_SETBACKS:
            best = f" The best model so far, of epoch {self.state.best_epoch}: vaecli export -m RUN."
            raise TrainingError(
                f"{seen}. Going back with half the learning rate has not helped, {MAX_SETBACKS} times. "
                "The last good state is kept.",
                hint=f"Train anew with a lower --learning-rate than {self._options.learning_rate}."
                + (best if self.state.best_weights else ""),
            )
        self.state = hooks.reload()
        self.state.setbacks, self.state.rate_factor = setbacks, factor
        self._save(hooks)  # the count survives a kill
        hooks.watch.note(
            f"{seen}. Back to step {self._step} with half the learning rate, "
            f"{self._options.learning_rate * factor:.2g} at its peak (time {setbacks} of {MAX_SETBACKS} at most)."
        )

    def _require_finite_weights(self) -> None:
        if not self._engine.is_finite():
            raise _NotFiniteError(f"A weight is no finite number in epoch {self.state.epoch + 1}")

    @property
    def _step(self) -> int:
        """Steps taken since training began."""
        return self.state.epoch * self.steps_per_epoch + self.state.batch

    def _train_epoch(self, hooks: Hooks) -> str | None:
        state = self.state
        order = self._indices[epoch_order(self._n_train, seed=self._options.seed, epoch=state.epoch)]
        while state.batch < self.steps_per_epoch:
            due = time.monotonic() - self._saved_at >= hooks.save_every
            agreed = self._engine.devices.agree(Agreed(hooks.stop(), due, self._steps_a_call))
            if agreed.reason:
                return agreed.reason
            if agreed.save:
                self._require_finite_weights()
                self._save(hooks)
            part = self._batches(order, state.batch, agreed.steps)
            ahead = self._batches(order, state.batch + len(part), agreed.steps)
            seconds = self._call(part, ahead)
            hooks.watch.stepped(state.epoch + 1, state.batch, part.size / seconds)
        return None

    def _batches(self, order: np.ndarray, first: int, count: int) -> np.ndarray:
        """Up to `count` batches of an epoch from number `first` on, (S, B); the last one, if smaller, alone."""
        size, full = self._options.batch_size, self._n_train // self._options.batch_size
        if first >= full:
            return order[first * size :].reshape(1, -1)  # empty beyond the end
        count = min(count, full - first)
        return order[first * size : (first + count) * size].reshape(count, size)

    def _call(self, indices: np.ndarray, ahead: np.ndarray) -> float:
        state, count, first = self.state, len(indices), self._step
        start = time.perf_counter()
        reconstruction, kl = self._engine.run(indices, self._rates(first, count), first, ahead=ahead)
        seconds = time.perf_counter() - start
        broken = np.flatnonzero(~np.isfinite(reconstruction + kl))
        if broken.size:
            i = broken[0]
            raise _NotFiniteError(
                f"The loss is no finite number in epoch {state.epoch + 1}, step {first + i + 1}: "
                f"reconstruction {reconstruction[i]:.4g}, KL {kl[i]:.4g} nats"
            )
        state.reconstruction += float(reconstruction.sum(dtype=np.float64)) * indices.shape[1]
        state.kl += float(kl.sum(dtype=np.float64)) * indices.shape[1]
        state.seconds += seconds
        state.batch += count
        if count == self._steps_a_call:  # the first call traces the graph, so grow by at most 4 a call
            wanted = int(SECONDS_A_CALL / (seconds / count))
            self._steps_a_call = min(max(1, wanted), 4 * self._steps_a_call)
        return seconds

    def _rates(self, first: int, count: int) -> np.ndarray:
        total = self._options.epochs * self.steps_per_epoch
        peak = self._options.learning_rate * self.state.rate_factor
        return learning_rates(first, count, total=total, peak=peak, schedule=self._options.schedule)

    def _close_epoch(self, gallery: Gallery) -> Epoch:
        state, beta = self.state, self._options.beta
        last_step = (state.epoch + 1) * self.steps_per_epoch - 1
        start = time.perf_counter()
        measured = self._validation.measure()
        val_reconstruction, val_kl = measured.reconstruction, float(measured.kl.sum())
        if not math.isfinite(val_reconstruction + val_kl):
            raise _NotFiniteError(
                f"The validation loss is no finite number in epoch {state.epoch + 1}: "
                f"reconstruction {val_reconstruction:.4g}, KL {val_kl:.4g} nats"
            )
        reconstruction, kl = state.reconstruction / self._n_train, state.kl / self._n_train
        row: Row = {
            "epoch": state.epoch + 1,
            "loss": reconstruction + beta * kl,
            "reconstruction": reconstruction,
            "kl": kl,
            "val_loss": val_reconstruction + beta * val_kl,
            "val_reconstruction": val_reconstruction,
            "val_kl": val_kl,
            "learning_rate": float(self._rates(last_step, 1)[0]),
            "seconds": state.seconds,
            "images_per_second": self._n_train / state.seconds,
            "val_seconds": time.perf_counter() - start,
        }
        state.history.append(row)
        state.epoch, state.batch = state.epoch + 1, 0
        state.reconstruction = state.kl = state.seconds = 0.0
        return Epoch(
            row=row,
            best=state.keep_best(row["val_loss"], checkpoint.values(self._engine.vae.variables)),
            active_units=measured.active_units,
            kl=measured.kl,
            samples=gallery.samples,
            reconstructions=gallery.reconstructions,
        )
