"""`vaecli eval --probe`: how well latents tell classes apart, beside PCA of the same size and raw pixels."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from vaecli.choices import Part
from vaecli.data.images import Images, ImageSet
from vaecli.errors import DataError
from vaecli.metrics.probes import (
    COUNTS,
    PASSES,
    Float32,
    Share,
    fit_pca,
    labelled_subset,
    linear_probe,
    nearest_neighbours,
    require_neighbours,
    share,
)
from vaecli.metrics.saved.latents import LATENTS
from vaecli.pixels import chunks, to_float32
from vaecli.runtime.model import Model
from vaecli.tasks.inputs import Progress, Warn, load_for, silent
from vaecli.tasks.quality.options import require_held_out
from vaecli.tasks.quality.probe_result import ProbeRow, Probes
from vaecli.tasks.quality.sets import some
from vaecli.tasks.quality.steps import Steps

DRAWS = 5  # of few labelled images
MOST_IMAGES = 60_000
MOST_PIXELS = 4096  # values of an image whose pixels and principal components are measured, too
MOST_BYTES = 2**28  # of the pixels of training images as float32
CHUNK = 1000  # images encoded at a time, at most


def prepare_probes(
    model: Model,
    *,
    data: str | None = None,
    split: Part | None = None,
    seed: int = 0,
    warn: Warn = silent,
    download: Progress = silent,
    pictures: Progress = silent,
) -> "ProbesOfModel":
    """Load and check the labelled images of a measurement of latents, before anything is computed.

    Args:
        model: an opened model with its encoder.
        data: the data set, as `--data` takes it; the model's own if left out.
        split: the part whose classes are to be found; by default `test`, or `validation` where there is none.
        seed: of the draws of few labelled images.
        warn: receives what a user should know of the data set.
        download: progress of a download: file, bytes so far, bytes in all.
        pictures: progress: what is done, number so far, number in all.

    Raises:
        OptionError: `train` as the part whose classes are to be found.
        DataError: the data cannot be loaded, have no labels, or too few labelled images.
    """
    require_held_out(split, "--probe")
    test = load_for(model, data, split, warn=warn, progress=download, pictures=pictures)
    training = load_for(model, data, "train", progress=download, pictures=pictures)
    training = some(training, _most(model.image_shape))
    require_neighbours(len(training.images))
    return ProbesOfModel(model, training, test, seed, Steps(pictures))


Representation = Callable[[Images], Float32]


def _most(shape: tuple[int, int, int]) -> int:
    """Return the largest number of training images."""
    size = math.prod(shape)
    return min(MOST_IMAGES, MOST_BYTES // (4 * size)) if size <= MOST_PIXELS else MOST_IMAGES


def _labels(images: ImageSet) -> npt.NDArray[np.int64]:
    if images.labels is None:
        raise DataError(
            f"--probe needs labelled images; the {images.split} images of {images.name} have no labels.",
            hint="Put the pictures of each class in a folder of its own, or leave --probe out.",
        )
    return images.labels


def _latents(model: Model, steps: Steps) -> Representation:
    def encode(images: Images) -> Float32:
        advance = steps.counter("Encoding", len(images))
        z_mean = np.empty((len(images), model.latent_dim), np.float32)
        with steps.step("encode"):
            for part in chunks(len(images), model.image_shape, most=CHUNK):
                z_mean[part] = model.encode(images[part])[0]
                advance(part.stop - part.start)
        return z_mean

    return encode


def _pixels(images: Images) -> Float32:
    flat = np.empty((len(images), math.prod(images.shape[1:])), np.float32)
    for part in chunks(len(images), images.shape[1:], most=CHUNK):
        flat[part] = to_float32(images[part]).reshape(part.stop - part.start, -1)
    return flat


def _components(images: Images, count: int) -> Representation:
    """Return the projection on the first principal components of training images."""
    pca = fit_pca(_pixels(images), count)
    return lambda given: pca.apply(_pixels(given))


class ProbesOfModel:
    """A measurement that was prepared: the model, the labelled images, and the steps so far.

    Raises:
        DataError: images without labels.
    """

    def __init__(self, model: Model, training: ImageSet, test: ImageSet, seed: int, steps: Steps) -> None:
        self.model, self.training, self.test, self.seed, self.steps = model, training, test, seed, steps
        self.labels, self.test_labels = _labels(training), _labels(test)
        self.correct: dict[str, npt.NDArray[np.bool_]] = {}  # by latents and all labels
        self.counts = [count for count in COUNTS if count < len(self.labels)] + [len(self.labels)]

    def measure(self) -> Probes:
        """Measure how well the posterior means tell classes apart; a conditional model gets no labels.

        One representation is measured after the other, so that one is in memory at a time.
        """
        model, training, test = self.model, self.training, self.test
        representations = {LATENTS: _latents(model, self.steps)}
        if math.prod(model.image_shape) <= MOST_PIXELS:
            fitted = self.steps.counter("Principal components", 1)
            with self.steps.step("pca"):
                representations |= {"pca": _components(training.images, model.latent_dim), "pixels": _pixels}
            fitted(1)
        rows: list[ProbeRow] = []
        advance = self.steps.counter("Probing", len(representations) * len(self.counts))
        for name, represent in representations.items():
            vectors, test_vectors = represent(training.images), represent(test.images)
            for count in self.counts:
                rows.append(self._row(name, vectors, test_vectors, count))
                advance(1)
        rows.sort(key=lambda row: row.labels)  # stable: by representation within
        return Probes(
            tuple(rows),
            len(test.images),
            self.steps.seconds,
            data=(test.name, test.sha256),
            training=(training.name, training.sha256),
            n_training=len(training.images),
            seed=self.seed,
            correct=self.correct,
        )

    def _row(self, name: str, vectors: Float32, test: Float32, count: int) -> ProbeRow:
        results: list[tuple[Share, Share]] = []
        is_all = count == len(self.labels)
        for draw in range(1 if is_all else DRAWS):
            positions = slice(None) if is_all else labelled_subset(self.labels, count, seed=self.seed + draw)
            known, names = vectors[positions], self.labels[positions]
            nearest_done = self._counter(f"5 nearest by {name}", len(test), shown=is_all)
            with self.steps.step("nearest"):
                by_nearest = nearest_neighbours(known, names, test, advance=nearest_done) == self.test_labels
            linear_done = self._counter(f"Linear probe of {name}", PASSES * len(names), shown=is_all)
            with self.steps.step("linear"):
                by_linear = linear_probe(known, names, test, advance=linear_done) == self.test_labels
            results.append((share(by_nearest), share(by_linear)))
            if is_all and name == LATENTS:
                self.correct = {"nearest": by_nearest, "linear": by_linear}
        nearest, linear = (_mean(list(column)) for column in zip(*results, strict=True))
        return ProbeRow(name, vectors.shape[1], count, nearest, linear)

    def _counter(self, text: str, total: int, *, shown: bool) -> Callable[[int], None]:
        """Report the progress of a probe; those of few labels take less than a second each, and are not shown."""
        return self.steps.counter(text, total) if shown else silent


def _mean(shares: list[Share]) -> Share:
    """Return the mean over draws; its error has those of the test images and of the draws."""
    values = np.array([each.value for each in shares])
    variance = np.mean([each.error**2 for each in shares])
    if len(values) > 1:
        variance += values.var(ddof=1) / len(values)
    return Share(float(values.mean()), float(np.sqrt(variance)))
