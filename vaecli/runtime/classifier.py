"""A classifier of images: their features, by which samples are measured, and their logits."""

import functools
import importlib.resources
import os
import pathlib
from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from vaecli.errors import ModelError
from vaecli.modelfile.classifier import ClassifierFile, ClassifierInfo, check_classifier, read_classifier
from vaecli.paths import user_path
from vaecli.pixels import Pixels, chunks
from vaecli.runtime.arrays import image_batch
from vaecli.runtime.session import Session

BUNDLED = "fashion-mnist.onnx"
MOST, CHUNK_BYTES = 1000, 2**22  # images at a time, at most, and bytes of their 8-bit pixels


class Images(Protocol):
    """Images (N, H, W, C) uint8, in memory or in a file."""

    def __len__(self) -> int:
        """Return N."""

    def __getitem__(self, key: slice, /) -> Pixels:
        """Return some of the images."""


class Classified(NamedTuple):
    """Features (N, F) and logits (N, K) of N images, float32."""

    features: npt.NDArray[np.float32]
    logits: npt.NDArray[np.float32]


class Classifier:
    """A trained classifier. Open it with `Classifier.open`, or the one that comes with vaecli with `bundled`."""

    def __init__(self, file: ClassifierFile, *, threads: int | None = None) -> None:
        self.info: ClassifierInfo = file.info
        self.path, self.sha256 = file.path, file.sha256
        self._session = Session(file, thread_count=threads)

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, threads: int | None = None) -> "Classifier":
        """Open the file of a classifier.

        Raises:
            ModelError: nothing is there, or the file is damaged or not made by vaecli.
        """
        place = user_path(path, option="--features", error=ModelError)
        return cls(read_classifier(place), threads=threads)

    def classify(self, images: Images, *, advance: Callable[[int], None] = lambda _count: None) -> Classified:
        """Compute features and logits of images (N, H, W, C) uint8, in chunks.

        Args:
            images: the images.
            advance: called with the number of images of each chunk.

        Raises:
            OptionError: images of another shape.
        """
        info = self.info
        features = np.empty((len(images), info.feature_count), np.float32)
        logits = np.empty((len(images), len(info.class_names)), np.float32)
        for part in chunks(len(images), info.image_shape, most=MOST, chunk_bytes=CHUNK_BYTES):
            outputs = self._session.run({"image": image_batch(images[part], info.image_shape)})
            features[part], logits[part] = outputs["features"], outputs["logits"]
            advance(part.stop - part.start)
        return Classified(features, logits)


@functools.cache
def bundled_file() -> ClassifierFile:
    """Read the classifier that comes with vaecli, of the classes of Fashion-MNIST.

    Raises:
        ModelError: the file is missing from the installed package, or damaged.
    """
    resource = importlib.resources.files("vaecli.runtime") / "bundled_files" / BUNDLED
    hint = "Install vaecli anew: pip install --force-reinstall --no-deps vaecli"
    try:
        content = resource.read_bytes()
    except OSError as error:
        raise ModelError(
            f"Cannot read the bundled {resource}: {error.strerror or error}.", hint=hint
        ) from error
    return check_classifier(content, pathlib.Path(BUNDLED))
