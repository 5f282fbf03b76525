"""The priors of a model: N(0, I), and the mixtures of all images and of classes that its decoder file holds."""

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from vaecli import checks
from vaecli.checks import shown
from vaecli.choices import PRIORS, PriorName
from vaecli.commands import command
from vaecli.errors import ModelError, OptionError
from vaecli.labels import find_label
from vaecli.latent import draws, priors
from vaecli.latent.mixture import Mixture
from vaecli.latent.priors import Prior
from vaecli.modelfile import stored_mixture
from vaecli.modelfile.prior_facts import PriorFacts, StoredPrior
from vaecli.modelfile.read import ModelFile
from vaecli.runtime.arrays import LARGEST_Z
from vaecli.runtime.labels import require_trained

if TYPE_CHECKING:
    from vaecli.metrics.prior_fit import FittedPriors

TEMPERATURE_BOUND = (
    1e5  # no normal number of `draws` is above 8.6, so that latents of N(0, I) stay within LARGEST_Z
)


class Priors:
    """The priors that a decoder file holds, each built at its first use.

    Attributes:
        name: of the model's own prior.
        class_names: names of the classes, in the order of their labels.
    """

    def __init__(self, decoder: ModelFile) -> None:
        self.name: PriorName = decoder.info.prior["name"]
        self.class_names: Sequence[str] = decoder.info.class_names
        self._file, self._latent_dim = decoder, decoder.info.latent_dim
        self._of_class: dict[int, Prior] = {}

    @functools.cached_property
    def facts(self) -> PriorFacts:
        """The mixtures in the file.

        Raises:
            ModelError: they do not fit the model.
        """
        return self._file.prior_facts()

    def get(self, name: PriorName | None = None, label: str | None = None) -> Prior:
        """Return a prior: the model's own by default, or the mixture of a class.

        A conditional model may also draw from N(0, I). It does so by default for a class that has no mixture.

        Args:
            name: `normal` or `mixture`.
            label: name of a class, or a part of it that no other class has.

        Raises:
            OptionError: an unknown name or label, or a label with N(0, I) for a model that is not conditional.
            ModelError: the file does not have that mixture.
        """
        if name is not None:
            checks.choice(name, "--prior", PRIORS)
        if label is not None:
            if name == "normal" and not self._file.info.is_conditional:
                raise OptionError(
                    "--prior must be mixture with --label, got normal.",
                    option="--prior",
                    hint="Leave it out.",
                )
            number = self.label(label)
            self.require_class(number, name)
            return self._normal if name == "normal" or not self.has_class(number) else self.of_class(number)
        return self._normal if (name or self.name) == "normal" else self._mixture

    def label(self, text: str) -> int:
        """Return the number of the class that a text means.

        Raises:
            OptionError: no class has the text, several have it, or the model has no classes.
        """
        if not isinstance(text, str):
            raise OptionError(f"--label must be a name, got {shown(text)}.", option="--label")
        return find_label(text, self.class_names)

    def of_class(self, label: int) -> Prior:
        """Return the prior of the images of a class.

        Raises:
            ModelError: the file has no mixture of that class.
        """
        if label not in self._of_class:
            if not self.has_class(label):
                raise self._without_class(label)
            self._of_class[label] = priors.prior(
                "mixture", _mixture(self.facts, self.facts.class_rows(label))
            )
        return self._of_class[label]

    def of_number(self, label: int) -> Prior:
        """Return the prior of the latents of images of a class: its mixture, or N(0, I) if it has none.

        That of images without a class, -1, is the mixture of all images.
        """
        if label < 0:
            return self._mixture
        return self.of_class(label) if self.has_class(label) else self._normal

    def require_class(self, label: int, name: PriorName | None = None) -> None:
        """Refuse a class of which the model has nothing to draw from, or not the prior of a name.

        Raises:
            ModelError: the file has no mixture of it, and the model is not conditional or `name` is `mixture`.
            OptionError: the model is conditional, and has seen no image of it.
        """
        is_conditional = self._file.info.is_conditional
        if is_conditional:
            require_trained(self._file.info, label, option="--label")
        if (name == "mixture" or not is_conditional) and not self.has_class(label):
            raise self._without_class(label)

    def can_draw(self, label: int, name: PriorName | None = None) -> bool:
        """Return whether there is something to draw a class from, by default from any prior."""
        try:
            self.require_class(label, name)
        except (ModelError, OptionError):
            return False
        return True

    def has_class(self, label: int) -> bool:
        """Return whether the file has a mixture of a class."""
        counts = self.facts.class_components
        return counts is not None and bool(counts[label])

    @functools.cached_property
    def _normal(self) -> Prior:
        return priors.prior("normal")

    @functools.cached_property
    def _mixture(self) -> Prior:
        facts = self.facts
        if facts.weights is None:
            raise ModelError(
                f"{self._file.path} has no mixture of all images.",
                hint=f"Where the run and its images are: {command('prior', '-m', 'RUN', '--prior', 'mixture')}",
            )
        return priors.prior("mixture", _mixture(facts, None))

    def _without_class(self, label: int) -> ModelError:
        name, path = shown(self.class_names[label]), self._file.path
        if self.facts.class_components is None:
            return ModelError(
                f"{path} has no mixtures of classes: its run had too few images of each, or an earlier version "
                "exported it, or its images were not found.",
                hint=f"Where the run and its images are: {command('prior', '-m', 'RUN')}",
            )
        least = 5 * self._latent_dim
        hint = "Fewer would be copied. Train with fewer latent dimensions or more images."
        return ModelError(
            f"{path} has no mixture of the class {name}, which had fewer than {least:,} training images.",
            hint="Leave --prior out to draw it from N(0, I)." if self._file.info.is_conditional else hint,
        )


def draw(
    prior: Prior, n: int, latent_dim: int, *, seed: int, first: int, temperature: float
) -> npt.NDArray[np.float32]:
    """Draw latents `first` to `first + n - 1` of the series of a seed, (n, D); see `Model.draw`.

    Raises:
        OptionError: a number out of its range, or a temperature at which latents are beyond what a decoder takes.
    """
    factor = checks.real(temperature, "--temperature", least=0.0, below=TEMPERATURE_BOUND)
    rows = draws.rows(first, n, latent_dim, seed=seed)
    normals = rows.normals if factor == 1.0 else rows.normals * np.float32(factor)
    z = prior.sample(normals, rows.words)
    if factor > 1.0 and z.size and not np.abs(z).max() <= LARGEST_Z:
        raise OptionError(
            f"--temperature must be lower for this prior, got {shown(temperature)}.", option="--temperature"
        )
    return z


def to_stored(fitted: "FittedPriors") -> StoredPrior:
    """Return fitted mixtures as a decoder file holds them."""
    arrays: dict[str, np.ndarray] = {} if fitted.mixture is None else _arrays([fitted.mixture])
    classes = [mixture for mixture in fitted.classes if mixture is not None]
    if classes:
        counts = [0 if mixture is None else len(mixture.weights) for mixture in fitted.classes]
        arrays |= {"class_components": np.array(counts, np.int64)}
        arrays |= {f"class_{name}": array for name, array in _arrays(classes).items()}
    description: dict[str, Any] = {"name": fitted.name}
    if fitted.mixture is not None:
        description |= {"components": len(fitted.mixture.weights), "gain": fitted.gain}
    return StoredPrior(description, PriorFacts(**arrays))


def _arrays(mixtures: Sequence[Mixture]) -> dict[str, np.ndarray]:
    """Return weights, means and scales of mixtures, one after the other."""
    return {
        "weights": np.concatenate([mixture.weights for mixture in mixtures]),
        "means": stored_mixture.packed_means(np.concatenate([mixture.means for mixture in mixtures])),
        "scales": np.concatenate([stored_mixture.packed_scales(mixture.scales) for mixture in mixtures]),
    }


def _mixture(facts: PriorFacts, rows: slice | None) -> Mixture:
    """Return the mixture of all images, or with `rows` that of a class."""
    arrays = facts.arrays()
    prefix = "" if rows is None else "class_"
    parts = [arrays[prefix + name] for name in ("weights", "means", "scales")]
    weights, means, scales = parts if rows is None else (part[rows] for part in parts)
    return Mixture(weights, means.astype(np.float64), stored_mixture.factors(means, scales))
