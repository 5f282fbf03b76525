"""Section: the quality of samples, as `vaecli eval --quality` measured it."""

from vaecli.metrics.samples.table import SAMPLE_METRICS
from vaecli.report.content import Align, Block, Section, Table, Text
from vaecli.report.numbers import QUANTILE, error_alone, shown, with_error
from vaecli.tasks.quality.result import MEANS, Copies, Quality
from vaecli.tasks.report.shown import TITLES

NAMES = {
    "labelled": "samples of classes",
    "reconstructions": "reconstructions",
    "training": "training images",
}


def quality_section(quality: Quality, *, has_pairs: bool) -> Section:
    """Return the metrics of samples beside those of reconstructions and of training images.

    Args:
        quality: of the samples.
        has_pairs: whether the report has a section of the closest pairs.
    """
    others = [name for name in NAMES if name in quality.rows]
    count, seeds = quality.rows["samples"][0].n_images, len(quality.rows["samples"])
    columns: list[tuple[str, Align]] = [("metric", "left"), ("samples", "right")]
    columns += [("over seeds", "right")] if seeds > 1 else []
    columns += [(NAMES[name], "right") for name in others]
    rows = [
        (
            metric,
            _cell(quality, "samples", metric),
            *([_spread(quality, metric)] if seeds > 1 else []),
            *(_cell(quality, name, metric) for name in others),
        )
        for metric in SAMPLE_METRICS
    ]
    reference = quality.reference
    drawn = f" of {TITLES[quality.prior]}" if quality.prior else ""
    each = f"means of {seeds} seeds" if seeds > 1 else "one seed"
    of_one = " of one seed" if seeds > 1 else ""
    caption = (
        f"{count:,} samples{drawn}, {each}, against {reference['n_images']:,} images of {reference['name']}, by "
        f"{quality.features.words}. The error is 1.96 standard errors{of_one} for the choice of the images"
    )
    caption += "; over seeds: the standard deviation." if seeds > 1 else "."
    if "training" in others:
        caption += " Training images in place of samples are the floor."
    if "reconstructions" in others:
        caption += (
            " No prior can much improve on reconstructions, whose errors are those of pairs with the images."
        )
    if quality.of_means:
        caption += f" {MEANS}"
    meanings = [(metric, described.line) for metric, described in SAMPLE_METRICS.items()]
    blocks: list[Block] = [Table(columns, rows, caption), Table((("", "left"), ("", "left")), meanings)]
    if quality.copies is not None:
        blocks.append(
            Text(_copies(quality.copies) + (" The closest pairs stand below." if has_pairs else ""))
        )
    if quality.classes:
        blocks.append(_classes(quality))
    return Section("quality", "Quality of samples", blocks)


def _copies(copies: Copies) -> str:
    """Describe how near samples are to training images; the ratio is NaN if the reference holds these images."""
    if not copies.has_ratio:
        return (
            "Copies: most of the images that samples are compared with are training images themselves, so "
            "these do not tell how near new images are. The distance of samples to their nearest training image is "
            f"{shown(copies.median)} in the median, by these features."
        )
    ratio = with_error(copies.ratio.value, QUANTILE * copies.ratio.error)
    return (
        f"Copies: samples are {ratio} times as far from their nearest training image as new images are, in "
        "the median and by these features. 1 is as new as new images."
    )


def _cell(quality: Quality, row: str, metric: str) -> str:
    return with_error(quality.value(row, metric), QUANTILE * quality.error(row, metric))


def _spread(quality: Quality, metric: str) -> str:
    spread = quality.spread("samples", metric)
    return "" if spread is None else f"\u00b1 {error_alone(spread)}"


def _classes(quality: Quality) -> Table:
    columns: list[tuple[str, Align]] = [("class", "left"), ("samples", "right"), ("real images", "right")]
    columns += [("drawn as asked", "right")] if quality.agreement else []
    columns += [("real images found", "right")] if quality.agreement_reference else []
    rows = []
    for row in quality.classes:
        cells = [row.name, _share(row.samples, row.samples_error), _share(row.reference, row.reference_error)]
        cells += [_share(row.agreement, row.agreement_error)] if quality.agreement else []
        found = row.agreement_reference, row.agreement_reference_error
        cells += [_share(*found)] if quality.agreement_reference else []
        rows.append(cells)
    means = [_share(*mean) for mean in (quality.agreement, quality.agreement_reference) if mean]
    if means:
        rows.append(["mean", "", "", *means])
    caption = "Shares of the classes as the classifier sees them"
    if quality.agreement:
        caption += (
            "; drawn as asked: of the samples that were drawn of a class, the share that is taken for it"
        )
    if quality.agreement_reference:
        caption += "; real images found: the share of the images of a class that is taken for it"
    caption += "."
    if quality.confidence:
        samples, reference = _share(*quality.confidence[:2]), _share(*quality.confidence[2:])
        caption += (
            f" The likeliest class of a sample has a probability of {samples} in the mean, that of a real "
            f"image {reference}."
        )
    return Table(columns, rows, caption)


def _share(value: float | None, error: float | None) -> str:
    return "" if value is None or error is None else f"{value:.1%} \u00b1 {QUANTILE * error:.1%}"
