"""The figures that the score of a model is computed with, stored in the decoder's metadata as arrays.

It may be absent: where a run had fewer than 100 training or validation images, or these could not be found when the
file was exported.
"""

import dataclasses
import json

import numpy as np

from vaecli.choices import RANKED
from vaecli.errors import ModelError
from vaecli.modelfile import stored_mixture
from vaecli.modelfile.arrays import MALFORMED, load, pack, unpack
from vaecli.modelfile.stored_mixture import LARGEST

KEY_SCORE = "vaecli.score"
LEVELS = 1001  # columns of `quantiles`: 0, 0.1, ... 100 %
STATISTIC_COUNT = 3  # of which the score is made
LOGS = 2  # coordinates of the mixture beside latent dimensions
_TYPES = {
    "count": np.int64,
    "dimensions": np.int64,
    "weights": np.float64,
    "means": np.float32,
    "scales": np.float32,
    "quantiles": np.float32,
    "rates": np.float64,
}


@dataclasses.dataclass(frozen=True, eq=False)
class ScoreFacts:
    """A mixture of K components over A latent dimensions and two more coordinates, and quantiles.

    Attributes:
        count: (1,) number of validation images.
        dimensions: (A,) latent dimensions, in increasing order.
        weights: (K,) of the components, with the sum 1.
        means: (K, A + 2).
        scales: (K, T) lower triangles of the factors of the covariances, row by row; (K, A + 2) deviations where
            the covariances are diagonal.
        quantiles: (6, 1001) of `RANKED` among the validation images, at 0, 0.1, ... 100 %.
        rates: (3,) of the exponential tails of the statistics.
    """

    count: np.ndarray
    dimensions: np.ndarray
    weights: np.ndarray
    means: np.ndarray
    scales: np.ndarray
    quantiles: np.ndarray
    rates: np.ndarray

    def to_text(self) -> str:
        """Encode the arrays as JSON, for the metadata entry."""
        return json.dumps({name: pack(getattr(self, name)) for name in _TYPES})

    def factors(self) -> np.ndarray:
        """Return the factors of the covariances, (K, A + 2, A + 2) lower triangular or (K, A + 2), float64."""
        return stored_mixture.factors(self.means, self.scales)


def from_text(text: str, where: str, *, latent_dim: int) -> ScoreFacts:
    """Decode the metadata entry of a file.

    Raises:
        ModelError: the entry does not fit the model.
    """
    try:
        document = load(text)
        if sorted(document) != sorted(_TYPES):
            raise ValueError(f"they must be {', '.join(_TYPES)}, got {str(sorted(document))[:80]}")
        facts = ScoreFacts(**{name: unpack(array) for name, array in document.items()})
        check(facts, latent_dim)
    except MALFORMED as error:
        reason = str(error)[:200]
        raise ModelError(
            f"The figures for scores in {where} do not fit: {reason}.", hint="Export it again."
        ) from error
    return facts


def check(facts: ScoreFacts, latent_dim: int) -> None:
    """Check shapes, types and ranges.

    Raises:
        ValueError: an array does not fit the others or the model.
    """
    active, count = len(facts.dimensions), len(facts.weights)
    shapes = {
        "count": (1,),
        "dimensions": (active,),
        **stored_mixture.shapes(count, active + LOGS, facts.scales),
        "quantiles": (len(RANKED), LEVELS),
        "rates": (STATISTIC_COUNT,),
    }
    for name, shape in shapes.items():
        array = getattr(facts, name)
        if array.shape != shape or array.dtype != _TYPES[name]:
            raise ValueError(
                f"{name} must be {np.dtype(_TYPES[name])} of the shape {shape}, "
                f"got {array.dtype} of {array.shape}"
            )
    stored_mixture.require_size(facts.scales)
    if active > latent_dim:
        raise ValueError(f"dimensions must be at most {latent_dim}, got {active}")
    _check_ranges(facts, latent_dim)
    stored_mixture.require_ranges(facts.weights, facts.means, facts.scales)


def _check_ranges(facts: ScoreFacts, latent_dim: int) -> None:
    dimensions = facts.dimensions
    in_range = {
        "count must be at least 1": facts.count[0] >= 1,
        f"dimensions must increase within 0 and {latent_dim - 1}": dimensions[0] >= 0
        and dimensions[-1] < latent_dim
        and (np.diff(dimensions) > 0).all(),
        "quantiles must not decrease": (np.diff(facts.quantiles, axis=1) >= 0).all(),
        f"rates must be positive and at most {LARGEST:.0e}": facts.rates.min() > 0
        and facts.rates.max() <= LARGEST,
    }
    for message, fits in in_range.items():
        if not fits:
            raise ValueError(message)
