"""The subject of a report: a model, the images it was measured on, the evaluation, the run if there is one."""

import dataclasses
import functools
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from vaecli.data.binarise import as_modelled
from vaecli.data.images import ImageSet
from vaecli.errors import VaecliError
from vaecli.metrics.evaluation import Evaluation
from vaecli.pixels import Pixels, chunk_length, chunks, to_float32, to_uint8
from vaecli.runs.history import Row, read_metrics
from vaecli.runs.layout import Run
from vaecli.runtime.labels import Labels
from vaecli.runtime.model import Model
from vaecli.tasks.class_labels import class_labels
from vaecli.tasks.origin import find_run
from vaecli.tasks.quality.probe_result import Probes
from vaecli.tasks.quality.result import Quality

CHUNK = 500  # images at a time, at most
CHUNK_BYTES = 2**23  # of their 8-bit pixels
HELD_BYTES = 2**26  # of 8-bit pixels that are in memory at once, four times as many as float32
PREFIXES = {"test": "test", "validation": "val", "train": "train"}  # of pictures as commands name them

Float32 = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True, eq=False)
class Subject:
    """The subject of a report.

    Attributes:
        model: opened model with its encoder.
        images: the images that were measured.
        evaluation: their figures.
        data: what --data named; None for the model's own data.
        quality: of the model's samples; None if that was not measured.
        probes: the classes that latents predict; None if that was not measured.
    """

    model: Model
    images: ImageSet
    evaluation: Evaluation
    data: str | None = None
    quality: Quality | None = None
    probes: Probes | None = None

    @property
    def seed(self) -> int:
        """The seed of the evaluation, and of samples."""
        return self.evaluation.seed

    @functools.cached_property
    def labels(self) -> npt.NDArray[np.int64] | None:
        """The classes (N,) that a conditional model was given; None for any other model, or without labels."""
        return class_labels(self.model.info, self.images) if self.evaluation.labelled else None

    @functools.cached_property
    def run(self) -> Run | None:
        """The run in which the model lies."""
        return find_run(self.model.path)

    @functools.cached_property
    def history(self) -> Sequence[Row] | VaecliError:
        """The figures of each epoch of the run, or the error with which they cannot be read."""
        if self.run is None:
            return []
        try:
            return read_metrics(self.run.metrics)
        except VaecliError as error:
            return error

    def name(self, position: int) -> str:
        """Return an image as commands name it, such as `test:17`."""
        return f"{PREFIXES[self.images.split]}:{position}"

    def pixels(self, positions: npt.NDArray[np.integer]) -> Pixels:
        """Return some of the images, (n, H, W, C)."""
        pixels: Pixels = self.images.images[positions]
        return pixels

    def seen(self, positions: npt.NDArray[np.integer]) -> Pixels:
        """Return some of the images as the model sees them, (n, H, W, C): made binary for a model of binary pixels.

        The same positions always give the same binary images.
        """
        return np.concatenate([pixels for _, pixels in self._seen(positions)])

    def given(self, positions: npt.NDArray[np.integer]) -> Labels:
        """Return what a model is given as labels of some images."""
        return None if self.labels is None else self.labels[positions]

    def encode(self, positions: npt.NDArray[np.integer]) -> tuple[Float32, Float32]:
        """Compute `z_mean` and `z_log_var` (n, D) of some images, a chunk at a time."""
        parts = [
            self.model.encode(to_float32(pixels), self.given(rows)) for rows, pixels in self._seen(positions)
        ]
        return np.concatenate([mean for mean, _ in parts]), np.concatenate([var for _, var in parts])

    def reconstruct(self, positions: npt.NDArray[np.integer]) -> Pixels:
        """Reconstruct some images: (n, H, W, C) uint8, a chunk at a time."""
        return np.concatenate(
            [
                to_uint8(self.model.reconstruct(to_float32(pixels), self.given(rows)))
                for rows, pixels in self._seen(positions)
            ]
        )

    def evenly(self, count: int) -> npt.NDArray[np.int64]:
        """Return the positions of `count` images, evenly spread; of all if there are no more."""
        return even_positions(len(self.images.images), count)

    def _seen(self, positions: npt.NDArray[np.integer]) -> Iterator[tuple[npt.NDArray[np.integer], Pixels]]:
        """Yield positions and images as the model sees them, a chunk at a time."""
        slices = chunks(len(positions), self.model.image_shape, most=CHUNK, chunk_bytes=CHUNK_BYTES)
        parts = [positions[part] for part in slices]
        batches = as_modelled(map(self.pixels, parts), binary=self.model.likelihood.binarised)
        return zip(parts, batches, strict=True)


def bounded(count: int, shape: Sequence[int]) -> int:
    """Return `count`, or fewer images of a shape (H, W, C) that are too large to be in memory at once."""
    return chunk_length(shape, most=count, chunk_bytes=HELD_BYTES)


def even_positions(total: int, count: int) -> npt.NDArray[np.int64]:
    """Return `count` positions, evenly spread over `total`; all if there are no more."""
    return np.linspace(0, total - 1, min(count, total)).astype(np.int64)
