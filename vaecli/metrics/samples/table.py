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
    "frechet": SampleMetric("Fréchet distance of features", "lower"),
    "kernel": SampleMetric("kernel distance, unbiased", "lower"),
    "precision": SampleMetric("share of samples among real images", "higher"),
    "recall": SampleMetric("share of real images among samples", "higher"),
    "density": SampleMetric("real images around a sample, 1 for real ones", "higher"),
    "coverage": SampleMetric("share of real images with a sample near", "higher"),
}
