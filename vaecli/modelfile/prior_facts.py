"""The mixtures that a model's latents are drawn from, stored in the decoder's metadata as arrays.

There may be one of all images, and one of each class of labelled data; a class of few images has none.
"""

import dataclasses
import json
from typing import Any, NamedTuple

import numpy as np

from vaecli.errors import ModelError
from vaecli.modelfile import stored_mixture
from vaecli.modelfile.arrays import MALFORMED, load, pack, unpack

KEY_PRIOR = "vaecli.prior"
LARGEST = 1e3  # of means and scales: so that latents at temperature 1 stay within what a decoder takes
_MIXTURE = {"weights": np.float64, "means": np.float32, "scales": np.float32}
_TYPES = (
    _MIXTURE | {"class_components": np.int64} | {f"class_{name}": kind for name, kind in _MIXTURE.items()}
)
_GROUPS = (sorted(_MIXTURE), sorted(_TYPES.keys() - _MIXTURE.keys()))  # arrays that come together


@dataclasses.dataclass(frozen=True, eq=False)
class PriorFacts:
    """A mixture of K components over D latent dimensions, and mixtures of C classes with M components in all.

    Attributes:
        weights: (K,) with the sum 1; None if there is no mixture of all images.
        means: (K, D).
        scales: (K, T) lower triangles of the factors of the covariances, row by row; (K, D) deviations where the
            covariances are diagonal.
        class_components: (C,) number of components of each class, 0 for a class without a mixture; None if no
            class has one.
        class_weights: (M,) of the components of the classes, class by class, each class with the sum 1.
        class_means: (M, D).
        class_scales: (M, T) or (M, D), likewise.
    """

    weights: np.ndarray | None = None
    means: np.ndarray | None = None
    scales: np.ndarray | None = None
    class_components: np.ndarray | None = None
    class_weights: np.ndarray | None = None
    class_means: np.ndarray | None = None
    class_scales: np.ndarray | None = None

    def to_text(self) -> str:
        """Encode the arrays as JSON, for the metadata entry."""
        return json.dumps({name: pack(array) for name, array in self.arrays().items()})

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays that are present, by name."""
        return {name: array for name in _TYPES if (array := getattr(self, name)) is not None}

    def class_rows(self, label: int) -> slice:
        """Return the rows of the classes' arrays that belong to the class `label`; none if it has no mixture."""
        if self.class_components is None:
            return slice(0, 0)
        ends = np.cumsum(self.class_components)
        return slice(int(ends[label] - self.class_components[label]), int(ends[label]))


class StoredPrior(NamedTuple):
    """The prior as a decoder file holds it.

    Attributes:
        description: `prior` of the metadata: `name`; with a mixture also `components`, and `gain`, the nats of the
            ELBO that it gains over N(0, I) per validation image.
        facts: the mixtures.
    """

    description: dict[str, Any]
    facts: PriorFacts

    def entries(self) -> dict[str, str]:
        """Return the metadata entries of the mixtures, none if there are none."""
        return {KEY_PRIOR: self.facts.to_text()} if self.facts.arrays() else {}


def from_text(text: str, where: str, *, latent_dim: int, class_count: int) -> PriorFacts:
    """Decode the metadata entry of a file.

    Raises:
        ModelError: the entry does not fit the model.
    """
    try:
        document = load(text)
        if unknown := sorted(document.keys() - _TYPES.keys()):
            raise ValueError(f"their arrays must be known, got {unknown[0][:80]!r}")
        facts = PriorFacts(**{name: unpack(array) for name, array in document.items()})
        check(facts, latent_dim=latent_dim, class_count=class_count)
    except MALFORMED as error:
        reason = str(error)[:200]
        raise ModelError(
            f"The mixtures of the prior in {where} do not fit: {reason}.", hint="Export it again."
        ) from error
    return facts


def check(facts: PriorFacts, *, latent_dim: int, class_count: int) -> None:
    """Check shapes, types and ranges.

    Raises:
        ValueError: an array does not fit the others or the model.
    """
    arrays = facts.arrays()
    for group in _GROUPS:
        if arrays.keys() & set(group) and not set(group) <= arrays.keys():
            raise ValueError(f"{', '.join(group)} must come together")
    if facts.weights is not None and facts.means is not None and facts.scales is not None:
        shapes = stored_mixture.shapes(len(facts.weights), latent_dim, facts.scales)
        _require_types(facts, shapes)
        stored_mixture.require_size(facts.scales)
        stored_mixture.require_ranges(facts.weights, facts.means, facts.scales, most=LARGEST)
    if facts.class_components is not None:
        _check_classes(facts, latent_dim, class_count)


def _check_classes(facts: PriorFacts, latent_dim: int, class_count: int) -> None:
    weights, means, scales = facts.class_weights, facts.class_means, facts.class_scales
    if weights is None or means is None or scales is None:
        return
    shapes = stored_mixture.shapes(len(weights), latent_dim, scales)
    _require_types(
        facts,
        {"class_components": (class_count,)} | {f"class_{name}": shape for name, shape in shapes.items()},
    )
    components = facts.class_components
    if components is None or components.min() < 0 or not components.max() <= len(weights) == components.sum():
        raise ValueError(f"class_components must be at least 0 with the sum {len(weights)}")
    stored_mixture.require_size(scales)
    for label in np.flatnonzero(components):
        rows = facts.class_rows(int(label))
        stored_mixture.require_ranges(weights[rows], means[rows], scales[rows], most=LARGEST)


def _require_types(facts: PriorFacts, shapes: dict[str, tuple[int, ...]]) -> None:
    for name, shape in shapes.items():
        array = getattr(facts, name)
        if array.shape != shape or array.dtype != _TYPES[name]:
            raise ValueError(
                f"{name} must be {np.dtype(_TYPES[name])} of the shape {shape}, got {array.dtype} of {array.shape}"
            )
