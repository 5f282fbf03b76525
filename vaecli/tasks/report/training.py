"""The training images beside what was measured: the gap of their nats, and their closest pairs with samples."""

import dataclasses
import functools
import math

import numpy as np

from vaecli.choices import PriorName
from vaecli.data.images import Images, ImageSet
from vaecli.errors import DataError
from vaecli.metrics import evaluate as metrics
from vaecli.metrics.samples.copies import Nearest, Ratio, nearest, ratio_of_medians
from vaecli.pixels import Pixels, chunks, to_uint8
from vaecli.report.content import LeftOut
from vaecli.report.signs import Gap
from vaecli.tasks.class_labels import class_labels, class_priors
from vaecli.tasks.inputs import OTHER_IMAGES, Progress, load_for, silent
from vaecli.tasks.quality.result import Copies, Quality
from vaecli.tasks.quality.steps import Steps
from vaecli.tasks.report.different import GAP, missing
from vaecli.tasks.report.subject import Subject, bounded, even_positions

PART = "Closest pairs, and the gap to training images"
MOST_EVALUATED = 2000  # training images whose nats are computed
SAMPLES, REFERENCE = 500, 500  # images whose nearest training images are searched
MOST_SEARCHED = 100_000  # training images
PAIRS = 16
SIDE_PIXELS = 3072  # values of a picture beyond which pictures are compared smaller
CHUNK, CHUNK_BYTES = 4096, 2**22


def training_images(subject: Subject, pictures: Progress = silent) -> ImageSet | LeftOut:
    """Return the images that the model was trained on, or why they are not there."""
    notes: list[str] = []
    try:
        images = load_for(subject.model, subject.data, "train", warn=notes.append, pictures=pictures)
    except DataError as error:
        return LeftOut(PART, "The training images are not at hand.", error.message)
    if any(OTHER_IMAGES in note for note in notes):
        return LeftOut(PART, f"The training images of {images.name} are not those of the model.")
    return images


def gap_to_training(subject: Subject, training: ImageSet, steps: Steps) -> Gap | None:
    """Return how many nats the images have more than training images; None for training images, or without ELBO.

    Also None if most of the images are copies of a few: their standard error would be too small.
    """
    per_image = subject.evaluation.per_image
    if subject.images.split == "train" or "elbo" not in per_image or len(per_image["elbo"]) < 2:
        return None
    if missing(subject, GAP):
        return None
    some = training.select(even_positions(len(training.images), MOST_EVALUATED))
    name: PriorName = subject.evaluation.prior
    labels = class_labels(subject.model.info, some) if subject.evaluation.labelled else None
    evaluation = metrics.evaluate(
        subject.model,
        some.images,
        metrics=("elbo",),
        prior=subject.model.priors.get(name),
        seed=subject.seed,
        labels=labels,
        prior_of_class=class_priors(subject.model, labels, name),
        threads=subject.model.threads,
        progress=functools.partial(steps.report, "Nats of training images"),
    )
    held_out, trained = -per_image["elbo"], -evaluation.per_image["elbo"]
    if len(trained) < 2:
        return None
    error = np.hypot(*(values.std(ddof=1) / np.sqrt(len(values)) for values in (held_out, trained)))
    return Gap(float(held_out.mean() - trained.mean()), float(error), float(held_out.mean()))


@dataclasses.dataclass(frozen=True, eq=False)
class Closest:
    """The samples that are closest to training images.

    Attributes:
        samples: (n, H, W, C) of the pairs.
        numbers: (n,) of the samples.
        training: (n, H, W, C) their nearest training images.
        positions: (n,) of these.
        distances: (n,) between them: of features, or the root mean squared difference of a pixel in levels of 255.
        ratio: median distance of all samples over that of real images that were not trained on.
        searched: number of training images.
        total: number of all samples.
        prior: from which samples were drawn.
        features: by which the distances are, in words; empty for pixels.
    """

    samples: Pixels
    numbers: np.ndarray
    training: Pixels
    positions: np.ndarray
    distances: np.ndarray
    ratio: Ratio
    searched: int
    total: int
    prior: PriorName
    features: str


def closest_pairs(subject: Subject, training: ImageSet, samples: Pixels, steps: Steps) -> Closest:
    """Find the training images that are nearest to samples.

    Where the quality of samples was measured, these are its pairs, so that the distance is that of its metric.
    Otherwise samples (n, H, W, C) and some of the images that were measured are compared by their pixels.
    """
    quality = subject.quality
    if quality is not None and quality.copies is not None:
        return _measured_pairs(subject, training, quality, quality.copies)
    return _pairs_by_pixels(subject, training, samples, steps)


def _measured_pairs(subject: Subject, training: ImageSet, quality: Quality, copies: Copies) -> Closest:
    """Draw the samples of the pairs of a measured quality again."""
    prior: PriorName = subject.evaluation.prior if quality.prior is None else quality.prior
    pairs = copies.pairs
    positions = np.array([pair.training for pair in pairs])
    drawn = [
        to_uint8(subject.model.sample(1, seed=quality.seeds[0], first=pair.sample, prior=prior))
        for pair in pairs
    ]
    return Closest(
        np.concatenate(drawn),
        np.array([pair.sample for pair in pairs]),
        training.images[positions],
        positions,
        np.array([pair.distance for pair in pairs]),
        copies.ratio,
        len(training.images),
        quality.rows["samples"][0].n_images,
        prior,
        quality.features.words,
    )


def _pairs_by_pixels(subject: Subject, training: ImageSet, samples: Pixels, steps: Steps) -> Closest:
    others = subject.pixels(subject.evenly(bounded(REFERENCE, subject.model.image_shape)))
    rows = even_positions(len(training.images), MOST_SEARCHED)
    near = _nearest(np.concatenate([samples, others]), training.images, rows, steps)
    of_samples = Nearest(near.positions[: len(samples)], near.distances[: len(samples)])
    of_others = Nearest(near.positions[len(samples) :], near.distances[len(samples) :])
    numbers = of_samples.closest(PAIRS)
    positions = of_samples.positions[numbers]
    return Closest(
        samples[numbers],
        numbers,
        training.images[positions],
        positions,
        of_samples.distances[numbers],
        ratio_of_medians(of_samples, of_others),
        len(rows),
        len(samples),
        subject.evaluation.prior,
        "",
    )


def _nearest(images: Pixels, training: Images, rows: np.ndarray, steps: Steps) -> Nearest:
    """Find the nearest of the training images at `rows` for each image, a chunk at a time."""
    features = _features(images)
    positions = np.zeros(len(images), np.int64)
    distances = np.full(len(images), np.inf)
    advance = steps.counter("Nearest training images", len(rows))
    for part in chunks(len(rows), images.shape[1:], most=CHUNK, chunk_bytes=CHUNK_BYTES):
        of_part = nearest(features, _features(training[rows[part]]))
        is_nearer = of_part.distances < distances
        positions[is_nearer] = rows[part][of_part.positions[is_nearer]]
        distances[is_nearer] = of_part.distances[is_nearer]
        advance(part.stop - part.start)
    return Nearest(positions, distances / np.sqrt(features.shape[1]))


def _features(images: Pixels) -> np.ndarray:
    """Return the pixels of images as features (N, F), of large images the means of squares of pixels."""
    height, width, channels = images.shape[1:]
    factor = _factor(height, width, channels)
    rows, columns = height // factor, width // factor
    cut = images[:, : rows * factor, : columns * factor]
    blocks = cut.reshape(len(images), rows, factor, columns, factor, channels)
    means: np.ndarray = blocks.mean(axis=(2, 4), dtype=np.float32)
    return means.reshape(len(images), -1)


@functools.cache
def _factor(height: int, width: int, channels: int) -> int:
    """Return the side of the squares that are averaged."""
    return max(1, min(height, width, round(math.sqrt(height * width * channels / SIDE_PIXELS))))


def drawn_samples(subject: Subject, prior: PriorName | None) -> Pixels:
    """Draw samples of the seed, as `vaecli sample` writes them, from the first on: 500, or fewer large ones."""
    count = bounded(SAMPLES, subject.model.image_shape)
    parts = [
        to_uint8(
            subject.model.sample(part.stop - part.start, seed=subject.seed, first=part.start, prior=prior)
        )
        for part in chunks(count, subject.model.image_shape, most=CHUNK, chunk_bytes=CHUNK_BYTES)
    ]
    return np.concatenate(parts)
