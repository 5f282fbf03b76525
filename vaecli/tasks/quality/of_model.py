"""The quality of the samples of a model, beside its reconstructions and real training images."""

import os

import numpy as np

from vaecli.choices import Part, PriorName
from vaecli.data.binarise import as_modelled
from vaecli.data.images import Images, ImageSet
from vaecli.errors import DataError
from vaecli.metrics.samples.compare import Comparison, compare
from vaecli.pixels import Pixels, chunks, to_uint8
from vaecli.runtime.model import Model
from vaecli.tasks.class_labels import class_labels
from vaecli.tasks.inputs import OTHER_IMAGES, Progress, Warn, load_for, silent
from vaecli.tasks.quality.by_class import counts_of, drawn_classes, seen_classes
from vaecli.tasks.quality.copies import find_copies, require_pairs, require_sheet, write_sheet
from vaecli.tasks.quality.judge import Float32, Judge, Judged, open_judge
from vaecli.tasks.quality.of_features import METRIC_STEPS
from vaecli.tasks.quality.options import QualityOptions
from vaecli.tasks.quality.result import Copies, FeaturesUsed, Quality
from vaecli.tasks.quality.sets import Sets, sets_of, some_positions, warn_if_equal
from vaecli.tasks.quality.steps import Steps

CHUNK = 1000  # samples drawn at a time, at most
RECONSTRUCTIONS = "reconstructions"  # the row whose image i is made from reference image i


def prepare_quality(
    model: Model,
    *,
    data: str | None = None,
    split: Part | None = None,
    prior: PriorName | None = None,
    with_labels: bool = True,
    options: QualityOptions | None = None,
    warn: Warn = silent,
    download: Progress = silent,
    pictures: Progress = silent,
) -> "QualityOfModel":
    """Load and check all that a measurement of the samples of a model needs, before anything is computed.

    Samples are rounded to 8 bits, as `vaecli sample` writes them. Those of a model of binary pixels are the means
    of these, so grey; so is the reference: grey images are the means of the binary ones that are drawn of them.

    Args:
        model: an opened model with its encoder.
        data: the data set, as `--data` takes it; the model's own if left out.
        split: the part that is the reference; by default `test`, or `validation` where there is none. With `train`
            there are neither the floor nor copies.
        prior: from which samples are drawn; the model's own if left out.
        with_labels: whether a conditional model reconstructs images with their labels.
        options: number of samples, features, and the sheet of closest pairs.
        warn: receives what a user should know of the data set.
        download: progress of a download: file, bytes so far, bytes in all.
        pictures: progress: what is done, number so far, number in all.

    Raises:
        OptionError: a sheet of another kind than .png, or one with `train` as the reference.
        ModelError: the model or the features cannot be used.
        DataError: the data cannot be loaded, or too few images to compare.
        OutputError: the sheet is taken or cannot be written.
    """
    options = options or QualityOptions()
    options.require_sheet_of(split)
    require_sheet(options.sheet, if_taken=options.if_taken)
    model.priors.get(prior)
    reference = load_for(model, data, split, warn=warn, progress=download, pictures=pictures)
    judge = open_judge(options.features, reference, threads=model.threads)
    if judge.sha256 == model.info.model_id:
        warn("The features are latents of the measured model itself; name another run with --features.")
    training, is_own = None, False
    if split == "train":
        warn("Without the floor and copies: the reference are the training images themselves.")
    else:
        training, is_own = _training(model, data, warn, download, pictures)
    require_pairs(options.sheet, training if is_own else None)
    sets = sets_of(reference, training, options.count, warn, features=judge.feature_count, is_own=is_own)
    return QualityOfModel(
        model, judge, sets, options, prior=prior, with_labels=with_labels, warn=warn, progress=pictures
    )


def _training(
    model: Model, data: str | None, warn: Warn, download: Progress, pictures: Progress
) -> tuple[ImageSet | None, bool]:
    """Load the training images, and tell whether the model was trained on them."""
    notes: list[str] = []
    try:
        images = load_for(model, data, "train", warn=notes.append, progress=download, pictures=pictures)
    except DataError as error:
        warn(f"Without training images, so without the floor and copies. {error.message}")
        return None, False
    is_own = not any(OTHER_IMAGES in note for note in notes)
    if not is_own:
        warn(f"Without copies: the model was not trained on the training images of {images.name}.")
    return images, is_own


class QualityOfModel:
    """A measurement that was prepared: the model, the judge, the images, and the steps so far."""

    def __init__(
        self,
        model: Model,
        judge: Judge,
        sets: Sets,
        options: QualityOptions,
        *,
        prior: PriorName | None,
        with_labels: bool,
        warn: Warn,
        progress: Progress,
    ) -> None:
        self.model, self.judge, self.sets, self.options = model, judge, sets, options
        self.prior, self.with_labels, self.warn, self.steps = prior, with_labels, warn, Steps(progress)

    def measure(self) -> Quality:
        """Measure samples by their features, beside reconstructions and training images; write the sheet.

        Raises:
            DataError: features that cannot be compared.
            OutputError: the sheet is taken or cannot be written.
        """
        quality = self._measured(range(self.options.seed, self.options.seed + self.options.seeds))
        if self.options.sheet is not None:
            self._write_sheet(self.options.sheet, quality.copies)
        return quality

    def _measured(self, seeds: range) -> Quality:
        """Compare all sets with the reference."""
        reference = self._judged("Features of real images", self.sets.reference.images)
        drawn = [self.samples(seed, self.sets.count) for seed in seeds]
        warn_if_equal(drawn[0].features, self.warn)
        labelled = self._labelled(seeds[0])
        judged = {RECONSTRUCTIONS: [self._reconstructions()]}
        training = None
        if self.sets.training is not None:
            training = self._judged("Features of training images", self.sets.training.images)
            positions = some_positions(len(training.features), self.sets.count)
            judged["training"] = [Judged(training.features[positions], None)]
        if labelled:
            judged = {"labelled": [_joined(list(labelled.values()))]} | judged
        rows = self._compare(reference.features, {"samples": drawn} | judged)
        copies = None
        if training is not None and self.sets.is_own:
            copies = find_copies(drawn[0].features, reference.features, training.features, self.steps)
        of_class = {number: part.logits for number, part in labelled.items() if part.logits is not None}
        seen = seen_classes(
            self.judge, _joined(drawn).logits, reference.logits, self.sets.reference, drawn=of_class
        )
        used = FeaturesUsed(self.judge.kind, self.judge.name, self.judge.sha256, reference.features.shape[1])
        return Quality(
            used,
            self.sets.described,
            rows,
            seen.rows,
            copies,
            self.model.priors.get(self.prior).name,
            tuple(seeds),
            self.steps.seconds,
            self.sets.described_training,
            self.model.likelihood.binarised,
            seen.confidence,
        )

    def samples(self, seed: int, count: int, label: str | None = None) -> Judged:
        """Draw samples 0 to `count` - 1 of a seed and judge them, a chunk at a time."""
        advance = self.steps.counter(f"Samples of {label}" if label else f"Samples of seed {seed}", count)
        parts = []
        for part in chunks(count, self.model.image_shape, most=CHUNK):
            with self.steps.step("samples"):
                images = self.draw(seed, part.start, part.stop - part.start, label)
            with self.steps.step("features"):
                parts.append(self.judge(images))
            advance(len(images))
        return _joined(parts)

    def draw(self, seed: int, first: int, count: int, label: str | None = None) -> Pixels:
        """Draw samples `first` to `first + count - 1` of a seed, rounded to 8 bits."""
        return to_uint8(self.model.sample(count, seed=seed, first=first, prior=self.prior, label=label))

    def _labelled(self, seed: int) -> dict[int, Judged]:
        """Draw samples of each class that the classifier knows: its number -> features and logits."""
        classes = drawn_classes(self.model, self.judge, self.prior)
        counts = counts_of(self.sets.count, max(1, len(classes)))
        return {
            number: self.samples(seed, int(count), name)
            for (number, name), count in zip(classes.items(), counts, strict=False)
            if count
        }

    def _judged(self, text: str, images: Images) -> Judged:
        with self.steps.step("features"):
            return self.judge(images, self.steps.counter(text, len(images)))

    def _reconstructions(self) -> Judged:
        """Reconstruct the reference from the posterior means, with labels if the model takes them, and judge it.

        A model of binary pixels reconstructs the reference made binary: from such latents its samples come, too.
        """
        images = self.sets.reference.images
        labels = class_labels(self.model.info, self.sets.reference, self.warn) if self.with_labels else None
        advance = self.steps.counter("Reconstructions", len(images))
        slices = list(chunks(len(images), self.model.image_shape, most=CHUNK))
        batches = as_modelled((images[part] for part in slices), binary=self.model.likelihood.binarised)
        parts = []
        for part, pixels in zip(slices, batches, strict=True):
            with self.steps.step("reconstructions"):
                decoded = self.model.reconstruct(pixels, None if labels is None else labels[part])
            with self.steps.step("features"):
                parts.append(self.judge(to_uint8(decoded)))
            advance(part.stop - part.start)
        return _joined(parts)

    def _compare(
        self, reference: Float32, judged: dict[str, list[Judged]]
    ) -> dict[str, tuple[Comparison, ...]]:
        total = METRIC_STEPS * sum(map(len, judged.values()))
        advance = self.steps.counter("Comparing features", total)
        return {
            name: tuple(
                compare(
                    reference, part.features, paired=name == RECONSTRUCTIONS, step=lambda _metric: advance(1)
                )
                for part in parts
            )
            for name, parts in judged.items()
        }

    def _write_sheet(self, sheet: str | os.PathLike[str], copies: Copies | None) -> None:
        """Draw the samples of the closest pairs again, and write them beside the training images."""
        if copies is None or self.sets.training is None:
            return
        samples = np.concatenate([self.draw(self.options.seed, pair.sample, 1) for pair in copies.pairs])
        images = self.sets.training.images
        write_sheet(
            sheet, copies.pairs, samples, images, if_taken=self.options.if_taken, threads=self.model.threads
        )


def _joined(parts: list[Judged]) -> Judged:
    logits = [part.logits for part in parts if part.logits is not None]
    return Judged(
        np.concatenate([part.features for part in parts]), np.concatenate(logits) if logits else None
    )
