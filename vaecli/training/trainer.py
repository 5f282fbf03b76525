"""One training run put together: network, engine, validation, loop, and the state they share."""

import math
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np

from vaecli.data.images import CHUNK, Images
from vaecli.options import TrainOptions
from vaecli.probability.likelihoods import likelihood
from vaecli.runs import state as states
from vaecli.runs.progress import Watcher
from vaecli.runs.state import State
from vaecli.training import checkpoint as checkpoints
from vaecli.training import precision
from vaecli.training.cluster.devices import Devices
from vaecli.training.loop import Hooks, Loop
from vaecli.training.previews import Gallery
from vaecli.training.schedule import learning_rates
from vaecli.training.steps import Engine
from vaecli.training.vae import build, parameter_count
from vaecli.training.validation import Validation


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
        pixel_mean = _pixel_mean(images, train)
        with self._devices.scope():
            self.vae = build(
                options.network,
                likelihood(options.likelihood),
                (height, width, channels),
                options.latent_dim,
                seed=options.seed,
                pixel_mean=pixel_mean,
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
    def parameters(self) -> int:
        """The number of weights and biases."""
        return parameter_count(self.vae)

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
            saved = states.read(self._checkpoint)
            self._loop.state = checkpoints.restore(saved, self._engine.variables, facts)

    def save(self, facts: dict[str, Any]) -> None:
        """Of the chief: write the checkpoint."""
        if self._checkpoint:
            states.save(self._checkpoint, self.state, checkpoints.values(self._engine.variables), facts)

    def share(self) -> None:
        """All workers, together: take the chief's state, which may have been changed."""
        if self._devices.workers > 1:
            self._loop.state = checkpoints.broadcast(self.state, self._engine.variables, self._devices)

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
        checkpoints.restore_best(self.state, self.vae.variables)
        return reason


def _pixel_mean(images: Images, indices: np.ndarray) -> float:
    """The mean pixel in [0, 1], from an exact sum, however the images are stored."""
    chunks = (images[indices[start : start + CHUNK]] for start in range(0, len(indices), CHUNK))
    total = sum(int(chunk.sum(dtype=np.uint64)) for chunk in chunks)
    return total / (len(indices) * math.prod(images.shape[1:])) / 255
