"""The metrics of samples, in the order of a report: meaning and direction.

They are measured of samples, and of what stands beside these in a table; there each has its row as suffix.
"""

from typing import Literal, NamedTuple


class SampleMetric(NamedTuple):
    """One metric.

    Attributes:
        meaning: description on one line.
        better: `higher` or `lower`, the better values; empty if neither is.
    """

    meaning: str
    better: Literal["higher", "lower", ""]

    @property
    def line(self) -> str:
        """Meaning and direction on one line."""
        return f"{self.meaning}, {self.better} is better" if self.better else self.meaning


SAMPLE_METRICS: dict[str, SampleMetric] = {
    "frechet": SampleMetric("Fréchet distance of features", "lower"),
    "kernel": SampleMetric("kernel distance, unbiased", "lower"),
    "precision": SampleMetric("share of samples among real images", "higher"),
    "recall": SampleMetric("share of real images among samples", "higher"),
    "density": SampleMetric("real images around a sample, 1 for real ones", "higher"),
    "coverage": SampleMetric("share of real images with a sample near", "higher"),
}

SAMPLES = "samples"  # the row that the others stand beside
ROWS = {
    "labelled": "of samples drawn of each class",
    "reconstructions": "of reconstructions, which no prior can much improve on",
    "training": "of real training images, the floor",
}
COPIES, AGREEMENT = "copies", "agreement"


def row_metric(row: str, metric: str) -> str:
    """Return the name of a metric of a row, such as `frechet_training`; that of samples has no suffix."""
    return metric if row == SAMPLES else f"{metric}_{row}"


QUALITY_METRICS: dict[str, SampleMetric] = (
    SAMPLE_METRICS
    | {
        COPIES: SampleMetric("distance to the nearest training image over that of real images", ""),
        AGREEMENT: SampleMetric("share of samples that are taken for the class they were drawn of", "higher"),
    }
    | {
        row_metric(row, name): SampleMetric(f"{metric.meaning}: {words}", metric.better)
        for row, words in ROWS.items()
        for name, metric in SAMPLE_METRICS.items()
    }
)
