"""Section: the worst and the most unusual of the images."""

import dataclasses
from collections.abc import Sequence
from typing import cast

import numpy as np
import numpy.typing as npt

from vaecli.errors import ModelError
from vaecli.metrics.score import measure_all
from vaecli.pixels import Pixels
from vaecli.report.content import Figures, LeftOut, Picture, Section
from vaecli.report.numbers import shown
from vaecli.tasks.quality.steps import Steps
from vaecli.tasks.report import sheets
from vaecli.tasks.report.subject import Subject

SHOWN = 8  # images of each kind
TITLES = {"worst": "worst", "unusual": "most unusual"}


@dataclasses.dataclass(frozen=True, eq=False)
class Extremes:
    """Some images that stand out.

    Attributes:
        name: of their picture.
        positions: (n,) of the images, the first stands out most.
        values: a text for each.
        caption: what they are.
    """

    name: str
    positions: npt.NDArray[np.int64]
    values: Sequence[str]
    caption: str


def find_extremes(subject: Subject, steps: Steps) -> list[Extremes | LeftOut]:
    """Find the worst images, and the most unusual ones, or say why there are none."""
    return [_worst(subject), _unusual(subject, steps)]


def extremes_section(subject: Subject, groups: Sequence[Extremes], *, side: int) -> Section:
    """Return images that stand out beside their reconstructions."""
    pictures = [_picture(subject, extremes, side=side) for extremes in groups]
    names = " and ".join(TITLES[extremes.name] for extremes in groups)
    return Section("extremes", f"{names[:1].upper()}{names[1:]} images", [Figures(pictures)])


def _worst(subject: Subject) -> Extremes | LeftOut:
    per_image = subject.evaluation.per_image
    name = next((name for name in ("elbo", "mse") if name in per_image), None)
    if name is None:
        return LeftOut("Worst images", "Neither elbo nor mse is among the --metrics.")
    values = per_image[name]
    losses = np.where(np.isfinite(values), -values if name == "elbo" else values, np.inf)
    positions = np.argsort(-losses, kind="stable")[:SHOWN]
    unit, what = (" nats", "lowest ELBO") if name == "elbo" else ("", "largest squared error")
    texts = [f"{shown(float(values[position]))}{unit}" for position in positions]
    return Extremes("worst", positions, texts, f"The images with the {what}, each beside its reconstruction.")


def _unusual(subject: Subject, steps: Steps) -> Extremes | LeftOut:
    try:
        scorer = subject.model.scorer
    except ModelError as error:
        reason = "The decoder file has no figures for `vaecli score`. `vaecli export` adds them."
        return LeftOut("Most unusual images", reason, error.message)
    images = cast("Pixels", subject.images.images)  # of a file, too, since slices are all that is taken
    advance = steps.counter("Scores of images", len(images))
    measured = measure_all(subject.model, images, threads=subject.model.threads, advance=advance)
    scores = scorer.apply(measured)
    positions = np.argsort(-np.nan_to_num(scores.score, nan=np.inf), kind="stable")[:SHOWN]
    return Extremes(
        "unusual",
        positions,
        [f"{scores.percentile[position]:.2f} %" for position in positions],
        "The images most unlike the training images by `vaecli score`, each beside its reconstruction, with the "
        "share of validation images that are less unusual.",
    )


def _picture(subject: Subject, extremes: Extremes, *, side: int) -> Picture:
    """Return images beside their reconstructions, with names and values below."""
    positions, values = extremes.positions, extremes.values
    originals, decoded = subject.seen(positions), subject.reconstruct(positions)
    labels, names = subject.images.labels, subject.images.class_names
    images, lines, texts = [], [], []
    for place, position in enumerate(positions.tolist()):
        images += [originals[place], decoded[place]]
        label = "" if labels is None else names[labels[position]]
        lines += [(subject.name(position), label), (values[place], "")]
        texts.append(f"{subject.name(position)} {values[place]}")
    alt = f"{extremes.caption} {', '.join(texts)}".replace("`", "")
    return sheets.captioned(extremes.name, np.stack(images), lines, alt, extremes.caption, side=side)
