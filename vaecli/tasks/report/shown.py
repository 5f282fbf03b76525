"""Sections of pictures: reconstructions, samples, closest pairs."""

import math

import numpy as np

from vaecli.choices import PRIORS, PriorName
from vaecli.errors import ModelError, VaecliError
from vaecli.pixels import to_uint8
from vaecli.report.content import Figures, Picture, Section, Text
from vaecli.report.numbers import QUANTILE, with_error
from vaecli.tasks.report import sheets
from vaecli.tasks.report.subject import Subject, bounded
from vaecli.tasks.report.training import Closest

RECONSTRUCTIONS = 16
SAMPLES, SAMPLES_OF_CLASS, MOST_CLASSES = 48, 8, 12
TITLES: dict[PriorName, str] = {"normal": "N(0, I)", "mixture": "the mixture"}


def reconstructions_section(subject: Subject, *, side: int) -> Section:
    """Return images beside their reconstructions and differences."""
    positions = subject.evenly(RECONSTRUCTIONS)
    originals = subject.seen(positions)
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
        [picture, Text(f"{len(positions)} images, {names}, evenly spread.{_binary(subject)}")],
    )


def _binary(subject: Subject) -> str:
    if not subject.model.likelihood.binarised:
        return ""
    return (
        " The model is of binary pixels: each image is made binary at random, white with the probability of its "
        "grey level. Reconstructions and samples show the mean of each pixel, and so are grey."
    )


def samples_section(subject: Subject, *, side: int) -> Section:
    """Return samples under each prior that the model has, and of each class where it has such priors."""
    model = subject.model
    count = bounded(SAMPLES, model.image_shape)
    items = []
    for prior in PRIORS:
        try:
            images = to_uint8(model.sample(count, seed=subject.seed, prior=prior))
        except ModelError:
            continue  # the model does not have that prior
        own = ", the model's own prior" if prior == model.priors.name else ""
        items.append(
            sheets.plain(
                f"samples-{prior}",
                images,
                f"{count} samples of {TITLES[prior]}",
                f"Samples 0 to {count - 1} of seed {subject.seed} from {TITLES[prior]}{own}.",
                side=side,
            )
        )
    of_classes = _samples_of_classes(subject, side=side)
    return Section("samples", "Samples", [Figures([*items, *([of_classes] if of_classes else [])])])


def _samples_of_classes(subject: Subject, *, side: int) -> Picture | None:
    model = subject.model
    names = [name for number, name in enumerate(model.info.class_names) if model.priors.can_draw(number)]
    rows = []
    kept = []
    for name in names[: bounded(MOST_CLASSES * SAMPLES_OF_CLASS, model.image_shape) // SAMPLES_OF_CLASS]:
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


def closest_section(closest: Closest, *, side: int) -> Section:
    """Return the samples that are closest to training images, beside these."""
    images, lines = [], []
    for place, number in enumerate(closest.numbers.tolist()):
        images += [closest.samples[place], closest.training[place]]
        distance = closest.distances[place]
        text = f"features {distance:#.3g}" if closest.features else f"{distance:.1f} levels"
        lines += [(f"sample {number}", text), (f"train:{closest.positions[place]}", "")]
    if closest.features:
        by = f"the distance of their features ({closest.features})"
    else:
        by = "the root mean squared difference of their pixels, in levels of 255"
    caption = (
        f"The {len(closest.numbers)} of {closest.total:,} samples that are closest to a training image, each "
        f"beside it, with {by}."
    )
    picture = sheets.captioned("closest-pairs", np.stack(images), lines, caption, caption, side=side)
    words = _ratio_of(closest)
    if not closest.features:
        words += " With --quality, pairs and ratio are by the features of its metrics."
    return Section("closest", "Closest pairs of samples and training images", [picture, Text(words)])


def _ratio_of(closest: Closest) -> str:
    """Describe the ratio of the medians; it is NaN if the images that were measured are training images."""
    if math.isnan(closest.ratio.value):
        return (
            "The images that were measured are training images themselves, most of them at least, so that these do "
            "not tell how near new images are."
        )
    times = with_error(closest.ratio.value, QUANTILE * closest.ratio.error)
    return (
        f"Samples of {TITLES[closest.prior]} are {times} times as far from their nearest of {closest.searched:,} "
        "training images as images that were not trained on, in the median and by "
        f"{'features' if closest.features else 'pixels'}. Smooth pictures are near many others, so that a value "
        "somewhat below 1 does not mean copies; one near 0 does."
    )
