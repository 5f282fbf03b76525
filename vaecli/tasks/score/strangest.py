"""The pictures with the highest scores, and their sheet."""

import dataclasses
import heapq
import os
import pathlib

import numpy as np

from vaecli.files import IfTaken
from vaecli.pictures.captions import Captioned, captioned_sheet
from vaecli.pictures.sheet import near_square
from vaecli.pictures.writers import save_picture
from vaecli.pixels import Pixels
from vaecli.tasks.recipe import plain_name
from vaecli.tasks.stream.batch import PictureBatch


@dataclasses.dataclass(frozen=True)
class Strange:
    """A picture with a high score.

    Attributes:
        file: its name.
        label: its class; None if it has none.
        score: of the picture, or the component that takes its place.
        percentile: among validation images, 0 to 100.
    """

    file: str
    label: str | None
    score: float
    percentile: float


class Strangest:
    """Keeps the `count` pictures with the highest scores of all that it is given, with or without their images."""

    def __init__(self, count: int, *, with_images: bool) -> None:
        self._count, self._with_images = count, with_images
        self._heap: list[tuple[float, int, Strange, Pixels | None]] = []
        self._seen = 0

    def add(self, batch: PictureBatch, scores: np.ndarray, percentiles: np.ndarray) -> None:
        """Take the readable pictures of a batch with their scores and percentiles, both (m,)."""
        for row in np.argsort(-scores, kind="stable")[: self._count].tolist():
            strange = Strange(
                batch.names[row], batch.labels[row], float(scores[row]), float(percentiles[row])
            )
            image = batch.images[row].copy() if self._with_images else None
            entry = (strange.score, -(self._seen + row), strange, image)  # of equal scores the first picture
            if len(self._heap) < self._count:
                heapq.heappush(self._heap, entry)
            elif entry[:2] > self._heap[0][:2]:
                heapq.heapreplace(self._heap, entry)
        self._seen += len(batch.names)

    def pictures(self) -> list[Strange]:
        """Return the pictures, the strangest first."""
        return [strange for _, _, strange, _ in self._sorted()]

    def write_sheet(self, path: str | os.PathLike[str], *, if_taken: IfTaken) -> pathlib.Path | None:
        """Write a sheet of the pictures, the strangest first, with percentiles and names; None if there are none.

        Raises:
            OutputError: the file cannot be written.
        """
        entries = self._sorted()
        if not entries:
            return None
        cells = [
            Captioned(image, (f"{strange.percentile:.1f} %", plain_name(strange.file)))
            for _, _, strange, image in entries
            if image is not None
        ]
        page = captioned_sheet(cells, columns=near_square(len(cells)))
        return save_picture(path, page, if_taken=if_taken)

    def _sorted(self) -> list[tuple[float, int, Strange, Pixels | None]]:
        return sorted(self._heap, key=lambda entry: entry[:2], reverse=True)
