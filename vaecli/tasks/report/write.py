"""The whole report of an evaluation."""

import dataclasses
from collections.abc import Mapping

from vaecli.errors import DataError
from vaecli.metrics.evaluation import Evaluation
from vaecli.report.checks import checks_made, warnings_of
from vaecli.report.content import LeftOut, Report, Section
from vaecli.report.markdown import to_markdown
from vaecli.report.page import to_html
from vaecli.runtime.model import Model
from vaecli.tasks.inputs import Progress, load_for, silent
from vaecli.tasks.quality.probe_result import Probes
from vaecli.tasks.quality.result import Quality
from vaecli.tasks.quality.steps import Steps
from vaecli.tasks.report import overview, shown
from vaecli.tasks.report.by_class import class_section
from vaecli.tasks.report.extremes import Extremes, extremes_section
from vaecli.tasks.report.latents import latents_section
from vaecli.tasks.report.measured import PARTS, Measured, measure
from vaecli.tasks.report.probes import probes_section
from vaecli.tasks.report.quality import quality_section
from vaecli.tasks.report.sheets import SIDE
from vaecli.tasks.report.subject import Subject
from vaecli.tasks.report.target import Target, write_files

MOST_BYTES = 2_000_000  # of the page
SMALLEST = 12  # pixels of a side of an image, where others do not fit
NO_QUALITY = LeftOut("Quality of samples", "It was not asked for; add --quality.")


@dataclasses.dataclass(frozen=True)
class Written:
    """A report that was written.

    Attributes:
        target: its files.
        report: what it holds.
        seconds: name of each part -> its duration.
    """

    target: Target
    report: Report
    seconds: Mapping[str, float]


def write_report(
    model: Model,
    evaluation: Evaluation,
    target: Target,
    *,
    data: str | None = None,
    quality: Quality | None = None,
    probes: Probes | None = None,
    progress: Progress = silent,
) -> Written:
    """Write the report of an evaluation: a page, the same as Markdown, and its pictures.

    Args:
        model: the model that was measured, with its encoder.
        evaluation: its figures.
        target: the files, see `report_target`.
        data: what --data named for the evaluation.
        quality: of its samples, if that was measured.
        probes: the classes that its latents predict, if that was measured.
        progress: what is done, number so far, number in all.

    Raises:
        DataError: the images cannot be loaded again, or are no longer those that were measured.
        OutputError: a file cannot be written.
    """
    steps = Steps(progress)
    images = load_for(model, data, evaluation.part, pictures=progress)
    if images.sha256 != evaluation.data_sha256:
        raise DataError(
            f"The images in {images.location} changed while they were measured.", hint="Measure again."
        )
    subject = Subject(model, images, evaluation, data, quality, probes)
    advance = steps.counter("Writing the report", PARTS + 1)
    measured = measure(subject, steps, advance)
    with steps.step("page"):
        report, page = _report(subject, measured)
        write_files(target, page, to_markdown(report, target.folder.name))
    advance(1)
    return Written(target, report, steps.seconds)


def _report(subject: Subject, measured: Measured) -> tuple[Report, str]:
    """Return the report and its page, with pictures as large as fit."""
    side = SIDE
    while True:
        sections, left_out = _parts(subject, measured, side)
        report = Report(
            title=f"Report on {subject.model.info.name or 'a model'}",
            lead=_lead(subject),
            headline=overview.headline(subject),
            warnings=warnings_of(measured.signs),
            checks=checks_made(measured.signs),
            sections=sections,
            left_out=left_out,
        )
        page = to_html(report)
        if len(page.encode("utf-8")) <= MOST_BYTES or side <= SMALLEST:
            return report, page
        side = max(SMALLEST, int(side * 0.7))


def _parts(subject: Subject, measured: Measured, side: int) -> tuple[list[Section], list[LeftOut]]:
    """Return the sections in their order, and what is left out."""
    latents, missing = latents_section(subject, measured.encoded)
    extremes = [group for group in measured.extremes if isinstance(group, Extremes)]
    missing += [group for group in measured.extremes if isinstance(group, LeftOut)]
    closest, quality = measured.closest, subject.quality
    parts = [
        overview.figures_section(subject),
        overview.training_section(subject),
        shown.reconstructions_section(subject, side=side),
        shown.samples_section(subject, side=side),
        NO_QUALITY
        if quality is None
        else quality_section(quality, has_pairs=not isinstance(closest, LeftOut)),
        latents,
        probes_section(subject),
        class_section(subject),
        *([extremes_section(subject, extremes, side=side)] if extremes else []),
        closest if isinstance(closest, LeftOut) else shown.closest_section(closest, side=side),
        overview.model_section(subject),
    ]
    sections = [part for part in parts if isinstance(part, Section)]
    return sections, [part for part in parts if isinstance(part, LeftOut)] + missing + measured.unchecked


def _lead(subject: Subject) -> str:
    info, images = subject.model.info, subject.images
    return (
        f"A variational autoencoder, network {info.network} with {info.latent_dim} latent dimensions, measured on "
        f"{len(images.images):,} {images.split} images of {images.name}."
    )
