"""The figures of the score: fitted on the images of a run, or taken over from the run's own model."""

import dataclasses

from vaecli.errors import DataError, ModelError, VaecliError
from vaecli.metrics.score_fit import fit_scorer
from vaecli.modelfile.find import DECODERS
from vaecli.modelfile.read import read_file
from vaecli.modelfile.score_facts import ScoreFacts, check
from vaecli.runs.layout import Run
from vaecli.runtime.model import Model
from vaecli.runtime.scoring import to_facts
from vaecli.tasks.run_data import RunData


@dataclasses.dataclass
class ScoreSource:
    """Makes the figures for scores, and remembers why there are none.

    Attributes:
        run: of the model.
        anew: fit the score even where the run's own model has one.
        data: the run's images.
        missing: why there are no figures, as a sentence; empty if there are.
    """

    run: Run
    anew: bool
    data: RunData
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
        data, held_out = self.data.load()
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
