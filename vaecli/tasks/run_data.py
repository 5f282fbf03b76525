"""The images that a run was trained with, for what is fitted to them after training."""

import dataclasses

import numpy as np
import numpy.typing as npt

from vaecli.config import read_options
from vaecli.data.images import ImageSet
from vaecli.data.parts import Division
from vaecli.errors import DataError
from vaecli.runs.layout import Run
from vaecli.runs.progress import Watcher
from vaecli.tasks.train import images

RunImages = tuple[ImageSet, npt.NDArray[np.bool_]]
"""The images of a run, and which of them are for validation: (N,) bool."""


@dataclasses.dataclass
class RunData:
    """The images of a run, loaded once.

    Attributes:
        run: the run.
        sha256: hash of its images.
        loaded: the images, if they are in memory.
    """

    run: Run
    sha256: str
    loaded: RunImages | None = None

    def load(self) -> RunImages:
        """Load the run's images again if they are not in memory, without a download.

        Raises:
            DataError: they are not there, or have changed.
        """
        if self.loaded is None:
            options = read_options(self.run.config)
            data = images.load_again(options, Watcher(), download=False)
            if data.sha256 != self.sha256:
                raise DataError(f"The images in {data.location} are no longer those of the run.")
            self.loaded = data, Division.of(options).held_out(data)
        return self.loaded
