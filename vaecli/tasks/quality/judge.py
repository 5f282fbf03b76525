"""The source of features of images: a classifier, or the encoder of another run."""

import dataclasses
import pathlib
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from vaecli.bundled import MODEL, model_folder
from vaecli.commands import command
from vaecli.data.images import Images, ImageSet
from vaecli.data.named.catalogue import FASHION, FASHION_MNIST, FASHION_MNIST_MINI
from vaecli.errors import DataError, ModelError
from vaecli.paths import shown, user_path
from vaecli.pixels import chunks
from vaecli.runtime.classifier import Classifier, bundled_file
from vaecli.runtime.model import Model

MOST, CHUNK_BYTES = 1000, 2**22  # images encoded at a time, at most, and bytes of their 8-bit pixels
FASHION_SHAPE = (28, 28, 1)

Advance = Callable[[int], None]
Float32 = npt.NDArray[np.float32]


class Judged(NamedTuple):
    """Features (N, F) of N images, and logits (N, K) if the judge is a classifier."""

    features: Float32
    logits: Float32 | None


@dataclasses.dataclass(frozen=True)
class Judge:
    """A judge of images.

    Attributes:
        kind: `classifier` or `encoder`.
        name: name of the data set of a classifier, or of the run of an encoder.
        sha256: hash of the classifier's file; the model's id for an encoder.
        image_shape: (H, W, C) of the images that it takes.
        feature_count: number of features of an image.
        class_names: names of the classes of the logits; empty for an encoder.
        compute: features and logits of images (N, H, W, C) uint8.
    """

    kind: Literal["classifier", "encoder"]
    name: str
    sha256: str
    image_shape: tuple[int, int, int]
    feature_count: int
    class_names: tuple[str, ...]
    compute: Callable[[Images, Advance], Judged]

    def __call__(self, images: Images, advance: Advance = lambda _count: None) -> Judged:
        """Compute the features of images; `advance` is called with the number of each chunk."""
        return self.compute(images, advance)


def open_judge(features: str | None, data: ImageSet, *, threads: int | None = None) -> Judge:
    """Open what `--features` names; by default the classifier that comes with vaecli, for Fashion-MNIST alone.

    Args:
        features: a classifier that `vaecli features train` made; `fashion-mnist`, which comes with vaecli; or the
            run whose encoder to use.
        data: the reference; its images must have the judge's shape.
        threads: number of threads; all that the process may use if left out.

    Raises:
        ModelError: nothing is there, or it is damaged.
        DataError: other data than Fashion-MNIST without `features`, or images of another shape.
    """
    judge = _bundled(data, threads) if features is None else _named(features, threads)
    shape = data.images.shape[1:]
    if shape != judge.image_shape:
        raise DataError(
            f"Images of {data.name} must have the shape {judge.image_shape} for the features of {judge.name}, "
            f"got {shape}.",
            hint="Name features of that shape with --features.",
        )
    return judge


def _bundled(data: ImageSet, threads: int | None) -> Judge:
    is_named = data.kind == "named" and data.name in {FASHION_MNIST.name, FASHION_MNIST_MINI.name}
    if not is_named and (data.class_names != FASHION or data.images.shape[1:] != FASHION_SHAPE):
        train = command("features", "train", "--data", data.location)
        raise DataError(
            f"The features that come with vaecli are for Fashion-MNIST, not for {data.name}.",
            hint=f"With labels: {train}, then --features features.onnx. Without: --features RUN, another run; or "
            f"--features {MODEL} for pictures of such garments.",
        )
    return _of_classifier(Classifier(bundled_file(), threads=threads))


def _named(features: str, threads: int | None) -> Judge:
    path = user_path(features, option="--features", error=ModelError)
    if model_folder(path) is not None:  # the name is free here: it names the classifier, not the model
        return _of_classifier(Classifier(bundled_file(), threads=threads))
    if path.is_dir() or path.name.startswith(("decoder", "encoder")):
        return _of_model(Model.open(path, threads=threads))
    if not path.exists():
        raise ModelError(
            f"--features must be a classifier, a run or arrays, got {shown(path)}, where there is nothing.",
            hint=f"Make a classifier with `vaecli features train --data DATA`; {MODEL} comes with vaecli.",
        )
    try:
        return _of_classifier(Classifier.open(path, threads=threads))
    except ModelError as error:
        raise ModelError(
            f"--features must be a classifier, a run or arrays. {error.message}",
            hint=f"Make a classifier with `vaecli features train --data DATA`; {MODEL} comes with vaecli.",
        ) from error


def _of_classifier(classifier: Classifier) -> Judge:
    def compute(images: Images, advance: Advance) -> Judged:
        return Judged(*classifier.classify(images, advance=advance))

    info = classifier.info
    return Judge(
        "classifier",
        info.name,
        classifier.sha256,
        info.image_shape,
        info.feature_count,
        info.class_names,
        compute,
    )


def _of_model(model: Model) -> Judge:
    """Return the encoder of a model as a judge.

    Raises:
        ModelError: it has no encoder that can be used.
    """
    _ = model.digests  # reads the encoder, so that a missing one is known now

    def compute(images: Images, advance: Advance) -> Judged:
        z_mean = np.empty((len(images), model.latent_dim), np.float32)
        for part in chunks(len(images), model.image_shape, most=MOST, chunk_bytes=CHUNK_BYTES):
            z_mean[part] = model.encode(images[part])[0]
            advance(part.stop - part.start)
        return Judged(z_mean, None)

    name = model.info.name or pathlib.Path(model.path).parent.name
    return Judge("encoder", name, model.info.model_id, model.image_shape, model.latent_dim, (), compute)
