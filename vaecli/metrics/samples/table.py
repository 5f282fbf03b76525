"""The metrics of samples, in the order of a report: meaning and direction."""

from typing import Literal, NamedTuple


class SampleMetric(NamedTuple):
    """One metric.

    Attributes:
        meaning: description on one line.
        better: `higher` or `lower`, the better values.
    """

    meaning: str
    better: Literal["higher", "lower"]

    @property
    def line(self) -> str:
        """Meaning and direction on one line."""
        return f"{self.meaning}, {self.better} is better"


SAMPLE_METRICS: dict[str, SampleMetric] = {
    "frechet": SampleMetric("Fréchet distance of the features to those of the reference", "lower"),
    "kernel": SampleMetric("kernel distance, unbiased, 0 for equal distributions", "lower"),
    "precision": SampleMetric("share of images that lie among reference images (k = 3)", "higher"),
    "recall": SampleMetric("share of reference images among these images (k = 3)", "higher"),
    "density": SampleMetric(
        "how densely reference images lie around (k = 5), about 1 for real ones", "higher"
    ),
    "coverage": SampleMetric("share of reference images with one of these images near (k = 5)", "higher"),
}
