"""A saved evaluation: the value of each image, and everything that numbers must share to be compared."""

import dataclasses
import statistics
from collections.abc import Mapping
from typing import Any

import numpy as np

from vaecli.metrics.evaluation import mean_and_error
from vaecli.metrics.protocol import Float64
from vaecli.metrics.samples.table import AGREEMENT, COPIES, ROWS, SAMPLE_METRICS, SAMPLES, row_metric
from vaecli.metrics.saved.latents import SavedProbes


@dataclasses.dataclass(frozen=True, kw_only=True)
class Conditions:
    """The data of an evaluation, and its settings.

    Attributes:
        data: name of the data set.
        split: its part, `train`, `validation` or `test`.
        data_sha256: hash of the measured images and labels.
        n_images: N.
        likelihood: name of the likelihood.
        binarised: whether the images were made binary first.
        labelled: whether a conditional model was given the labels.
        prior: name of the prior of the bounds.
        importance_samples: K of the importance-weighted bound; 0 for none.
        seed: seed of the noise.
    """

    data: str
    split: str
    data_sha256: str
    n_images: int
    likelihood: str
    binarised: bool
    labelled: bool
    prior: str
    importance_samples: int
    seed: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class MeasuredModel:
    """The model that was measured.

    Attributes:
        name: name of its run.
        model_id: hash of its float32 weights.
        decoder_sha256: digest of the decoder file, which also holds the prior.
        encoder_sha256: digest of the encoder file.
        seed: seed of its training; None if it is not known.
        settings: everything that distinguishes two runs except the seed: name -> JSON value.
        figures: `best_epoch`, `epochs_done` and losses on validation images: name -> number.
        software: versions with which it was trained: package -> version.
    """

    name: str
    model_id: str
    decoder_sha256: str
    encoder_sha256: str
    seed: int | None
    settings: Mapping[str, Any]
    figures: Mapping[str, float]
    software: Mapping[str, str]


COPIES_FIGURES = {"ratio", "ratio_error", "median", "median_reference"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class SampleQuality:
    """The quality of samples, seed by seed, and of what stands beside them.

    Attributes:
        features: name of what turned images into features.
        features_sha256: its hash.
        reference: name of the real images.
        reference_sha256: their hash.
        n_images: number of samples of a seed.
        training: name of the training images; empty if there were none.
        training_sha256: their hash; empty if there were none.
        prior: from which samples were drawn.
        seeds: seeds of the samples.
        rows: `samples`, and others such as `reconstructions` and `training` -> metric -> its value for each seed,
            or the one value of a row that no seed changes.
        errors: the same with the standard errors of each value for the choice of the images of both sets.
        copies: `ratio` of the medians with `ratio_error`, `median` of samples, `median_reference`; empty without
            training images.
        agreement: mean over classes of the share of samples that are taken for the class they were drawn of; None
            if none were drawn of a class.
        agreement_error: its standard error; None with it.
    """

    features: str
    features_sha256: str
    reference: str
    reference_sha256: str
    n_images: int
    training: str
    training_sha256: str
    prior: str
    seeds: tuple[int, ...]
    rows: Mapping[str, Mapping[str, tuple[float, ...]]]
    errors: Mapping[str, Mapping[str, tuple[float, ...]]]
    copies: Mapping[str, float]
    agreement: float | None
    agreement_error: float | None

    @property
    def values(self) -> dict[str, tuple[float, ...]]:
        """Name of each metric, such as `frechet`, `frechet_training` or `copies` -> its values, mostly by seed."""
        values = _flat(self.rows)
        values |= {COPIES: (self.copies["ratio"],)} if self.copies else {}
        return values | ({} if self.agreement is None else {AGREEMENT: (self.agreement,)})

    @property
    def standard_errors(self) -> dict[str, float]:
        """Name of each metric -> the standard error of the value of one seed, averaged over the seeds."""
        errors = {name: statistics.fmean(each) for name, each in _flat(self.errors).items()}
        errors |= {COPIES: self.copies["ratio_error"]} if self.copies else {}
        return errors | ({} if self.agreement_error is None else {AGREEMENT: self.agreement_error})

    @property
    def is_consistent(self) -> bool:
        """Whether there are seeds, each row has all metrics and their errors, and copies have their figures."""
        has_copies = not self.copies or self.copies.keys() == COPIES_FIGURES
        has_errors = (self.agreement is None) == (self.agreement_error is None)
        if not self.seeds or self.n_images < 1:
            return False
        return has_copies and has_errors and _are_consistent(self.rows, self.errors, len(self.seeds))


def _flat(rows: Mapping[str, Mapping[str, tuple[float, ...]]]) -> dict[str, tuple[float, ...]]:
    return {
        row_metric(row, metric): values for row, metrics in rows.items() for metric, values in metrics.items()
    }


def _are_consistent(
    rows: Mapping[str, Mapping[str, tuple[float, ...]]],
    errors: Mapping[str, Mapping[str, tuple[float, ...]]],
    seeds: int,
) -> bool:
    """Return whether `rows` are known ones, samples among them, with values by seed, or one, of every metric."""
    if SAMPLES not in rows or not rows.keys() <= {SAMPLES, *ROWS} or rows.keys() != errors.keys():
        return False
    for row, metrics in rows.items():
        count = seeds if row == SAMPLES else 1
        lengths = [len(values) for values in (*metrics.values(), *errors[row].values())]
        if not metrics.keys() == errors[row].keys() == SAMPLE_METRICS.keys() or any(
            length != count for length in lengths
        ):
            return False
    return True


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class SavedEvaluation:
    """An evaluation with the value of each image.

    Attributes:
        metrics: names of the metrics of images, in the order of a report.
        per_image: name -> (N,) float64, for each metric that is a mean over images; of classes predicted from
            latents 1 where the class is right, else 0.
        kl_dim: the mean KL of each dimension, (D,); empty if it was not measured.
        totals: name -> value, for metrics of all images together, such as active units.
        conditions: what was measured, and how.
        model: the model.
        quality: the quality of samples; None if it was not measured.
        created: when it was saved, ISO 8601 in UTC.
        probes: how well latents tell classes apart; None if it was not measured.
    """

    metrics: tuple[str, ...]
    per_image: Mapping[str, Float64]
    kl_dim: tuple[float, ...]
    totals: Mapping[str, int]
    conditions: Conditions
    model: MeasuredModel
    quality: SampleQuality | None
    created: str
    probes: SavedProbes | None = None

    def values_of(self, metric: str) -> Float64:
        """Return the values of a metric: of each image, of each sample seed, or the one of all images.

        They are empty if it was not measured.
        """
        if metric in self.per_image:
            return self.per_image[metric]
        groups: dict[str, tuple[float, ...]] = {name: (float(value),) for name, value in self.totals.items()}
        groups |= self.quality.values if self.quality else {}
        groups |= {name: (value,) for name, value in self.probes.values.items()} if self.probes else {}
        return np.array(groups.get(metric, ()))

    @property
    def values(self) -> dict[str, float]:
        """Each metric with its standard error `<name>_se` for the choice of images.

        Metrics of samples are means over seeds, and their standard errors those of one seed.
        """
        values: dict[str, float] = {}
        for name in self.metrics:
            if name in self.per_image:
                values |= mean_and_error(name, self.per_image[name])
            elif name in self.totals:
                values[name] = self.totals[name]
        if self.quality is not None:
            errors = self.quality.standard_errors
            for name, each in self.quality.values.items():
                values[name] = statistics.fmean(each)
                values |= {f"{name}_se": errors[name]} if name in errors else {}
        if self.probes is not None:
            values |= self.probes.values
            values |= {f"{name}_se": error for name, error in self.probes.standard_errors.items()}
        return values
