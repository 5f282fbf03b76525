"""The classes that latents predict, and their form as JSON and in a saved evaluation."""

import dataclasses
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from vaecli.metrics.probes import METHODS, Share, probe_metric
from vaecli.metrics.saved.latents import SavedProbes


@dataclasses.dataclass(frozen=True)
class ProbeRow:
    """The accuracy of a representation with a number of labelled images.

    Attributes:
        representation: `latents`, `pca` or `pixels`.
        dimensions: of the representation.
        labels: number of labelled training images.
        nearest: share of test images that get their class from the 5 nearest labelled images.
        linear: the same by a linear probe.
    """

    representation: str
    dimensions: int
    labels: int
    nearest: Share
    linear: Share


@dataclasses.dataclass(frozen=True)
class Probes:
    """All rows, and the duration.

    Attributes:
        rows: by number of labels, then by representation.
        n_images: number of test images.
        seconds: name of a step -> its duration.
        data: name and hash of the test images.
        training: name and hash of the labelled images.
        n_training: number of labelled images.
        seed: of the draws of few of them.
        correct: `nearest` and `linear` -> (n_images,) whether the class is right, by latents and all labels.
    """

    rows: tuple[ProbeRow, ...]
    n_images: int
    seconds: dict[str, float]
    data: tuple[str, str]
    training: tuple[str, str]
    n_training: int
    seed: int
    correct: Mapping[str, npt.NDArray[np.bool_]]

    def saved(self) -> SavedProbes:
        """Return all but the durations and the images, as a saved evaluation holds it."""
        values: dict[str, dict[str, float]] = {}
        errors: dict[str, dict[str, float]] = {}
        for row in self.rows:
            labels = None if row.labels == self.n_training else row.labels
            for method in METHODS:
                share: Share = getattr(row, method)
                values.setdefault(row.representation, {})[probe_metric(method, labels)] = share.value
                errors.setdefault(row.representation, {})[probe_metric(method, labels)] = share.error
        return SavedProbes(
            data=self.data[0],
            data_sha256=self.data[1],
            n_images=self.n_images,
            training=self.training[0],
            training_sha256=self.training[1],
            n_training=self.n_training,
            seed=self.seed,
            rows=values,
            errors=errors,
        )

    def facts(self) -> dict[str, object]:
        """Return what `--json` prints."""
        rows = [
            {
                "representation": row.representation,
                "dimensions": row.dimensions,
                "labels": row.labels,
                "nearest": {"value": row.nearest.value, "se": row.nearest.error},
                "linear": {"value": row.linear.value, "se": row.linear.error},
            }
            for row in self.rows
        ]
        return {"n_images": self.n_images, "rows": rows, "seconds": self.seconds}
