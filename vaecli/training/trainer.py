"""A training run put together: networks, training steps, validation, and the state that they share."""

import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from vaecli.data.images import ImageSet, pixel_mean
from vaecli.latent.prior_sizes import encoded_count, usual_components
from vaecli.options import TrainOptions, augmentations
from vaecli.probability.likelihoods import likelihood
from vaecli.runs import state as states
from vaecli.runs.state import Arrays, State
from vaecli.training import checkpoint as checkpoints
from vaecli.training import precision, schedule
from vaecli.training.cluster.devices import Devices
from vaecli.training.labels import labels_of
from vaecli.training.mixture_prior import MixturePrior
from vaecli.training.networks import table
from vaecli.training.previews import Previews
from vaecli.training.steps import TrainingSteps
from vaecli.training.vae import build
from vaecli.training.validation import Validation


class Trainer:
    """The parts of a run and its state; `Loop` trains it.

    Args:
        data: all images of the training split, in memory or in their file.
        held_out: (N,) bool, true for the validation images.
        options: options of the run.
        checkpoint: path of the state's file, in a folder that exists; None in workers other than the chief.
        identity: what a run that is resumed from that file must share with this one.
        devices: the devices that train; one device if left out.
    """

    def __init__(
        self,
        data: ImageSet,
        held_out: np.ndarray,
        options: TrainOptions,
        *,
        checkpoint: pathlib.Path | None,
        identity: Mapping[str, Any] | None = None,
        devices: Devices | None = None,
    ) -> None:
        height, width, channels = data.images.shape[1:]
        self.image_shape = height, width, channels
        self.n_train = int((~held_out).sum())
        options = table.with_defaults(options, self.image_shape, self.n_train)
        self.batch_size = table.batch_size(options, self.n_train)
        self.data, self.options, self.state = data, options, State()
        self.devices = devices or Devices()
        self._checkpoint, self._identity = checkpoint, dict(identity or {})
        self.train_indices, held_out_indices = np.flatnonzero(~held_out), np.flatnonzero(held_out)
        labels = labels_of(data, options, held_out)
        with self.devices.scope():
            self.vae = build(
                options.network,
                likelihood(options.likelihood, binarised=options.binarize),
                self.image_shape,
                options.latent_dim,
                seed=options.seed,
                size=table.size_of(options, self.image_shape),
                pixel_mean=pixel_mean(data.images, self.train_indices),
                label_count=len(data.class_names) if options.conditional else 0,
            )
        self._mixture = self.mixture_prior() if options.mixture_epochs else None
        self.steps = TrainingSteps(
            self.vae,
            data.images,
            beta=options.beta,
            kl_warmup=table.kl_warmup(options) * self.steps_per_epoch,
            free_bits=options.free_bits,
            colour_steps=options.epochs * self.steps_per_epoch,
            seed=options.seed,
            schedule=options.schedule,
            precision=precision.choose(options.precision),
            augment=augmentations(options.augment),
            labels=labels,
            mixture=self._mixture,
            devices=self.devices,
        )
        self.validation = Validation(
            self.vae,
            data.images,
            held_out_indices,
            seed=options.seed,
            labels=labels,
            mixture=self._mixture,
            devices=self.devices,
        )
        self.previews = Previews(
            self.vae,
            data.images,
            held_out_indices,
            seed=options.seed,
            labels=labels,
            mixture=self._mixture,
        )

    @property
    def steps_per_epoch(self) -> int:
        """The number of batches in an epoch; the last one may be smaller."""
        return -(-self.n_train // self.batch_size)

    @property
    def step(self) -> int:
        """The number of steps taken since training began."""
        return self.state.epoch * self.steps_per_epoch + self.state.batch

    @property
    def has_mixture(self) -> bool:
        """Whether the prior of the current epoch is a mixture: that of the last `mixture_epochs` is.

        A run that had a mixture keeps it if it is extended: its losses would rise with N(0, I). An epoch that began
        with N(0, I) ends with it if the run is shortened.
        """
        if not self._mixture:
            return False
        return self._mixture.is_fitted or self.state.epoch + 1 >= self.first_mixture_epoch

    @property
    def first_mixture_epoch(self) -> int:
        """The number of the first epoch, from 1, that has a mixture as prior, or will have one.

        Beyond the last one if none has.
        """
        if self.state.mixture_since:
            return self.state.mixture_since
        begun = self.state.epoch + (self.state.batch > 0)
        return max(self.options.epochs - self.options.mixture_epochs, begun) + 1

    @property
    def waits_for_mixture(self) -> bool:
        """Whether a mixture is still to be fitted for the first time."""
        return self._mixture is not None and not self._mixture.is_fitted

    @property
    def finished(self) -> bool:
        """True if nothing is left to train: all epochs are done, or patience has run out."""
        return self.state.epoch >= self.options.epochs or self.out_of_patience

    @property
    def out_of_patience(self) -> bool:
        """True if the last `patience` epochs brought no lower validation loss, with the prior of the last ones."""
        if self.waits_for_mixture:
            return False
        return self.state.epochs_without_gain >= self.options.patience

    def learning_rates(self, first: int, count: int, options: TrainOptions | None = None) -> np.ndarray:
        """Return the learning rates (count,) of the steps from number `first` on, by `options` or the run's own."""
        options = options or self.options
        return schedule.learning_rates(
            first,
            count,
            total=options.epochs * self.steps_per_epoch,
            peak=table.learning_rate(options) * self.state.learning_rate_scale,
            schedule=options.schedule,
        )

    @property
    def fits_prior_next(self) -> bool:
        """Whether an epoch begins before which the mixture is fitted."""
        return self.has_mixture and self.state.batch == 0

    def fit_prior(self) -> bool:
        """Fit the mixture; all workers call this together. Return false if posteriors are not finite.

        Patience counts from the first fit.
        """
        is_first = self.waits_for_mixture
        if self._mixture is None or not self._mixture.fit(self.state.epoch):
            return False
        if is_first:
            self.state.mixture_since = self.state.epoch + 1
        return True

    def start_from(self, weights: Arrays) -> None:
        """Assign initial weights, path -> array, in place of random ones.

        Raises:
            TrainingError: they are those of another network.
        """
        checkpoints.assign(self.vae.variables, weights)

    def resume(self) -> None:
        """Restore state and variables from the checkpoint; do nothing in workers other than the chief.

        Raises:
            TrainingError: the file is missing, damaged, or from another run.
        """
        if self._checkpoint:
            saved = states.read(self._checkpoint)
            self.state = checkpoints.restore(saved, self.steps.variables, self._identity)
            self._refresh()

    def mixture_prior(self, most: int | None = None) -> MixturePrior:
        """Return a mixture for the training images, not fitted.

        Args:
            most: fit it to so many images at most, and keep its small components: for a measurement of the time of
                a fit.
        """
        options = self.options
        count = encoded_count(self.n_train, self.image_shape, options.latent_dim)
        return MixturePrior(
            self.vae,
            self.data.images,
            self.train_indices[:most],
            components=usual_components(count, options.latent_dim),
            seed=options.seed,
            devices=self.devices,
            fewest=None if most is None else 1,
        )

    def save(self) -> bool:
        """Write the checkpoint and return true; do nothing in workers other than the chief.

        Raises:
            OutputError: the file cannot be written.
        """
        if not self._checkpoint:
            return False
        variables = checkpoints.values(self.steps.variables)
        states.save(self._checkpoint, self.state, variables, self._identity)
        return True

    def broadcast(self) -> None:
        """Copy the chief's state and variables to all workers; all workers call this together."""
        if self.devices.workers > 1:
            self.state = checkpoints.broadcast(self.state, self.steps.variables, self.devices)
            self._refresh()

    def _refresh(self) -> None:
        if self._mixture:
            self._mixture.refresh()
