"""`vaecli eval`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from vaecli.choices import Part, PriorName
from vaecli.cli import console
from vaecli.cli.bars import bars
from vaecli.cli.models import model_path
from vaecli.cli.parameters import (
    DataOption,
    ForceOption,
    JsonOption,
    ModelOption,
    PrecisionOption,
    QuietOption,
    SeedOption,
    ThreadsOption,
)
from vaecli.cli.quality import (
    CountOption,
    FeaturesOption,
    ProbeOption,
    QualityOption,
    ReferenceFeaturesOption,
    SamplesOption,
    SeedsOption,
    SheetOption,
    measure_elsewhere,
    show_probes,
    show_quality,
)
from vaecli.cli.report import ReportOption, report_facts, show_report
from vaecli.files import treatment

if TYPE_CHECKING:
    from vaecli.metrics.evaluation import Evaluation
    from vaecli.tasks.quality.probes import Probes
    from vaecli.tasks.quality.result import Quality

DURATIONS = ("seconds", "images_per_second")  # shown with one digit after the point
SHOWN_BY_CLASS = 4  # metrics, so that the table fits 80 columns
WITH_PRIOR = ("elbo", "kl", "nll", "bits_per_dim")  # metrics that depend on the prior


@console.usage_errors
def evaluate(
    model: ModelOption = None,
    data: DataOption = None,
    split: Annotated[
        Part | None,
        typer.Option(
            help="Part of the data set to measure the model on.",
            show_default="test, or validation where there are no test images",
        ),
    ] = None,
    metrics: Annotated[
        str, typer.Option(help="Metrics to compute: all, or names separated by commas, such as elbo,ssim.")
    ] = "all",
    importance_samples: Annotated[
        int,
        typer.Option(
            min=0, help="Samples per image for the importance-weighted bound, nll; 0 leaves it out."
        ),
    ] = 0,
    prior: Annotated[
        PriorName | None,
        typer.Option(help="Prior of the bounds: N(0, I), or the mixture.", show_default="the model's own"),
    ] = None,
    seed: SeedOption = 0,
    save: Annotated[
        str | None,
        typer.Option(
            "--save", metavar="FILE", help="File (.npz) for the values of each image, for `vaecli compare`."
        ),
    ] = None,
    report: ReportOption = None,
    quality: QualityOption = False,
    samples: SamplesOption = None,
    n: CountOption = None,
    seeds: SeedsOption = 5,
    features: FeaturesOption = None,
    reference_features: ReferenceFeaturesOption = None,
    out: SheetOption = None,
    probe: ProbeOption = False,
    force: ForceOption = False,
    precision: PrecisionOption = "float32",
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Measure an exported model on a data set: nats, reconstruction errors, active units, quality of samples.

    [dim]vaecli eval[/dim]

    [dim]vaecli eval -m runs/a --quality --save runs/a/evaluation.npz[/dim]

    [dim]vaecli eval --report report.html[/dim]

    [dim]vaecli eval --samples pictures/ --data fashion-mnist[/dim]
    """
    from vaecli.tasks.quality.options import QualityOptions

    options = QualityOptions(
        count=n,
        seeds=seeds,
        seed=seed,
        features=features,
        reference_features=reference_features,
        sheet=out,
        if_taken=treatment(out, force=force),
    )
    options.require_consistent(samples, model=model, quality=quality, save=save, report=report)
    if not options.needs_model(samples):
        measure_elsewhere(samples, data, options, threads=threads, as_json=as_json, quiet=quiet)
        return
    from vaecli.tasks.evaluate import evaluate as task
    from vaecli.tasks.model import open_model
    from vaecli.tasks.report.target import report_target

    if_taken = treatment(save or "", force=force)
    target = None
    if save is not None:
        from vaecli.tasks.compare.saving import check_saving

        target = check_saving(save, if_taken=if_taken)
    page = None if report is None else report_target(report, force=force)
    opened = open_model(model_path(model, quiet=quiet), precision=precision, threads=threads)
    measured = written = probes = None
    with bars(quiet=quiet, lines=True) as shown:
        result = task(
            opened,
            data=data,
            split=split,
            names=[name.strip() for name in metrics.split(",")],
            importance_samples=importance_samples,
            prior=prior,
            seed=seed,
            progress=shown.counter("Evaluating"),
            **shown.reports,
        )
        if quality:
            from vaecli.tasks.quality.of_model import measure_model

            measured = measure_model(
                opened, data=data, split=split, prior=prior, options=options, **shown.reports
            )
        if probe:
            from vaecli.tasks.quality.probes import probe as measure_latents

            probes = measure_latents(opened, data=data, split=split, seed=seed, **shown.reports)
        if page is not None:
            from vaecli.tasks.report.write import write_report

            written = write_report(opened, result, page, data=data, quality=measured, progress=shown.count)
    if target is not None:
        from vaecli.tasks.compare.saving import save as save_evaluation

        of_quality = measured.saved() if measured else None
        target = save_evaluation(result, opened, target, quality=of_quality, if_taken=if_taken)
        if not quiet:
            console.progress_line(f"Saved: {console.shown_path(target)}")
    if written is not None:
        show_report(written, quiet=quiet)
    if as_json:
        document: dict[str, object] = {"split": result.part, "prior": result.prior}
        document |= {"binarised": opened.likelihood.binarised, "part_seconds": dict(result.part_seconds)}
        by_class = {"classes": result.classes} if result.classes else {}
        of_samples = {"quality": measured.facts()} if measured else {}
        of_samples |= {"probes": probes.facts()} if probes else {}
        of_samples |= {"report": report_facts(written)} if written else {}
        console.print_json("eval", document | result.values | by_class | of_samples)
        return
    _print_all(result, measured, probes, quiet=quiet)
    if opened.likelihood.note and not quiet:
        console.note(f"{opened.likelihood.name}: {opened.likelihood.note}.")


def _print_all(
    result: "Evaluation", measured: "Quality | None", probes: "Probes | None", *, quiet: bool
) -> None:
    """Print the metrics, then those of samples and of latents, then the classes."""
    _print_values(result)
    if measured:
        console.say("")
        show_quality(measured, quiet=quiet)
    if probes:
        show_probes(probes)
    if result.classes:
        _print_classes(result.classes)


def _print_classes(classes: Mapping[str, Mapping[str, float]]) -> None:
    """Print the number of images of each class, and up to four of their means."""
    names = [name for name in next(iter(classes.values())) if not name.endswith("_se")][
        1 : 1 + SHOWN_BY_CLASS
    ]
    rows = [
        (label, f"{values['n_images']:,}", *(console.number(values[name], ",.4f") for name in names))
        for label, values in classes.items()
    ]
    columns = {"class": "left"} | dict.fromkeys(["n_images", *names], "right")
    console.say("")
    console.print_table(columns, rows, title="By class, each image with its label")


def _print_values(result: "Evaluation") -> None:
    """Print each metric with its standard error beside it, then the prior if a metric depends on it."""
    from rich.text import Text

    from vaecli.metrics.table import METRICS

    rows, values = [], result.values
    for name, value in values.items():
        if not name.endswith("_se"):
            error = values.get(f"{name}_se")
            digits = 1 if name in DURATIONS else 4
            shown = console.number(value, "," if isinstance(value, int) else f",.{digits}f")
            metric = METRICS.get("kl_dim" if name.startswith("kl_dim_") else name)
            unit = metric.unit if metric else ""
            meaning = metric.line if metric and name in METRICS else ""
            meaning = console.seconds(result.part_seconds) if name == "seconds" else meaning
            shown_error = "" if error is None else console.number(error, ".4f")
            rows.append((name, shown, shown_error, unit, Text(meaning, "dim")))
    with_prior = [name for name in WITH_PRIOR if name in values]
    if with_prior:
        scope = "; that of each image's class" if result.has_class_priors else ""
        rows.append(("prior", result.prior, "", "", Text(f"of {', '.join(with_prior)}{scope}", "dim")))
    columns = {"metric": "left", "value": "right", "± s.e.": "right", "unit": "left", "meaning": "wrap"}
    console.print_table(columns, rows)
