"""The section of a report about the quality of samples: every figure with its error."""

import dataclasses

import pytest

from vaecli.metrics.samples.table import SAMPLE_METRICS
from vaecli.report.numbers import QUANTILE, with_error
from vaecli.tasks.report.quality import quality_section


def test_each_column_has_its_errors(measured_quality):
    """Samples, samples of classes, reconstructions and training images: 1.96 standard errors of each metric."""
    table = quality_section(measured_quality, has_pairs=True).blocks[0]
    places = {"samples": 1, "labelled": 3, "reconstructions": 4, "training": 5}
    assert len(table.columns) == 6 and table.columns[2][0] == "over seeds"
    for row, metric in zip(table.rows, SAMPLE_METRICS, strict=True):
        for name, place in places.items():
            value, error = measured_quality.value(name, metric), measured_quality.error(name, metric)
            assert row[place] == with_error(value, QUANTILE * error) and " \u00b1 " in row[place]
        spread = measured_quality.spread("samples", metric)
        assert float(row[2].removeprefix("\u00b1 ")) == pytest.approx(spread, rel=0.05)
        assert len(row[2].removeprefix("\u00b1 ").replace(".", "").lstrip("0")) == 2


def test_the_caption_says_whose_errors_they_are(measured_quality):
    """Samples are means of five seeds beside the error of one seed; with one seed there is nothing to say."""
    caption = quality_section(measured_quality, has_pairs=True).blocks[0].caption
    assert "means of 5 seeds" in caption and "1.96 standard errors of one seed" in caption
    rows = measured_quality.rows | {"samples": measured_quality.rows["samples"][:1]}
    of_one = dataclasses.replace(measured_quality, rows=rows, seeds=(0,))
    assert "of one seed" not in quality_section(of_one, has_pairs=True).blocks[0].caption
