"""The mixtures of the prior: fitted on the images of a run, or taken over from the run's own model."""

import dataclasses

from vaecli.errors import DataError, VaecliError
from vaecli.metrics.encoded import encode
from vaecli.metrics.prior_fit import PriorOptions, fit_priors
from vaecli.modelfile.find import DECODERS
from vaecli.modelfile.metadata import ModelInfo
from vaecli.modelfile.prior_facts import PriorFacts, StoredPrior, check
from vaecli.modelfile.read import read_file
from vaecli.runs.layout import Run
from vaecli.runtime.model import Model
from vaecli.runtime.priors import to_stored
from vaecli.tasks.run_data import RunData


@dataclasses.dataclass
class PriorSource:
    """Makes the prior of an exported model, and remembers why it has no mixture.

    Attributes:
        run: of the model.
        data: the run's images.
        missing: why there are no mixtures, as a sentence; empty if there are, or if none are to be.
    """

    run: Run
    data: RunData
    missing: str = ""

    def prior(self, model: Model) -> StoredPrior:
        """Return the prior of an exported model: N(0, I) if its images are not there, or too few for a mixture."""
        if stored := self._taken_over(model.info):
            return stored
        try:
            return fit(model, self.data, options_of(model.info))
        except VaecliError as error:
            self.missing = error.message
            return StoredPrior({"name": "normal"}, PriorFacts())

    def _taken_over(self, info: ModelInfo) -> StoredPrior | None:
        """Return the prior in the run's own model, if weights and options of the prior are the same."""
        try:
            file = read_file(self.run.model / DECODERS["float32"])
            if file.info.model_id != info.model_id or options_of(file.info) != options_of(info):
                return None
            stored = StoredPrior(file.info.prior, file.prior_facts())
        except VaecliError:
            return None
        return stored if stored.facts.arrays() or options_of(info).name == "normal" else None


def options_of(info: ModelInfo) -> PriorOptions:
    """Return the options of the prior with which a model was trained.

    Raises:
        OptionError: they are not ones that this version knows.
    """
    return PriorOptions(info.training.get("prior", "auto"), info.training.get("components"))


def fit(model: Model, data: RunData, options: PriorOptions) -> StoredPrior:
    """Fit the mixtures of an exported model on the images of its run.

    Raises:
        VaecliError: the images are not there, have changed, or are too few for the mixture that is asked for.
    """
    image_set, held_out = data.load()
    seed = int(model.info.training.get("seed", 0))
    conditional = model.info.is_conditional
    encoded = encode(model, image_set.images, held_out, image_set.labels, seed=seed, conditional=conditional)
    class_count = len(model.info.class_names)
    stored = to_stored(fit_priors(encoded, options, class_count=class_count, seed=seed))
    try:
        check(stored.facts, latent_dim=model.latent_dim, class_count=class_count)
    except ValueError as error:  # such as latents beyond all bounds
        raise DataError(f"The mixtures of the prior do not fit: {error}.") from error
    return stored
