"""The quality of pictures from anywhere: a folder, an archive or an array, against the images of a data set."""

import os

import numpy as np
import numpy.typing as npt

from vaecli.choices import Colour, Split
from vaecli.data.images import ImageSet
from vaecli.data.kind import DATA
from vaecli.data.load import AS_THEY_ARE, load
from vaecli.data.photo.reading import ReadingOptions
from vaecli.errors import DataError, MissingPartError, OptionError
from vaecli.metrics.samples.compare import compare
from vaecli.metrics.samples.features import require_more_images
from vaecli.paths import shown, user_path
from vaecli.tasks.inputs import Progress, Warn, silent, warn_of_bad_files
from vaecli.tasks.quality.by_class import seen_classes
from vaecli.tasks.quality.copies import find_copies, require_pairs, require_sheet, write_sheet
from vaecli.tasks.quality.judge import Judge, open_judge
from vaecli.tasks.quality.of_features import METRIC_STEPS, measure_features
from vaecli.tasks.quality.options import QualityOptions
from vaecli.tasks.quality.result import FeaturesUsed, Quality
from vaecli.tasks.quality.sets import SAMPLES, Sets, sets_of, some_positions, warn_if_equal
from vaecli.tasks.quality.steps import Steps

COLOURS: dict[int, Colour] = {1: "grey", 3: "rgb"}  # by channels


def measure_pictures(
    samples: str | os.PathLike[str],
    *,
    data: str | None,
    options: QualityOptions | None = None,
    threads: int | None = None,
    warn: Warn = silent,
    download: Progress = silent,
    pictures: Progress = silent,
) -> Quality:
    """Measure pictures that any program made, beside real training images.

    Args:
        samples: a folder or an archive of pictures, or a .npy or .npz file of images.
        data: the data set of the real images; its test images are the reference, or all if it has no test part.
        options: number of pictures, features, and the sheet of closest pairs.
        threads: number of threads; all that the process may use if left out.
        warn: receives what a user should know of the data set.
        download: progress of a download: file, bytes so far, bytes in all.
        pictures: progress: what is done, number so far, number in all.

    Raises:
        OptionError: an option that is missing, out of its range, or does not go with another.
        ModelError: the features cannot be used.
        DataError: pictures or data cannot be loaded, or too few images to compare.
        OutputError: the sheet is taken or cannot be written.
    """
    if not data:
        raise OptionError(
            "--data must name the real images that --samples are compared with, got none.", option="--data"
        )
    options = options or QualityOptions()
    path = _path_of(samples)
    require_sheet(options.sheet, if_taken=options.if_taken)
    reading = _Reading(data, warn, download, pictures)
    reference, training = reading.real()
    require_pairs(options.sheet, training)
    images = reading.samples(path, reference)
    if options.features is not None and options.reference_features is not None:
        lengths = len(images.images), len(reference.images)
        return measure_features(
            options.features, options.reference_features, lengths=lengths, warn=warn, progress=pictures
        )
    judge = open_judge(options.features, reference, threads=threads)
    total = len(images.images)
    require_more_images(total, judge.feature_count, "the samples")
    most = SAMPLES if options.count is None else options.count
    sets = sets_of(reference, training, min(most, total), warn, features=judge.feature_count)
    positions = some_positions(total, sets.count)
    quality = _measure(judge, sets, images.select(positions), Steps(pictures), numbers=positions, warn=warn)
    if options.sheet is not None and quality.copies is not None and training is not None:
        pairs = images.images[np.array([pair.sample for pair in quality.copies.pairs])]
        write_sheet(options.sheet, quality.copies.pairs, pairs, training.images, if_taken=options.if_taken)
    return quality


class _Reading:
    """The reading of real images and of samples, so that all have one shape."""

    def __init__(self, data: str, warn: Warn, download: Progress, pictures: Progress) -> None:
        self._data, self._warn, self._download, self._pictures = data, warn, download, pictures

    def real(self) -> tuple[ImageSet, ImageSet | None]:
        """Load the reference and the training images; the latter are the reference where there is no test part."""
        training = self._load(self._data, "train", AS_THEY_ARE)
        try:
            return self._load(self._data, "test", _like(training)), training
        except MissingPartError:
            self._warn(
                f"{training.name} has no test part: the reference are all its images, so that there is no floor, "
                "and copies cannot be told."
            )
            return training, None

    def samples(self, samples: str, reference: ImageSet) -> ImageSet:
        """Load the samples in the shape of the reference."""
        images = self._load(samples, "train", _like(reference), option="--samples")
        if _was_resized(images):
            height, width = images.images.shape[1:3]
            self._warn(f"Samples were resized to {width} x {height}, which changes their features.")
        return images

    def _load(self, source: str, split: Split, reading: ReadingOptions, *, option: str = DATA) -> ImageSet:
        images = load(
            source,
            split,
            reading=reading,
            allow_bad=True,
            warn=self._warn,
            progress=self._download,
            pictures=self._pictures,
            option=option,
        )
        warn_of_bad_files(images, self._warn)
        return images


def _was_resized(images: ImageSet) -> bool:
    """Return whether pictures were read in another size than they have; colours may have changed, too."""
    height, width = images.images.shape[1:3]
    if images.original_shape is not None:
        return images.original_shape[:2] != (height, width)
    return images.report is not None and any(size != (width, height) for size in images.report.sizes)


def _path_of(samples: str | os.PathLike[str]) -> str:
    """Return the path of samples so that `load` does not take it for the name of a data set.

    Raises:
        DataError: nothing is there.
    """
    path = user_path(samples, option="--samples")
    if not path.exists():
        raise DataError(
            "--samples must be a folder, an archive or an array of pictures, got "
            f"{shown(path)}, where there is nothing."
        )
    return os.path.join(os.curdir, path)  # noqa: PTH118  # a Path would drop the dot


def _like(images: ImageSet) -> ReadingOptions:
    """Return how to read pictures so that they have the shape of a set."""
    height, width, channels = images.images.shape[1:]
    fit = None if images.reading is None else images.reading.fit
    return ReadingOptions(size=(height, width), colour=COLOURS[channels], fit=fit)


def _measure(
    judge: Judge,
    sets: Sets,
    images: ImageSet,
    steps: Steps,
    *,
    numbers: npt.NDArray[np.int64],
    warn: Warn,
) -> Quality:
    """Measure images, which have these numbers among all samples."""
    with steps.step("features"):
        reference = judge(
            sets.reference.images, steps.counter("Features of real images", len(sets.reference.images))
        )
        samples = judge(images.images, steps.counter("Features of samples", len(images.images)))
    warn_if_equal(samples.features, warn)
    rows = {"samples": samples.features}
    copies = None
    if sets.training is not None:
        total = len(sets.training.images)
        with steps.step("features"):
            training = judge(sets.training.images, steps.counter("Features of training images", total))
        rows["training"] = training.features[some_positions(total, sets.count)]
        copies = find_copies(samples.features, reference.features, training.features, steps, numbers=numbers)
    advance = steps.counter("Comparing features", METRIC_STEPS * len(rows))
    compared = {
        name: (compare(reference.features, row, step=lambda _metric: advance(1)),)
        for name, row in rows.items()
    }
    seen = seen_classes(judge, samples.logits, reference.logits, sets.reference)
    used = FeaturesUsed(judge.kind, judge.name, judge.sha256, reference.features.shape[1])
    return Quality(
        used,
        sets.described,
        compared,
        seen.rows,
        copies,
        seconds=steps.seconds,
        training=sets.described_training,
        confidence=seen.confidence,
    )
