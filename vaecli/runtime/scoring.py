"""The scorer of a model: from the arrays in its decoder file, and to them."""

import numpy as np

from vaecli.commands import command
from vaecli.errors import ModelError
from vaecli.latent.mixture import Mixture
from vaecli.metrics.score import Scorer
from vaecli.modelfile.read import ModelFile
from vaecli.modelfile.score_facts import ScoreFacts
from vaecli.modelfile.stored_mixture import packed_means, packed_scales
from vaecli.sample_size import FEWEST_IMAGES


def read_scorer(decoder: ModelFile) -> Scorer:
    """Return the scorer that a decoder file holds.

    Raises:
        ModelError: it has none, or its arrays do not fit the model.
    """
    facts = decoder.score_facts()
    if facts is None:
        raise ModelError(
            f"{decoder.path} has no figures for scores: its run had fewer than {FEWEST_IMAGES} training or "
            "validation images, or an earlier version exported it, or its images were not found.",
            hint=f"Where the run and its images are: {command('export', '-m', 'RUN', '--force')}",
        )
    means, quantiles = facts.means.astype(np.float64), facts.quantiles.astype(np.float64)
    mixture = Mixture(facts.weights, means, facts.factors())
    return Scorer(facts.dimensions, mixture, quantiles, facts.rates, int(facts.count[0]))


def to_facts(scorer: Scorer) -> ScoreFacts:
    """Return the arrays of a scorer, as a decoder file holds them."""
    return ScoreFacts(
        count=np.array([scorer.count]),
        dimensions=scorer.dimensions.astype(np.int64),
        weights=scorer.mixture.weights,
        means=packed_means(scorer.mixture.means),
        scales=packed_scales(scorer.mixture.scales),
        quantiles=np.maximum.accumulate(scorer.quantiles.astype(np.float32), axis=1),
        rates=scorer.rates,
    )
