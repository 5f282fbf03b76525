"""Section: the classes that latents predict, as `vaecli eval --probe` measured them."""

from vaecli.metrics.probes import METHODS, NEIGHBOURS, Share
from vaecli.metrics.saved.latents import LATENTS
from vaecli.report.content import Align, LeftOut, Section, Table, Text
from vaecli.report.numbers import QUANTILE
from vaecli.tasks.quality.probes import DRAWS
from vaecli.tasks.report.subject import Subject

PART = "Classes predicted from latents"


def probes_section(subject: Subject) -> Section | LeftOut:
    """Return a table of representations by number of labelled images, or why there is none."""
    probes = subject.probes
    if probes is None:
        if subject.images.labels is None:
            return LeftOut(PART, f"{subject.images.name} has no labels.")
        return LeftOut(PART, "It was not asked for; add `--probe`.")
    counts = list(dict.fromkeys(row.labels for row in probes.rows))
    shares = {
        (row.representation, method, row.labels): getattr(row, method)
        for row in probes.rows
        for method in METHODS
    }
    names = {row.representation: _name(row.representation, row.dimensions) for row in probes.rows}
    columns: list[tuple[str, Align]] = [("", "left"), ("by", "left")]
    columns += [(f"{count:,} labels", "right") for count in counts]
    rows = [
        (title, method, *(_cell(shares[name, method, count]) for count in counts))
        for method in METHODS
        for name, title in names.items()
    ]
    few = f"; with fewer than all labels the mean of {DRAWS} draws" if len(counts) > 1 else ""
    caption = (
        f"Share of {probes.n_images:,} images of {probes.data[0]} whose class is predicted from labelled training "
        f"images, in percent, and 1.96 standard errors{few}"
    )
    words = (
        f"By the vote of the {NEIGHBOURS} nearest labelled images, and by a linear probe, ridge regression."
    )
    if len(names) > 1:
        words += " Principal components of as many dimensions and raw pixels stand beside the latents."
    words += " The model was trained with labels." if subject.model.info.is_conditional else ""
    return Section("probes", PART, [Table(columns, rows, caption), Text(words)])


def _name(representation: str, dimensions: int) -> str:
    names = {LATENTS: "latents", "pca": f"PCA-{dimensions}", "pixels": "pixels"}
    return names[representation]


def _cell(share: Share) -> str:
    return f"{100 * share.value:.1f} \u00b1 {100 * QUANTILE * share.error:.1f}"
