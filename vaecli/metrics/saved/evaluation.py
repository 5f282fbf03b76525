"""A saved evaluation: the value of each image, and everything that numbers must share to be compared."""

import dataclasses
import statistics
from collections.abc import Mapping
from typing import Any

from vaecli.metrics.evaluation import mean_and_error
from vaecli.metrics.protocol import Float64


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


@dataclasses.dataclass(frozen=True, kw_only=True)
class SampleQuality:
    """The quality of samples, seed by seed.

    Attributes:
        features: name of what turned images into features.
        features_sha256: its hash.
        reference: name of the real images.
        reference_sha256: their hash.
        n_images: number of samples of a seed.
        prior: from which samples were drawn.
        seeds: seeds of the samples.
        values: metric -> its value for each seed.
    """

    features: str
    features_sha256: str
    reference: str
    reference_sha256: str
    n_images: int
    prior: str
    seeds: tuple[int, ...]
    values: Mapping[str, tuple[float, ...]]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class SavedEvaluation:
    """An evaluation with the value of each image.

    Attributes:
        metrics: names of the metrics of images, in the order of a report.
        per_image: name -> (N,) float64, for each metric that is a mean over images.
        kl_dim: the mean KL of each dimension, (D,); empty if it was not measured.
        totals: name -> value, for metrics of all images together, such as active units.
        conditions: what was measured, and how.
        model: the model.
        quality: the quality of samples; None if it was not measured.
        created: when it was saved, ISO 8601 in UTC.
    """

    metrics: tuple[str, ...]
    per_image: Mapping[str, Float64]
    kl_dim: tuple[float, ...]
    totals: Mapping[str, int]
    conditions: Conditions
    model: MeasuredModel
    quality: SampleQuality | None
    created: str

    @property
    def values(self) -> dict[str, float]:
        """Each metric with its standard error `<name>_se`; metrics of samples are means over seeds, without one."""
        values: dict[str, float] = {}
        for name in self.metrics:
            if name in self.per_image:
                values |= mean_and_error(name, self.per_image[name])
            elif name in self.totals:
                values[name] = self.totals[name]
        if self.quality is not None:
            values |= {name: statistics.fmean(each) for name, each in self.quality.values.items()}
        return values
