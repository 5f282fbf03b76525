"""The whole report of an evaluation."""

import dataclasses
from collections.abc import Callable

from vaecli.errors import DataError
from vaecli.metrics.evaluation import Evaluation
from vaecli.report.content import LeftOut, Report, Section
from vaecli.report.markdown import to_markdown
from vaecli.report.page import to_html
from vaecli.report.signs import Gap
from vaecli.report.warnings import checks_made, warnings_of
from vaecli.runtime.model import Model
from vaecli.tasks.inputs import load_for
from vaecli.tasks.quality.result import Quality
from vaecli.tasks.report import overview, shown
from vaecli.tasks.report.activity import dead_units
from vaecli.tasks.report.by_class import class_section
from vaecli.tasks.report.encoded import encode
from vaecli.tasks.report.latents import latents_section
from vaecli.tasks.report.quality import quality_section
from vaecli.tasks.report.sheets import SIDE
from vaecli.tasks.report.signs import signs_of
from vaecli.tasks.report.subject import Subject
from vaecli.tasks.report.target import Target, write_files
from vaecli.tasks.report.training import (
    Closest,
    closest_pairs,
    drawn_samples,
    gap_to_training,
    training_images,
)

MOST_BYTES = 2_000_000  # of the page
SMALLEST = 12  # pixels of a side of an image, where others do not fit
NO_QUALITY = LeftOut("Quality of samples", "It was not asked for; add --quality.")
STEPS = ("latents", "units", "training images", "closest pairs", "pictures")

Progress = Callable[[str, int, int], None]


@dataclasses.dataclass(frozen=True)
class Written:
    """A report that was written.

    Attributes:
        target: its files.
        report: what it holds.
    """

    target: Target
    report: Report


def write_report(
    model: Model,
    evaluation: Evaluation,
    target: Target,
    *,
    data: str | None = None,
    quality: Quality | None = None,
    progress: Progress = lambda _what, _done, _total: None,
) -> Written:
    """Write the report of an evaluation: a page, the same as Markdown, and its pictures.

    Args:
        model: the model that was measured, with its encoder.
        evaluation: its figures.
        target: the files, see `report_target`.
        data: what --data named for the evaluation.
        quality: of its samples, if that was measured.
        progress: what is done, steps so far, steps in all.

    Raises:
        DataError: the images cannot be loaded again, or are no longer those that were measured.
        OutputError: a file cannot be written.
    """
    images = load_for(model, data, evaluation.part)
    if images.sha256 != evaluation.data_sha256:
        raise DataError(
            f"The images in {images.location} changed while they were measured.", hint="Measure again."
        )
    subject = Subject(model, images, evaluation, data, quality)
    report, page = _report(subject, progress)
    write_files(target, page, to_markdown(report, target.folder.name))
    return Written(target, report)


def _report(subject: Subject, progress: Progress) -> tuple[Report, str]:
    """Return the report and its page, with pictures as large as fit."""
    done = iter(range(1, len(STEPS) + 1))

    def step(_name: str) -> None:
        progress("Writing the report", next(done), len(STEPS))

    encoded = encode(subject)
    step("latents")
    dead = dead_units(subject)
    step("units")
    samples = drawn_samples(subject, subject.evaluation.prior)
    training = training_images(subject)
    gap: Gap | None = None
    closest: Closest | LeftOut
    if isinstance(training, str):
        closest = LeftOut("Closest pairs, and the gap to training images", training)
    else:
        gap = gap_to_training(subject, training)
        step("training images")
        closest = closest_pairs(subject, training, samples)
    signs = signs_of(subject, encoded, samples, gap, dead)
    step("closest pairs")
    side = SIDE
    while True:
        parts = _parts(subject, closest, side)
        latents, missing = latents_section(subject, encoded)
        sections = [part for part in (*parts[:4], latents, *parts[4:]) if isinstance(part, Section)]
        left_out = [part for part in parts if isinstance(part, LeftOut)] + missing
        report = Report(
            title=f"Report on {subject.model.info.name or 'a model'}",
            lead=_lead(subject),
            headline=overview.headline(subject),
            warnings=warnings_of(signs),
            checks=checks_made(signs),
            sections=sections,
            left_out=left_out,
        )
        page = to_html(report)
        if len(page.encode("utf-8")) <= MOST_BYTES or side <= SMALLEST:
            return report, page
        side = max(SMALLEST, int(side * 0.7))


def _parts(subject: Subject, closest: Closest | LeftOut, side: int) -> list[Section | LeftOut]:
    """Return the sections in their order, or what is left out of them."""
    extremes, missing = shown.extremes_section(subject, side=side)
    pairs = (
        closest
        if isinstance(closest, LeftOut)
        else shown.closest_section(closest, subject.evaluation.prior, side=side)
    )
    return [
        overview.figures_section(subject),
        overview.training_section(subject),
        shown.reconstructions_section(subject, side=side),
        shown.samples_section(subject, side=side),
        class_section(subject),
        *([extremes] if extremes else []),
        *missing,
        pairs,
        NO_QUALITY if subject.quality is None else quality_section(subject.quality),
        overview.model_section(subject),
    ]


def _lead(subject: Subject) -> str:
    info, images = subject.model.info, subject.images
    return (
        f"A variational autoencoder, network {info.network} with {info.latent_dim} latent dimensions, measured on "
        f"{len(images.images):,} {images.split} images of {images.name}."
    )
