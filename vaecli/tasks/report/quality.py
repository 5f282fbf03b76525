"""Section: the quality of samples, as `vaecli eval --quality` measured it."""

from vaecli.choices import PriorName
from vaecli.metrics.samples.table import SAMPLE_METRICS
from vaecli.report.content import Align, Block, Section, Table, Text
from vaecli.report.numbers import QUANTILE, shown, with_error
from vaecli.tasks.quality.result import MEANS, Copies, Quality

PRIORS: dict[PriorName, str] = {"normal": "N(0, I)", "mixture": "the mixture"}
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
    drawn = f" of {PRIORS[quality.prior]}" if quality.prior else ""
    each = f"each of {seeds} seeds" if seeds > 1 else "one seed"
    caption = (
        f"{count:,} samples{drawn}, {each}, against {reference['n_images']:,} images of {reference['name']}, by "
        f"{quality.features.words}. The error is 1.96 standard errors for the choice of the images"
    )
    caption += "; over seeds: the standard deviation." if seeds > 1 else "."
    if "training" in others:
        caption += " Training images in place of samples are the floor."
    if "reconstructions" in others:
        caption += " No prior can much improve on reconstructions."
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
