"""The result of an evaluation: the value of each image, and the means with their standard errors."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from vaecli.choices import Part, PriorName
from vaecli.metrics.protocol import Float64


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """The metrics of a model on N images, with the value of each image.

    Attributes:
        metrics: names of the metrics, in the order of a report.
        per_image: name -> (N,) float64, for each metric that is a mean over images; `kl_dim` is (N, D).
        totals: name -> value, for metrics of all images together, such as active units.
        n_images: N.
        seconds: duration of the evaluation.
        prior: name of the prior of the bounds.
        classes: name of a class -> its means with their standard errors, and `n_images`; empty unless images were
            measured with their labels.
        part: the part of the data set that was evaluated, `train`, `validation` or `test`; None if not known.
        data: name of the data set; empty if not known.
        data_sha256: hash of the images and labels; empty if not known.
        seed: seed of the noise.
        importance_samples: K of the importance-weighted bound; 0 for none.
        labelled: whether a conditional model was given labels.
        part_seconds: `encode`, `elbo` or `nll`, `mse` and `ssim`, each with the metrics that follow from it -> its
            share of `seconds`.
    """

    metrics: tuple[str, ...]
    per_image: Mapping[str, Float64]
    totals: Mapping[str, int]
    n_images: int
    seconds: float
    prior: PriorName = "normal"
    classes: Mapping[str, Mapping[str, float]] = dataclasses.field(default_factory=dict)
    part: Part | None = None
    data: str = ""
    data_sha256: str = ""
    seed: int = 0
    importance_samples: int = 0
    labelled: bool = False
    part_seconds: Mapping[str, float] = dataclasses.field(default_factory=dict)

    @property
    def has_class_priors(self) -> bool:
        """Return whether the prior of the bounds is the mixture of each image's class."""
        return self.labelled and self.prior == "mixture"

    @property
    def values(self) -> dict[str, float]:
        """All values in one dict: each metric with its standard error `<name>_se`, then number of images and speed.

        There is no standard error for metrics in `totals`, nor for any metric if there is only one image.
        """
        values: dict[str, float] = {}
        for name in self.metrics:
            if name in self.totals:
                values[name] = self.totals[name]
            elif self.per_image[name].ndim == 2:
                for dimension, column in enumerate(self.per_image[name].T):
                    values |= mean_and_error(f"{name}_{dimension}", column)
            else:
                values |= mean_and_error(name, self.per_image[name])
        speed = {"n_images": self.n_images, "seconds": self.seconds}
        return values | speed | {"images_per_second": self.n_images / self.seconds}

    def by_class(self, labels: npt.NDArray[np.integer], names: Sequence[str]) -> dict[str, dict[str, float]]:
        """Return the means of the images of each class, and their number, in the order of the classes."""
        classes: dict[str, dict[str, float]] = {}
        for label in np.unique(labels).tolist():
            rows = np.flatnonzero(labels == label)
            values: dict[str, float] = {"n_images": len(rows)}
            for name, column in self.per_image.items():
                if column.ndim == 1:
                    values |= mean_and_error(name, column[rows])
            classes[names[label]] = values
        return classes


def mean_and_error(name: str, values: Float64) -> dict[str, float]:
    """Return the mean of values (N,) under `name`, and its standard error `<name>_se` if there are at least two."""
    mean = {name: float(values.mean())}
    if len(values) > 1:
        mean[f"{name}_se"] = float(values.std(ddof=1) / math.sqrt(len(values)))
    return mean
