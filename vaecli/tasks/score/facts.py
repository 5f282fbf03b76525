"""The figures of the score: fitted on the images of a run, or taken over from the run's own model."""

import dataclasses

import numpy as np
import numpy.typing as npt

from vaecli.config import read_config
from vaecli.data.images import ImageSet
from vaecli.data.parts import Division
from vaecli.errors import DataError, ModelError, VaecliError
from vaecli.metrics.score_fit import fit_scorer
from vaecli.modelfile.find import DECODERS
from vaecli.modelfile.read import read_file
from vaecli.modelfile.score_facts import ScoreFacts, check
from vaecli.options import TrainOptions, merge
from vaecli.runs.layout import Run
from vaecli.runs.progress import Watcher
from vaecli.runtime.model import Model
from vaecli.runtime.scoring import to_facts
from vaecli.tasks.train import images

RunImages = tuple[ImageSet, npt.NDArray[np.bool_]]
"""The images of a run, and which of them are for validation: (N,) bool."""


@dataclasses.dataclass
class ScoreSource:
    """Makes the figures for scores, and remembers why there are none.

    Attributes:
        run: of the model.
        sha256: hash of the run's images.
        anew: fit the score even where the run's own model has one.
        data: the run's images, if they are in memory, and which of them are for validation.
        missing: why there are no figures, as a sentence; empty if there are.
    """

    run: Run
    sha256: str
    anew: bool
    data: RunImages | None = None
    missing: str = ""

    def facts(self, model: Model) -> ScoreFacts | None:
        """Return the figures for an exported model; None if its images are not there, or too few."""
        if not self.anew and (facts := self._taken_over(model)):
            return facts
        try:
            return self._fitted(model)
        except VaecliError as error:
            facts = self._taken_over(model) if self.anew else None
            self.missing = "" if facts else error.message
            return facts

    def _fitted(self, model: Model) -> ScoreFacts:
        """Fit the score on the run's images.

        Raises:
            VaecliError: they are not there, have changed, or are too few.
        """
        data, held_out = self.data or self._load()
        seed = int(model.info.training.get("seed", 0))
        facts = to_facts(fit_scorer(model, data.images, held_out, seed=seed, threads=model.threads))
        try:
            check(facts, model.latent_dim)
        except ValueError as error:  # such as validation images that are all equal
            raise DataError(f"The figures for scores do not fit: {error}.") from error
        return facts

    def _taken_over(self, model: Model) -> ScoreFacts | None:
        """Return the figures in the run's own model, if that has the same weights."""
        try:
            file = read_file(self.run.model / DECODERS["float32"])
            return file.score_facts() if file.info.model_id == model.info.model_id else None
        except ModelError:
            return None

    def _load(self) -> RunImages:
        """Load the run's images again, without a download.

        Raises:
            DataError: they are not there, or have changed.
        """
        options: TrainOptions = merge(read_config(self.run.config))
        data = images.load_again(options, Watcher(), download=False)
        if data.sha256 != self.sha256:
            raise DataError(f"The images in {data.location} are no longer those of the run.")
        return data, Division.of(options).held_out(data)
