"""Sections of pictures: reconstructions, samples, worst and most unusual images, closest pairs."""

from typing import cast

import numpy as np

from vaecli.choices import PRIORS, PriorName
from vaecli.errors import ModelError, VaecliError
from vaecli.metrics.score import measure_all
from vaecli.pixels import Pixels, to_uint8
from vaecli.report.content import Block, Figures, LeftOut, Picture, Section, Text
from vaecli.report.numbers import shown, with_error
from vaecli.tasks.report import sheets
from vaecli.tasks.report.subject import Subject
from vaecli.tasks.report.training import Closest

RECONSTRUCTIONS = 16
SAMPLES, SAMPLES_OF_CLASS, MOST_CLASSES = 48, 8, 12
WORST = 8
TITLES: dict[PriorName, str] = {"normal": "N(0, I)", "mixture": "the mixture"}


def reconstructions_section(subject: Subject, *, side: int) -> Section:
    """Return images beside their reconstructions and differences."""
    positions = subject.evenly(RECONSTRUCTIONS)
    originals = subject.pixels(positions)
    rows = sheets.compared(originals, subject.reconstruct(positions))
    columns = min(sheets.COLUMNS, len(originals))
    picture = sheets.plain(
        "reconstructions",
        rows,
        f"{len(positions)} images, each above its reconstruction and the difference",
        "Each image above its reconstruction and the difference: orange where the reconstruction is brighter, blue "
        "where it is darker.",
        side=side,
        columns=columns,
    )
    names = f"{subject.name(int(positions[0]))} to {subject.name(int(positions[-1]))}"
    return Section(
        "reconstructions",
        "Reconstructions",
        [picture, Text(f"{len(positions)} images, {names}, evenly spread.")],
    )


def samples_section(subject: Subject, *, side: int) -> Section:
    """Return samples under each prior that the model has, and of each class where it has such priors."""
    model = subject.model
    items = []
    for prior in PRIORS:
        try:
            images = to_uint8(model.sample(SAMPLES, seed=subject.seed, prior=prior))
        except ModelError:
            continue  # the model does not have that prior
        own = ", the model's own prior" if prior == model.priors.name else ""
        items.append(
            sheets.plain(
                f"samples-{prior}",
                images,
                f"{SAMPLES} samples of {TITLES[prior]}",
                f"Samples 0 to {SAMPLES - 1} of seed {subject.seed} from {TITLES[prior]}{own}.",
                side=side,
            )
        )
    blocks: list[Block] = [Figures(items)]
    of_classes = _samples_of_classes(subject, side=side)
    return Section("samples", "Samples", [*blocks, *([of_classes] if of_classes else [])])


def _samples_of_classes(subject: Subject, *, side: int) -> Picture | None:
    model = subject.model
    names = [name for number, name in enumerate(model.info.class_names) if model.priors.can_draw(number)]
    rows = []
    kept = []
    for name in names[:MOST_CLASSES]:
        try:
            rows.append(to_uint8(model.sample(SAMPLES_OF_CLASS, seed=subject.seed, label=name)))
        except VaecliError:
            continue  # its name is a part of another, or damaged
        kept.append(name)
    if not rows:
        return None
    listed = ", ".join(kept)
    return sheets.plain(
        "samples-of-classes",
        np.concatenate(rows),
        f"Samples of each class, a row each: {listed}",
        f"A row of each class: {listed}.",
        side=side,
    )


def extremes_section(subject: Subject, *, side: int) -> tuple[Section | None, list[LeftOut]]:
    """Return the worst and the most unusual images beside their reconstructions, and what is missing."""
    results = [_worst(subject, side=side), _unusual(subject, side=side)]
    items = [result for result in results if isinstance(result, Picture)]
    left_out = [result for result in results if isinstance(result, LeftOut)]
    section = Section("extremes", "Worst and most unusual images", [Figures(items)]) if items else None
    return section, left_out


def _worst(subject: Subject, *, side: int) -> Picture | LeftOut:
    per_image = subject.evaluation.per_image
    name = next((name for name in ("elbo", "mse") if name in per_image), None)
    if name is None:
        return LeftOut("Worst images", "neither elbo nor mse is among the --metrics.")
    values = per_image[name]
    losses = np.where(np.isfinite(values), -values if name == "elbo" else values, np.inf)
    positions = np.argsort(-losses, kind="stable")[:WORST]
    unit = " nats" if name == "elbo" else ""
    return _pairs(
        "worst",
        subject,
        positions,
        [f"{shown(float(values[position]))}{unit}" for position in positions],
        f"The images with the {'lowest ELBO' if name == 'elbo' else 'largest squared error'}, each beside its "
        "reconstruction.",
        side=side,
    )


def _unusual(subject: Subject, *, side: int) -> Picture | LeftOut:
    part = "Most unusual images"
    try:
        scorer = subject.model.scorer
    except ModelError:
        return LeftOut(part, "The decoder file has no figures for `vaecli score`. `vaecli export` adds them.")
    images = cast("Pixels", subject.images.images)  # of a file, too, since slices are all that is taken
    scores = scorer.apply(measure_all(subject.model, images, threads=subject.model.threads))
    positions = np.argsort(-np.nan_to_num(scores.score, nan=np.inf), kind="stable")[:WORST]
    return _pairs(
        "unusual",
        subject,
        positions,
        [f"percentile {scores.percentile[position]:.1f}" for position in positions],
        "The images most unlike the training images by `vaecli score`, each beside its reconstruction.",
        side=side,
    )


def _pairs(
    name: str, subject: Subject, positions: np.ndarray, values: list[str], caption: str, *, side: int
) -> Picture:
    """Return images beside their reconstructions, with names and values below."""
    originals, decoded = subject.pixels(positions), subject.reconstruct(positions)
    labels, names = subject.images.labels, subject.images.class_names
    images, lines = [], []
    for place, position in enumerate(positions.tolist()):
        images += [originals[place], decoded[place]]
        label = "" if labels is None else names[labels[position]]
        lines += [(subject.name(position), label), (values[place], "")]
    listed = ", ".join(
        f"{subject.name(position)} {value}" for position, value in zip(positions, values, strict=True)
    )
    return sheets.captioned(name, np.stack(images), lines, f"{caption} {listed}", caption, side=side)


def closest_section(closest: Closest, prior: PriorName, *, side: int) -> Section:
    """Return the samples that are closest to training images, beside these."""
    images, lines = [], []
    for place, number in enumerate(closest.numbers.tolist()):
        images += [closest.samples[place], closest.training[place]]
        lines += [
            (f"sample {number}", f"{closest.distances[place]:.1f} levels"),
            (f"train:{closest.positions[place]}", ""),
        ]
    caption = (
        f"The {len(closest.numbers)} of {closest.total:,} samples that are closest to a training image, each "
        "beside it: root mean squared difference of their pixels, in levels of 255."
    )
    picture = sheets.captioned("closest-pairs", np.stack(images), lines, caption, caption, side=side)
    times = with_error(closest.ratio.value, closest.ratio.error)
    words = (
        f"Samples of {TITLES[prior]} are {times} times as far from their nearest "
        f"of {closest.searched:,} training images as the images that were measured, in the median. Smooth "
        "pictures are near many others, so that a value somewhat below 1 does not mean copies; one near 0 does."
    )
    return Section("closest", "Closest pairs of samples and training images", [picture, Text(words)])
