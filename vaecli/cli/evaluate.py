"""`vaecli eval`."""

from typing import TYPE_CHECKING, Annotated

import typer

from vaecli.choices import Part, PriorName
from vaecli.cli import console
from vaecli.cli.bars import bars
from vaecli.cli.figures import show_figures
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
)
from vaecli.cli.report import ReportOption, report_facts, show_report
from vaecli.cli.typed import typed_names
from vaecli.files import treatment

if TYPE_CHECKING:
    from vaecli.metrics.evaluation import Evaluation


@console.usage_errors
def evaluate(
    context: typer.Context,
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
    no_labels: Annotated[
        bool,
        typer.Option("--no-labels", help="Measure a conditional model without the labels of the images."),
    ] = False,
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
    options.require_consistent(samples, typed_names(context))
    if not options.needs_model(samples):
        measure_elsewhere(samples, data, options, threads=threads, as_json=as_json, quiet=quiet)
        return
    from vaecli.metrics.table import require_metrics
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
    names = [name.strip() for name in metrics.split(",")]
    require_metrics(names, importance_samples=importance_samples, likelihood=opened.likelihood)
    with_labels = not no_labels
    latents = samples_of = written = None  # prepared, so that what they lack is known before the evaluation
    with bars(quiet=quiet, lines=True) as shown:
        if probe:
            from vaecli.tasks.quality.probes import prepare_probes

            latents = prepare_probes(opened, data=data, split=split, seed=seed, **shown.reports)
        if quality:
            from vaecli.tasks.quality.of_model import prepare_quality

            samples_of = prepare_quality(
                opened,
                data=data,
                split=split,
                prior=prior,
                with_labels=with_labels,
                options=options,
                **shown.reports,
            )
        result = task(
            opened,
            data=data,
            split=split,
            names=names,
            importance_samples=importance_samples,
            prior=prior,
            with_labels=with_labels,
            seed=seed,
            progress=shown.counter("Evaluating"),
            **shown.reports,
        )
        measured = samples_of.measure() if samples_of else None
        probes = latents.measure() if latents else None
        if page is not None:
            from vaecli.tasks.report.write import write_report

            written = write_report(
                opened, result, page, data=data, quality=measured, probes=probes, progress=shown.count
            )
    if target is not None:
        from vaecli.tasks.compare.saving import save as save_evaluation

        of_quality = measured.saved() if measured else None
        target = save_evaluation(result, opened, target, quality=of_quality, probes=probes, if_taken=if_taken)
        if not quiet:
            console.progress_line(f"Saved: {console.shown_path(target)}")
    if written is not None:
        show_report(written, quiet=quiet)
    if as_json:
        parts = {
            "quality": measured and measured.facts(),
            "probes": probes and probes.facts(),
            "report": written and report_facts(written),
        }
        facts = _facts(result) | {"binarised": opened.likelihood.binarised}
        console.print_json("eval", facts | {name: part for name, part in parts.items() if part})
        return
    show_figures(result, measured, probes, conditional=opened.info.is_conditional, quiet=quiet)
    if opened.likelihood.note and not quiet:
        console.note(f"{opened.likelihood.name}: {opened.likelihood.note}.")


def _facts(result: "Evaluation") -> dict[str, object]:
    """Return what `--json` prints of an evaluation."""
    facts: dict[str, object] = {"split": result.part, "prior": result.prior, "labelled": result.labelled}
    facts |= {"part_seconds": dict(result.part_seconds), **result.values}
    return facts | ({"classes": result.classes} if result.classes else {})
