"""`vaecli features train`: labelled images -> a classifier as an ONNX file."""

import dataclasses
import functools
import math
import os
import pathlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vaecli import checks, files, folders
from vaecli.data.images import ImageSet
from vaecli.data.load import AS_THEY_ARE, load
from vaecli.data.split import validation_mask
from vaecli.errors import DataError, OptionError
from vaecli.extras import require
from vaecli.files import IfTaken
from vaecli.modelfile.classifier import ClassifierInfo
from vaecli.modelfile.metadata_checks import MAX_LABELS
from vaecli.options import MAX_PIXELS, augmentations
from vaecli.runs import provenance
from vaecli.runs.progress import ClassifierEpoch
from vaecli.runtime.model import Model
from vaecli.tasks.inputs import Progress, Warn, load_for, silent
from vaecli.tasks.quality.steps import Steps
from vaecli.training.tensorflow import quietly

if TYPE_CHECKING:
    from vaecli.training.classifier.training import Trained

HELD_OUT = 0.1  # of the training images; they choose the epoch
BATCHES, EPOCHS = 6500, (16, 200)  # about so many batches of 128, within these numbers of epochs
PARITY_IMAGES = 64
DEFAULT_NAME = "features.onnx"


@dataclasses.dataclass(frozen=True)
class FeatureOptions:
    """Options of the training of a classifier.

    Attributes:
        epochs: number of epochs; None for one that suits the number of images.
        augment: names of augmentations, separated by commas.
        seed: seed of weights, order, augmentation and held-out images.

    Raises:
        OptionError: a value of another type or out of its range.
    """

    epochs: int | None = None
    augment: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.epochs is not None:
            checks.integer(self.epochs, "--epochs", least=1, most=10_000)
        checks.integer(self.seed, "--seed", least=0, most=2**63 - 1)
        augmentations(self.augment)


@dataclasses.dataclass(frozen=True)
class Made:
    """A classifier that was trained and written.

    Attributes:
        path: the file.
        info: its description.
        size: bytes of the file.
        seconds: duration of each part: `training`, with the reading of TensorFlow, and `export`.
        history: figures of each epoch.
    """

    path: pathlib.Path
    info: ClassifierInfo
    size: int
    seconds: Mapping[str, float]
    history: tuple[ClassifierEpoch, ...]


def train_features(
    data: str | None,
    *,
    model: Model | None = None,
    options: FeatureOptions | None = None,
    out: str | os.PathLike[str] | None = None,
    if_taken: IfTaken = "refuse",
    warn: Warn = silent,
    download: Progress = silent,
    pictures: Progress = silent,
    progress: Callable[[ClassifierEpoch], None] = lambda _epoch: None,
) -> Made:
    """Train a classifier on the training images of a data set, and write it.

    A tenth of the training images is held out to choose the epoch. Test images play no part.

    Args:
        data: the data set, as `--data` takes it; with a model, its own if left out.
        model: a model whose training images to read, in its way; without one, images are read as they are.
        options: options of the training.
        out: the file, which ends in .onnx; `features.onnx`, or the next free number, if left out.
        if_taken: what happens to a file of that name.
        warn: receives what a user should know of the data set.
        download: progress of a download: file, bytes so far, bytes in all.
        pictures: progress: what is done, number so far, number in all.
        progress: called after each epoch with its figures.

    Raises:
        OptionError: an option out of its range, or a file of another kind.
        DataError: the data set cannot be loaded, has no labels, or too few classes or images.
        MissingExtraError: TensorFlow or tf2onnx is not installed.
        OutputError: the file is taken or cannot be written.
    """
    options = options or FeatureOptions()
    target = pathlib.Path(DEFAULT_NAME if out is None else out)
    if target.suffix.lower() != ".onnx":
        raise OptionError(f"--out must end in .onnx, got {target}.", option="--out")
    require("Training needs TensorFlow and tf2onnx", "tensorflow", "keras", "tf2onnx", "onnx")
    folders.require_place(target, if_taken=if_taken)
    with files.replacing(target, if_taken=if_taken) as file:
        if model is None:
            images = load(data, "train", reading=AS_THEY_ARE, warn=warn, progress=download, pictures=pictures)
        else:
            images = load_for(model, data, "train", warn=warn, progress=download, pictures=pictures)
        _require_labels(images)
        held_out = validation_mask(images.images, fraction=HELD_OUT, seed=options.seed)
        steps = Steps(pictures)
        with steps.step("training"):
            info, trained = _train(images, held_out, options, steps, progress)
        with steps.step("export"):
            content = _converted(images, held_out, info, trained, steps)
        file.write(content)
    return Made(file.path, info, len(content), steps.seconds, trained.history)


def _require_labels(images: ImageSet) -> None:
    if images.labels is None:
        raise DataError(
            f"A classifier needs labelled images; those of {images.name} have no labels.",
            hint="Put the pictures of each class in a folder of its own, or measure with --features RUN.",
        )
    classes = len(np.unique(images.labels))
    if classes < 2 or len(images.class_names) > MAX_LABELS:
        raise DataError(f"{images.name} must have images of 2 to {MAX_LABELS:,} classes, got {classes:,}.")
    height, width = images.images.shape[1:3]
    if height * width > MAX_PIXELS:
        raise DataError(
            f"Images must have at most {MAX_PIXELS:,} pixels, those of {images.name} have {height:,} x {width:,}."
        )


def _train(
    images: ImageSet,
    held_out: npt.NDArray[np.bool_],
    options: FeatureOptions,
    steps: Steps,
    progress: Callable[[ClassifierEpoch], None],
) -> tuple[ClassifierInfo, "Trained"]:
    """Train the classifier; return the description of its file, and the classifier."""
    loaded = steps.counter("Loading TensorFlow", 1)
    with quietly():
        from vaecli.training import precision
        from vaecli.training.classifier.network import FEATURES
        from vaecli.training.classifier.training import BATCH_SIZE, train_classifier

        precision.choose("auto")  # looks for GPUs, of which TensorFlow prints lines
    loaded(1)
    least, most = EPOCHS
    suitable = math.ceil(BATCHES * BATCH_SIZE / int((~held_out).sum()))
    epochs = options.epochs or min(most, max(least, suitable))
    trained = train_classifier(
        images,
        held_out,
        epochs=epochs,
        augment=augmentations(options.augment),
        seed=options.seed,
        progress=progress,
        images_done=functools.partial(steps.report, "Training"),
    )
    height, width, channels = images.images.shape[1:]
    counts = {"count": trained.count, "held_out_count": trained.held_out_count}
    info = ClassifierInfo(
        name=images.name,
        image_shape=(height, width, channels),
        feature_count=FEATURES,
        class_names=images.class_names,
        accuracy=trained.accuracy,
        data={"name": images.name, "sha256": images.sha256} | counts,
        training=dataclasses.asdict(options) | {"epochs": epochs, "best_epoch": trained.best_epoch},
        software=provenance.versions(),
        created=provenance.now(),
    )
    return info, trained


def _converted(
    images: ImageSet, held_out: npt.NDArray[np.bool_], info: ClassifierInfo, trained: "Trained", steps: Steps
) -> bytes:
    """Convert the classifier, compare both on some held-out images, and return the content of the file."""
    converted = steps.counter("Converting to ONNX", 1)
    with quietly():
        from vaecli.export.classifier import to_file
    sample = images.images[np.flatnonzero(held_out)[:PARITY_IMAGES]]
    content = to_file(trained.classifier, info, sample)
    converted(1)
    return content
