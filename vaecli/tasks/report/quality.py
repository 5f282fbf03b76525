"""Section: the quality of samples, as `vaecli eval --quality` measured it."""

from vaecli.metrics.samples.table import SAMPLE_METRICS
from vaecli.report.content import Align, Block, Section, Table, Text
from vaecli.report.numbers import QUANTILE, shown, with_error
from vaecli.tasks.quality.result import MEANS, Quality

NAMES = {
    "labelled": "samples of classes",
    "reconstructions": "reconstructions",
    "training": "training images",
}


def quality_section(quality: Quality) -> Section:
    """Return the metrics of samples beside those of reconstructions and of training images."""
    others = [name for name in NAMES if name in quality.rows]
    columns: list[tuple[str, Align]] = [("metric", "left"), ("samples", "right"), ("over seeds", "right")]
    columns += [(NAMES[name], "right") for name in others]
    rows = [
        (
            metric,
            with_error(quality.value("samples", metric), QUANTILE * quality.error("samples", metric)),
            _spread(quality, metric),
            *(shown(quality.value(name, metric)) for name in others),
        )
        for metric in SAMPLE_METRICS
    ]
    count, seeds = quality.rows["samples"][0].n_images, len(quality.rows["samples"])
    reference = quality.reference
    caption = (
        f"{count:,} samples of each of {seeds} seeds against {reference['n_images']:,} images of "
        f"{reference['name']}, by {quality.features.words}. The first error is 1.96 standard errors for the choice "
        "of the images, the second the deviation over the seeds."
    )
    if quality.of_means:
        caption += f" {MEANS}"
    meanings = [(metric, described.line) for metric, described in SAMPLE_METRICS.items()]
    blocks: list[Block] = [Table(columns, rows, caption), Table((("", "left"), ("", "left")), meanings)]
    if quality.copies is not None:
        ratio = with_error(quality.copies.ratio.value, QUANTILE * quality.copies.ratio.error)
        blocks.append(
            Text(
                f"Copies: samples are {ratio} times as far from their nearest training image as new images are, in "
                "the median and by these features. 1 is as new as new images. The closest pairs stand below."
            )
        )
    if quality.classes:
        blocks.append(_classes(quality))
    return Section("quality", "Quality of samples", blocks)


def _spread(quality: Quality, metric: str) -> str:
    spread = quality.spread("samples", metric)
    return "" if spread is None else f"\u00b1 {shown(spread)}"


def _classes(quality: Quality) -> Table:
    has_agreement = quality.agreement is not None
    columns: list[tuple[str, Align]] = [("class", "left"), ("samples", "right"), ("real images", "right")]
    columns += [("drawn as asked", "right")] if has_agreement else []
    rows = []
    for row in quality.classes:
        asked = ["" if row.agreement is None else f"{row.agreement:.1%}"] if has_agreement else []
        share = f"{row.samples:.1%} \u00b1 {QUANTILE * row.samples_error:.1%}"
        rows.append([row.name, share, f"{row.reference:.1%}", *asked])
    return Table(columns, rows, "Shares of the classes as the classifier sees them")
