"""The mixtures of the prior: fitted on the images of a run, or taken over from the run's own model."""

import dataclasses

from vaecli.errors import DataError, VaecliError
from vaecli.metrics.encoded import EncodedRun, encode
from vaecli.metrics.prior_fit import PriorOptions, fit_priors
from vaecli.modelfile.find import DECODERS
from vaecli.modelfile.metadata import ModelInfo
from vaecli.modelfile.prior_facts import PriorFacts, StoredPrior, check
from vaecli.modelfile.read import read_file
from vaecli.runs.layout import Run
from vaecli.runtime.model import Model
from vaecli.runtime.priors import to_stored
from vaecli.tasks.run_data import RunData

_NO_MIXTURE = "The prior has no mixture."


@dataclasses.dataclass
class PriorSource:
    """Makes the prior of an exported model, and remembers why it is not the one that was asked for.

    Attributes:
        run: of the model.
        data: the run's images.
        note: why there is no mixture of all images, or not the one that was asked for; empty otherwise.
    """

    run: Run
    data: RunData
    note: str = ""

    def prior(self, model: Model) -> StoredPrior:
        """Return the prior of an exported model: N(0, I) if its images are not there, or too few for a mixture.

        Mixtures of classes are fitted even if the images are too few for that of all images.
        """
        nothing_to_fit = StoredPrior({"name": "normal"}, PriorFacts())
        if stored := self._taken_over(model.info):
            return stored
        try:
            options = options_of(model.info)
            if options.name == "normal" and not model.info.class_names:
                return nothing_to_fit
            encoded = encode_run(model, self.data)
            return self._fitted(model.info, encoded, options)
        except VaecliError as error:
            self.note = f"{_NO_MIXTURE} {error.message}"
            return nothing_to_fit

    def _fitted(self, info: ModelInfo, encoded: EncodedRun, options: PriorOptions) -> StoredPrior:
        """Fit a prior; where the images are too few for the number of components, choose it, else take N(0, I)."""
        try:
            return fit(info, encoded, options)
        except DataError as error:
            if options.components is None:
                self.note = f"{_NO_MIXTURE} {error.message}"
                return fit(info, encoded, PriorOptions("normal"))  # the mixtures of classes alone
            stored = self._fitted(info, encoded, PriorOptions(options.name))
            self.note = self.note or f"{error.message} So their number was chosen on validation images."
            return stored

    def _taken_over(self, info: ModelInfo) -> StoredPrior | None:
        """Return the prior in the run's own model, if it has mixtures of the same weights and options."""
        try:
            file = read_file(self.run.model / DECODERS["float32"])
            if file.info.model_id != info.model_id or options_of(file.info) != options_of(info):
                return None
            stored = StoredPrior(file.info.prior, file.prior_facts())
        except VaecliError:
            return None
        return stored if stored.facts.arrays() else None


def options_of(info: ModelInfo) -> PriorOptions:
    """Return the options of the prior with which a model was trained.

    Raises:
        OptionError: they are not ones that this version knows.
    """
    return PriorOptions(info.training.get("prior", "auto"), info.training.get("components"))


def encode_run(model: Model, data: RunData) -> EncodedRun:
    """Encode the images of the run of an exported model.

    Raises:
        VaecliError: the images are not there, or have changed.
    """
    image_set, held_out = data.load()
    conditional = model.info.is_conditional
    return encode(
        model, image_set.images, held_out, image_set.labels, seed=_seed(model.info), conditional=conditional
    )


def fit(info: ModelInfo, encoded: EncodedRun, options: PriorOptions) -> StoredPrior:
    """Fit the mixtures of an exported model.

    Args:
        info: description of the model.
        encoded: the images of its run.
        options: which prior, and how many components.

    Raises:
        DataError: the images are too few for the mixture that is requested, or the latents too large.
    """
    class_count = len(info.class_names)
    stored = to_stored(fit_priors(encoded, options, class_count=class_count, seed=_seed(info)))
    try:
        check(stored.facts, latent_dim=info.latent_dim, class_count=class_count)
    except ValueError as error:  # such as latents beyond all bounds
        raise DataError(f"The mixtures of the prior do not fit: {error}.") from error
    return stored


def _seed(info: ModelInfo) -> int:
    return int(info.training.get("seed", 0))
