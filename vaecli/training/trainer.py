"""One training run put together: network, engine, validation, loop, and the state they share."""

import math
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np

from vaecli.data.images import CHUNK, Images
from vaecli.options import TrainOptions
from vaecli.training import network, precision
from vaecli.training.devices import Devices
from vaecli.training.engine import Engine
from vaecli.training.gallery import Gallery
from vaecli.training.loop import Hooks, Loop
from vaecli.training.schedule import learning_rates
from vaecli.training.state import State, load, restore_best, share
from vaecli.training.state import save as write_state
from vaecli.training.validation import Validation
from vaecli.training.watch import Watcher


class Trainer:
    """Trains on images, in memory or in their file, and keeps its state in one file.

    Args:
        images: (N, H, W, C) uint8, the whole training set.
        held_out: (N,) bool, true for the validation images.
        options: what to compute.
        checkpoint: the file of the state; its folder exists. None in all workers but the chief.
        devices: what trains; one device if left out.
    """

    def __init__(
        self,
        images: Images,
        held_out: np.ndarray,
        options: TrainOptions,
        checkpoint: pathlib.Path | None,
        devices: Devices | None = None,
    ) -> None:
        self._devices = devices or Devices()
        height, width, channels = images.shape[1:]
        train, held = np.flatnonzero(~held_out), np.flatnonzero(held_out)
        output_bias = _log_odds(images, train)
        with self._devices.scope():
            self.vae = network.build(
                options.network,
                (height, width, channels),
                options.latent_dim,
                seed=options.seed,
                output_bias=output_bias,
            )
        self._engine = Engine(
            self.vae,
            images,
            beta=options.beta,
            seed=options.seed,
            schedule=options.schedule,
            precision=precision.choose(options.precision),
            devices=self._devices,
        )
        validation = Validation(self.vae, images, held, seed=options.seed, devices=self._devices)
        self._gallery = Gallery(self.vae, images, held, seed=options.seed)
        self.n_train = len(train)
        self._loop = Loop(self._engine, validation, train, options, State())
        self._options, self._checkpoint = options, checkpoint

    @property
    def state(self) -> State:
        """Where the run stands."""
        return self._loop.state

    @property
    def steps_per_epoch(self) -> int:
        """Batches an epoch, the last one smaller if need be."""
        return self._loop.steps_per_epoch

    def rate(self, options: TrainOptions) -> float:
        """The learning rate of the step to come, had the run these options."""
        state, steps = self.state, self.steps_per_epoch
        rates = learning_rates(
            state.epoch * steps + state.batch,
            1,
            total=options.epochs * steps,
            peak=options.learning_rate * state.rate_factor,
            schedule=options.schedule,
        )
        return float(rates[0])

    @property
    def finished(self) -> bool:
        """Whether nothing is left to train: all epochs are done, or patience has run out."""
        return self.state.epoch >= self._options.epochs or self.out_of_patience

    @property
    def out_of_patience(self) -> bool:
        """Whether the run ends before its epochs are done."""
        return self._loop.out_of_patience

    def resume(self, facts: dict[str, Any]) -> None:
        """Of the chief: go on from the checkpoint.

        Raises:
            TrainingError: it is missing or damaged, or of a run that differs in `facts`.
        """
        if self._checkpoint:
            self._loop.state = load(self._checkpoint, self._engine.variables, facts)

    def save(self, facts: dict[str, Any]) -> None:
        """Of the chief: write the checkpoint."""
        if self._checkpoint:
            write_state(self._checkpoint, self.state, self._engine.variables, facts)

    def share(self) -> None:
        """All workers, together: take the chief's state, which may have been changed."""
        if self._devices.workers > 1:
            self._loop.state = share(self.state, self._engine.variables, self._devices)

    def run(
        self,
        facts: dict[str, Any],
        *,
        saved: Callable[[State], None],
        watch: Watcher,
        stop: Callable[[], str | None],
        save_every: float = math.inf,
    ) -> str:
        """Train until the end or until `stop()` gives a reason; returns why it ended, the best weights in place.

        `saved` is called whenever the state has been written, by the chief alone: after every epoch, and every
        `save_every` seconds within one.
        """

        def save() -> None:
            self.save(facts)
            if self._checkpoint:
                saved(self.state)

        def reload() -> State:
            self.resume(facts)
            self.share()
            return self.state

        hooks = Hooks(
            save=save, reload=reload, gallery=self._gallery, watch=watch, stop=stop, save_every=save_every
        )
        reason = self._loop.run(hooks)
        restore_best(self.state, self.vae.variables)
        return reason


def _log_odds(images: Images, indices: np.ndarray) -> float:
    chunks = (images[indices[start : start + CHUNK]] for start in range(0, len(indices), CHUNK))
    grey = sum(int(chunk.sum(dtype=np.uint64)) for chunk in chunks)  # exact, however the images come
    mean = float(np.clip(grey / (len(indices) * math.prod(images.shape[1:])) / 255, 0.01, 0.99))
    return float(np.log(mean / (1 - mean)))
