"""The measured quality of samples, and its form as JSON."""

import dataclasses
import math
import statistics
from collections.abc import Mapping
from typing import Any

from vaecli.choices import PriorName
from vaecli.metrics.samples.compare import Comparison
from vaecli.metrics.samples.copies import Ratio
from vaecli.metrics.samples.table import SAMPLE_METRICS, SAMPLES
from vaecli.metrics.saved.evaluation import SampleQuality
from vaecli.tasks.quality.seen import ClassRow, Confidence, Share, mean_share

MEANS = (
    "Pictures are the means of binary pixels, and real images are grey: the means of the binary images that are "
    "drawn of them."
)


@dataclasses.dataclass(frozen=True)
class FeaturesUsed:
    """The features by which images were compared.

    Attributes:
        kind: `classifier`, `encoder` or `file`.
        name: of the classifier's data set, the encoder's run, or the file.
        sha256: hash of the classifier, id of the encoder's model, or hash of the reference's features.
        count: number of features of an image.
    """

    kind: str
    name: str
    sha256: str
    count: int

    @property
    def title(self) -> str:
        """What computed the features, by its name."""
        kinds = {"classifier": "classifier of", "encoder": "latents of the run", "file": "file"}
        return f"{kinds[self.kind]} {self.name}"

    @property
    def words(self) -> str:
        """The features on one line."""
        return f"{self.title}, {self.count} features, {self.sha256[:12]}"


@dataclasses.dataclass(frozen=True)
class Pair:
    """A sample and its nearest training image.

    Attributes:
        sample: number of the sample.
        training: position of the training image.
        distance: between them, in the space of the features.
    """

    sample: int
    training: int
    distance: float


@dataclasses.dataclass(frozen=True)
class Copies:
    """How near samples are to training images.

    Attributes:
        ratio: median distance of samples over that of reference images; 1 if samples are as new as these.
        median: median distance of samples to their nearest training image.
        median_reference: the same of reference images.
        pairs: the closest pairs, the closest first.
        seconds: duration of the search.
    """

    ratio: Ratio
    median: float
    median_reference: float
    pairs: tuple[Pair, ...]
    seconds: float

    @property
    def has_ratio(self) -> bool:
        """Whether the ratio is a number; it is not if most reference images are training images themselves."""
        return math.isfinite(self.ratio.value)

    @property
    def figures(self) -> dict[str, float]:
        """The figures without the pairs."""
        ratio = {"ratio": self.ratio.value, "ratio_error": self.ratio.error}
        return ratio | {"median": self.median, "median_reference": self.median_reference}


@dataclasses.dataclass(frozen=True)
class Quality:
    """The quality of samples.

    Attributes:
        features: by which images were compared.
        reference: the reference images: `name`, `n_images`, and of those that are not in a file `split`, `sha256`.
        rows: what was compared with the reference -> its metrics: `samples` seed by seed, `labelled` for samples of
            each class, `reconstructions` of the reference, `training` for real training images, the floor.
        classes: how the classifier sees the samples; empty without one.
        copies: None if there are no training images, or the model was trained on others.
        prior: from which samples were drawn; None for pictures from elsewhere.
        seeds: seeds of the samples; empty for pictures from elsewhere.
        seconds: duration of each step, by its name.
        training: the training images, described as the reference is; None if there are none.
        of_means: whether pictures are means of binary pixels, as those of a model of binary pixels are.
        confidence: of the classifier; None without one.
    """

    features: FeaturesUsed
    reference: Mapping[str, Any]
    rows: Mapping[str, tuple[Comparison, ...]]
    classes: tuple[ClassRow, ...] = ()
    copies: Copies | None = None
    prior: PriorName | None = None
    seeds: tuple[int, ...] = ()
    seconds: Mapping[str, float] = dataclasses.field(default_factory=dict)
    training: Mapping[str, Any] | None = None
    of_means: bool = False
    confidence: Confidence | None = None

    def value(self, row: str, metric: str) -> float:
        """Return the mean of a metric over the seeds of a row."""
        return statistics.fmean(each.values[metric] for each in self.rows[row])

    def error(self, row: str, metric: str) -> float:
        """Return the standard error of the value of one seed, for the choice of the images of both sets.

        That of the mean over seeds is smaller, but not by the root of their number: all have the same reference.
        """
        return statistics.fmean(each.errors[metric] for each in self.rows[row])

    def spread(self, row: str, metric: str) -> float | None:
        """Return the standard deviation over the seeds of a row; None if there is one."""
        values = [each.values[metric] for each in self.rows[row]]
        return statistics.stdev(values) if len(values) > 1 else None

    @property
    def metric_seconds(self) -> dict[str, float]:
        """Duration of each metric for one set of images, in the mean."""
        each = [comparison for row in self.rows.values() for comparison in row]
        return {name: statistics.fmean(one.seconds[name] for one in each) for name in each[0].seconds}

    @property
    def agreement(self) -> Share | None:
        """Mean over classes of the share of samples that are taken for the class they were drawn of."""
        return mean_share((row.agreement, row.agreement_error) for row in self.classes)

    @property
    def agreement_reference(self) -> Share | None:
        """The same of reference images and the class of their label."""
        return mean_share((row.agreement_reference, row.agreement_reference_error) for row in self.classes)

    def saved(self) -> SampleQuality:
        """Return all but the closest pairs and the shares of classes, as a saved evaluation of a model holds it."""
        training = self.training or {"name": "", "sha256": ""}
        return SampleQuality(
            features=self.features.title,
            features_sha256=self.features.sha256,
            reference=str(self.reference["name"]),
            reference_sha256=str(self.reference["sha256"]),
            n_images=self.rows[SAMPLES][0].n_images,
            training=str(training["name"]),
            training_sha256=str(training["sha256"]),
            prior=self.prior or "",
            seeds=self.seeds,
            rows={
                row: {name: tuple(each.values[name] for each in comparisons) for name in SAMPLE_METRICS}
                for row, comparisons in self.rows.items()
            },
            errors={
                row: {name: tuple(each.errors[name] for each in comparisons) for name in SAMPLE_METRICS}
                for row, comparisons in self.rows.items()
            },
            copies={} if self.copies is None else self.copies.figures,
            agreement=self.agreement and self.agreement.value,
            agreement_error=self.agreement and self.agreement.error,
        )

    def facts(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        rows = {
            name: {
                "n_images": comparisons[0].n_images,
                "sets": len(comparisons),
                "metrics": {
                    metric: {
                        "value": self.value(name, metric),
                        "se": self.error(name, metric),
                        "spread": self.spread(name, metric),
                    }
                    for metric in SAMPLE_METRICS
                },
            }
            for name, comparisons in self.rows.items()
        }
        return {
            "features": dataclasses.asdict(self.features),
            "reference": dict(self.reference),
            "training": None if self.training is None else dict(self.training),
            "of_means": self.of_means,
            "prior": self.prior,
            "seeds": list(self.seeds),
            "rows": rows,
            "copies": None if self.copies is None else dataclasses.asdict(self.copies),
            "classes": [dataclasses.asdict(row) for row in self.classes],
            "agreement": self.agreement and self.agreement.value,
            "agreement_error": self.agreement and self.agreement.error,
            "agreement_reference": self.agreement_reference and self.agreement_reference.value,
            "agreement_reference_error": self.agreement_reference and self.agreement_reference.error,
            "confidence": self.confidence and self.confidence._asdict(),
            "seconds": dict(self.seconds) | self.metric_seconds,
        }
