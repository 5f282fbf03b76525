"""The latents of a traversal, and the pages that show its pictures."""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vaecli.latent.aggregate import REACH, along, plane, probabilities, quantiles, sweep
from vaecli.pictures.plane import Axes, Points
from vaecli.pictures.plane import plane as plane_page
from vaecli.pictures.rows import Row, labelled_rows
from vaecli.pictures.sliders import slider_frame
from vaecli.pixels import Pixels
from vaecli.runtime.model import Model
from vaecli.tasks.latent_space import LatentSpace
from vaecli.tasks.recipe import plain_name

if TYPE_CHECKING:
    from vaecli.tasks.one_picture import OnePicture  # brings the reading of pictures

Latents = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True, eq=False)
class Traversal:
    """The parts of a latent space that are shown.

    Attributes:
        model: the model.
        space: where its latents lie.
        centre: (D,) the value of the dimensions that do not move.
        dimensions: those that move, in the order in which they are shown; two for a plane.
        steps: number of values of each.
        given: the picture at the centre, if any.
        scale, smooth: enlargement.
    """

    model: Model
    space: LatentSpace
    centre: npt.NDArray[np.floating]
    dimensions: list[int]
    steps: int
    given: "OnePicture | None"
    scale: int | None
    smooth: bool

    @property
    def values(self) -> npt.NDArray[np.float64]:
        """Values (D, S) of all dimensions."""
        return quantiles(self.space.mean, self.space.deviation, self.steps)

    def rows(self) -> Latents:
        """Return the latents of a sheet, a dimension a row: (R * S, D)."""
        values = self.values
        return np.concatenate([along(self.centre, number, values[number]) for number in self.dimensions])

    def plane(self) -> Latents:
        """Return the latents of a plane, row by row from the top left: (S * S, D)."""
        first, second = self.dimensions
        values = self.values
        return plane(self.centre, (first, second), values[first], values[second])

    def film(self) -> Latents:
        """Return the latents of an animation: each dimension rises from the centre, falls and comes back.

        Returns:
            (R * 2 * S, D).
        """
        return np.concatenate([along(self.centre, number, self._track(number)) for number in self.dimensions])

    def draw_rows(self, images: Pixels, reconstruction: Pixels | None) -> Pixels:
        """Return the sheet of decoded `rows`; with a given picture, a frame marks what is nearest to it in each."""
        values = self.values
        rows = []
        for place, number in enumerate(self.dimensions):
            nearest = int(np.argmin(np.abs(values[number] - self.centre[number])))
            rows.append(
                Row(
                    images[place * self.steps : (place + 1) * self.steps],
                    title=f"z {number}",
                    note="" if self.space.kl is None else f"{self.space.kl[number]:.2f} nats",
                    mark=None if self.given is None else nearest,
                )
            )
        given = []
        if self.given is not None and reconstruction is not None:
            given = [(self.given.image, plain_name(self.given.name)), (reconstruction, "reconstruction")]
        headings = [f"{100 * probability:.0f} %" for probability in probabilities(self.steps)]
        return labelled_rows(rows, headings, given=given, scale=self.scale, smooth=self.smooth)

    def draw_plane(self, images: Pixels) -> Pixels:
        """Return the page of a decoded `plane`, with the latents of validation images if the file has them."""
        first, second = self.dimensions
        values, examples = self.values, self.model.facts.examples
        points = None
        if examples is not None:
            points = Points(
                places=examples[:, [first, second]],
                labels=self.model.facts.example_labels,
                class_names=self.model.info.class_names,
                title=f"Latents of {len(examples)} validation pictures",
                own=None if self.given is None else self.centre[[first, second]],
            )
        title = (
            "Decoded" if self.given is None else f"Decoded, other dimensions as {plain_name(self.given.name)}"
        )
        axes = Axes((self._name(first), self._name(second)), values[first], values[second])
        return plane_page(images, axes, title, points, scale=self.scale, smooth=self.smooth)

    def draw_film(self, images: Pixels, scale: int) -> list[Pixels]:
        """Return the frames of a decoded `film`, with the dimension and its value below each picture."""
        frames, latents = [], self.film()
        for place, image in enumerate(images):
            number = self.dimensions[place // (2 * self.steps)]
            value = latents[place, number]
            level = (value - self.space.mean[number]) / self.space.deviation[number]
            texts = self._name(number), f"{value:+.2f}"
            position = (level / REACH + 1) / 2
            frames.append(slider_frame(image, texts, position, scale=scale, smooth=self.smooth))
        return frames

    def _track(self, number: int) -> npt.NDArray[np.float64]:
        mean, deviation = self.space.mean[number], self.space.deviation[number]
        return sweep(self.centre[number], mean - REACH * deviation, mean + REACH * deviation, 2 * self.steps)

    def _name(self, number: int) -> str:
        if self.space.kl is None:
            return f"z {number}"
        return f"z {number} ({self.space.kl[number]:.2f} nats)"
