"""Facts about the latent space of a model, measured on the validation images and stored in the decoder's metadata.

Any fact may be absent: because of few images, data without labels, or `--no-examples`.
"""

import dataclasses
import json
from collections.abc import Mapping

import numpy as np

from vaecli.errors import ModelError
from vaecli.modelfile.arrays import MALFORMED, load, pack, unpack
from vaecli.rounding import rounded

KEY_FACTS = "vaecli.facts"
MAX_EXAMPLES = 256
MAX_VALUES = 2**18  # of the examples, and of the covariance
MAX_CLASS_VALUES = 2**20  # of the class means: 8 MiB, well within the limit of a metadata entry
_TYPES = {
    "kl": np.float64,
    "z_mean": np.float64,
    "z_covariance": np.float64,
    "class_counts": np.int64,
    "class_means": np.float64,
    "distance_scale": np.float64,
    "examples": np.float32,
    "example_labels": np.int64,
}


@dataclasses.dataclass(frozen=True, eq=False)
class Facts:
    """Facts measured on the validation images, None where absent. D latent dimensions, K classes.

    Attributes:
        kl: (D,) mean KL of each dimension to N(0, 1), in nats.
        z_mean: (D,) mean of the posterior means.
        z_covariance: (D, D) covariance of the posterior means.
        class_counts: (K,) number of images of each class.
        class_means: (K, D) mean of the posterior means of each class; 0 for a class without images.
        distance_scale: (D,) what differences of latents are divided by before distances are taken; None for plain
            distances.
        examples: (n, D) posterior means of some validation images.
        example_labels: (n,) labels of the examples, 0 to K - 1.
    """

    kl: np.ndarray | None = None
    z_mean: np.ndarray | None = None
    z_covariance: np.ndarray | None = None
    class_counts: np.ndarray | None = None
    class_means: np.ndarray | None = None
    distance_scale: np.ndarray | None = None
    examples: np.ndarray | None = None
    example_labels: np.ndarray | None = None

    def to_text(self) -> str:
        """Encode the facts as JSON, for the metadata entry."""
        return json.dumps({name: pack(array) for name, array in self.arrays().items()})

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the facts that are present, by name."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {name: array for name, array in values.items() if array is not None}

    def without_examples(self) -> "Facts":
        """Return a copy without the latents of single images, which tell something about the data."""
        return dataclasses.replace(self, examples=None, example_labels=None)

    def rounded_examples(self) -> "Facts":
        """Return a copy whose examples have the 11 significant bits of half precision, enough for a plot."""
        if self.examples is None:
            return self
        return dataclasses.replace(self, examples=rounded(self.examples))


def from_arrays(arrays: Mapping[str, np.ndarray], *, latent_dim: int, class_count: int) -> Facts:
    """Build facts from arrays by name; large ones are shortened or left out.

    Raises:
        ValueError: an array has another name, type or shape.
    """
    facts = Facts(
        **{name: np.asarray(array, _TYPES[name]) for name, array in arrays.items() if name in _TYPES}
    )
    if facts.examples is not None:
        count = max(1, min(MAX_EXAMPLES, MAX_VALUES // latent_dim))
        labels = None if facts.example_labels is None else facts.example_labels[:count]
        facts = dataclasses.replace(facts, examples=facts.examples[:count], example_labels=labels)
    if latent_dim**2 > MAX_VALUES:
        facts = dataclasses.replace(facts, z_covariance=None)
    if latent_dim * class_count > MAX_CLASS_VALUES:
        facts = dataclasses.replace(facts, class_means=None)
    _check(facts, latent_dim, class_count)
    return facts


def from_text(text: str, where: str, *, latent_dim: int, class_count: int) -> Facts:
    """Decode facts from the metadata entry of a file.

    Raises:
        ModelError: the entry does not fit the model.
    """
    try:
        document = load(text)
        if unknown := sorted(document.keys() - _TYPES.keys()):
            raise ValueError(f"facts must be known, got {unknown[0][:80]!r}")
        facts = Facts(**{name: unpack(array) for name, array in document.items()})
        _check(facts, latent_dim, class_count)
    except MALFORMED as error:
        reason = str(error)[:200]
        raise ModelError(f"The facts of {where} do not fit: {reason}.", hint="Export it again.") from error
    return facts


def _check(facts: Facts, latent_dim: int, class_count: int) -> None:
    count = 0 if facts.examples is None else len(facts.examples)
    shapes = {
        "kl": (latent_dim,),
        "z_mean": (latent_dim,),
        "z_covariance": (latent_dim, latent_dim),
        "class_counts": (class_count,),
        "class_means": (class_count, latent_dim),
        "distance_scale": (latent_dim,),
        "examples": (count, latent_dim),
        "example_labels": (count,),
    }
    for name, array in facts.arrays().items():
        if array.shape != shapes[name] or array.dtype != _TYPES[name]:
            raise ValueError(
                f"{name} must be {np.dtype(_TYPES[name])} of the shape {shapes[name]}, "
                f"got {array.dtype} of {array.shape}"
            )
        if not np.isfinite(array).all():
            raise ValueError(f"{name} must be finite, got NaN or infinity")
    labels = facts.example_labels
    if labels is not None and len(labels) and not 0 <= labels.min() <= labels.max() < class_count:
        raise ValueError(f"example_labels must be 0 to {class_count - 1}")
    if facts.distance_scale is not None and (facts.distance_scale <= 0).any():
        raise ValueError("distance_scale must be greater than 0")
    if facts.class_counts is not None and (facts.class_counts < 0).any():
        raise ValueError("class_counts must be at least 0")
