"""How well latents tell classes apart, in a saved evaluation."""

import dataclasses
from collections.abc import Mapping

from vaecli.metrics.probes import PROBE_METRICS

LATENTS = "latents"  # the representation whose shares are metrics of the model


@dataclasses.dataclass(frozen=True, kw_only=True)
class SavedProbes:
    """How well latents tell classes apart, and what stands beside them.

    Attributes:
        data: name of the images whose classes were predicted.
        data_sha256: hash of these images and of their labels.
        n_images: their number.
        training: name of the labelled training images.
        training_sha256: their hash.
        n_training: their number.
        seed: of the draws of few of them.
        rows: `latents`, and others such as `pca` and `pixels` -> metric such as `nearest` or `linear_100` -> share
            of the images whose predicted class is right.
        errors: the same with the standard errors.
    """

    data: str
    data_sha256: str
    n_images: int
    training: str
    training_sha256: str
    n_training: int
    seed: int
    rows: Mapping[str, Mapping[str, float]]
    errors: Mapping[str, Mapping[str, float]]

    @property
    def values(self) -> dict[str, float]:
        """Name of each metric of latents -> its value."""
        return dict(self.rows[LATENTS])

    @property
    def standard_errors(self) -> dict[str, float]:
        """Name of each metric of latents -> its standard error."""
        return dict(self.errors[LATENTS])

    @property
    def is_consistent(self) -> bool:
        """Whether latents are among the rows, all metrics are known, and each value has an error."""
        rows, errors = self.rows, self.errors
        return (
            LATENTS in rows
            and rows.keys() == errors.keys()
            and all(rows[name].keys() == errors[name].keys() <= PROBE_METRICS.keys() for name in rows)
        )
