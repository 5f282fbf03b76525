"""The options and the tables of `vaecli eval --quality` and `--samples`."""

from typing import TYPE_CHECKING, Annotated

import typer

from vaecli.cli import console
from vaecli.cli.bars import bars

if TYPE_CHECKING:
    from vaecli.tasks.quality.options import QualityOptions
    from vaecli.tasks.quality.result import Quality

_PANEL = "Quality of samples"  # of the help
QualityOption = Annotated[
    bool,
    typer.Option(
        "--quality", help="Measure samples, too, by features of a classifier.", rich_help_panel=_PANEL
    ),
]
SamplesOption = Annotated[
    str | None,
    typer.Option(
        "--samples",
        metavar="PATH",
        help="Pictures of any program to measure in place of a model: a folder, an archive, .npy.",
        rich_help_panel=_PANEL,
    ),
]
CountOption = Annotated[
    int | None,
    typer.Option(
        "-n",
        min=2,
        help="Number of samples of a seed, and of real images.",
        show_default="10,000, or all",
        rich_help_panel=_PANEL,
    ),
]
SeedsOption = Annotated[
    int, typer.Option("--seeds", min=1, help="Number of seeds to draw samples of.", rich_help_panel=_PANEL)
]
FeaturesOption = Annotated[
    str | None,
    typer.Option(
        "--features",
        metavar="PATH",
        help="Classifier of `features train`, fashion-mnist, a run, or a .npy file of the samples' features.",
        show_default="fashion-mnist, for such data",
        rich_help_panel=_PANEL,
    ),
]
ReferenceFeaturesOption = Annotated[
    str | None,
    typer.Option(
        "--reference-features",
        metavar="FILE",
        help="With a .npy file as --features, that of the real images.",
        rich_help_panel=_PANEL,
    ),
]
SheetOption = Annotated[
    str | None,
    typer.Option(
        "--out",
        "-o",
        help="Sheet (.png) of the 16 samples closest to training images.",
        show_default="none",
        rich_help_panel=_PANEL,
    ),
]
ProbeOption = Annotated[
    bool,
    typer.Option(
        "--probe",
        help="Find classes by latents, too: 5 nearest neighbours, linear probe.",
        rich_help_panel="Latents",
    ),
]
WIDE = 100  # columns of a terminal with room for the meaning of each metric
LARGE = 1e6  # from here on numbers have an exponent
_TITLES = {
    "samples": "samples",
    "labelled": "by class",
    "reconstructions": "reconstr.",
    "training": "real",
}


def measure_elsewhere(
    samples: str | None,
    data: str | None,
    options: "QualityOptions",
    *,
    threads: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Measure pictures or features that any program made, and print what was measured."""
    with bars(quiet=quiet, lines=True) as shown:
        if samples is None:
            from vaecli.tasks.quality.of_features import measure_features

            files = options.features or "", options.reference_features or ""
            quality = measure_features(*files, warn=shown.note, progress=shown.count)
        else:
            from vaecli.tasks.quality.of_pictures import measure_pictures

            quality = measure_pictures(samples, data=data, options=options, threads=threads, **shown.reports)
    if as_json:
        console.print_json("eval-samples", quality.facts())
    else:
        show_quality(quality, quiet=quiet)


def show_quality(quality: "Quality", *, quiet: bool) -> None:
    """Print the metrics of all rows, then copies, classes, features and durations."""
    from rich.text import Text

    from vaecli.metrics.samples.table import SAMPLE_METRICS
    from vaecli.tasks.quality.result import MEANS

    columns = {"metric": "left", "samples": "right", "± s.e.": "right"}
    has_spread = len(quality.rows["samples"]) > 1
    others = [name for name in quality.rows if name != "samples"]
    columns |= {"± seed": "right"} if has_spread else {}
    is_wide = console.stdout().width >= WIDE
    columns |= {_TITLES[name]: "right" for name in others} | {"meaning" if is_wide else "better": "wrap"}
    rows: list[list[str | Text]] = []
    for metric, described in SAMPLE_METRICS.items():
        cells: list[str | Text] = [
            metric,
            _number(quality.value("samples", metric)),
            _error(quality.error("samples", metric)),
        ]
        spread = quality.spread("samples", metric)
        cells += [_error(spread)] if spread is not None else []
        cells += [_number(quality.value(name, metric)) for name in others]
        rows.append([*cells, Text(described.line if is_wide else described.better, "dim")])
    title = "Quality of samples"
    title += f": means of {len(quality.rows['samples'])} seeds, ± s.e. of one seed" if has_spread else ""
    console.print_table(columns, rows, title=title)
    _show_copies(quality)
    _show_classes(quality)
    reference = quality.reference
    name = f"{reference['name']} {reference.get('split', '')}".strip()
    pairs = {
        "reference": f"{reference['n_images']:,} images of {name}",
        "features": quality.features.words,
        "seconds": console.seconds(_seconds(quality)),
    }
    if quality.of_means:
        pairs["pictures"] = MEANS
    if quality.prior:
        pairs = {"prior": quality.prior} | pairs
    console.say("")
    console.print_pairs(pairs)
    if not quiet and others:
        console.note(
            "real: training images, the floor; reconstr.: reconstructions, about the best that any prior can do."
            if "reconstructions" in others
            else "real: training images, the floor."
        )
        console.note("± s.e.: of the samples; --json has the standard errors of the other columns, too.")


def _seconds(quality: "Quality") -> dict[str, float]:
    """Return the duration of each step, then of each metric for one set."""
    return dict(quality.seconds) | {
        f"{name} per set": value for name, value in quality.metric_seconds.items()
    }


def _show_copies(quality: "Quality") -> None:
    copies = quality.copies
    if copies is None:
        return
    ratio = (
        f"{console.number(copies.ratio.value, '.3f')} ± {console.number(copies.ratio.error, '.3f')}: "
        "median distance of features to the nearest training image, over that of real images; copies have 0"
        if copies.has_ratio
        else "not known: most of the real images that samples are compared with are training images themselves"
    )
    console.say("")
    console.print_pairs(
        {
            "copies": ratio,
            "closest": "by features: "
            + ", ".join(
                f"sample {pair.sample} to train:{pair.training} at {pair.distance:.3g}"
                for pair in copies.pairs[:3]
            ),
        }
    )


def _show_classes(quality: "Quality") -> None:
    if not quality.classes:
        return
    columns = {"class": "left", "samples": "right", "± s.e.": "right", "real": "right"}
    columns |= {"as asked": "right", "± s.e. of it": "right"} if quality.agreement else {}
    columns |= {"real, found": "right"} if quality.agreement_reference else {}
    rows = []
    for row in quality.classes:
        cells = [row.name, f"{row.samples:.1%}", f"{row.samples_error:.1%}", f"{row.reference:.1%}"]
        cells += [_share(row.agreement), _share(row.agreement_error)] if quality.agreement else []
        cells += [_share(row.agreement_reference)] if quality.agreement_reference else []
        rows.append(cells)
    means = [*(quality.agreement or ()), *(quality.agreement_reference or ())[:1]]
    if means:
        rows.append(["mean", "", "", "", *map(_share, means)])
    console.say("")
    console.print_table(columns, rows, title="Classes as the classifier sees them")
    if quality.confidence:
        console.say("")
        samples, samples_error, reference, reference_error = quality.confidence
        console.print_pairs(
            {
                "confidence": f"{samples:.1%} ± {samples_error:.1%} of samples, {reference:.1%} ± "
                f"{reference_error:.1%} of real images: mean of the likeliest"
            }
        )


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def _number(value: float) -> str:
    if abs(value) >= LARGE:
        return console.number(value, ".4e")
    return console.number(value, ",.4f" if abs(value) < 10 else ",.2f")


def _error(value: float) -> str:
    """Return a standard error or deviation with two digits, as a comparison has it."""
    from vaecli.rounding import decimals

    return console.number(value, ".1e" if value >= LARGE else f",.{decimals(value)}f")
