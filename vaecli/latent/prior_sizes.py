"""The sizes that the mixtures of the prior may have, and the number of images to which they are fitted."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vaecli.choices import PriorChoice
from vaecli.errors import OptionError
from vaecli.latent.fitting import MAX_COMPONENTS
from vaecli.latent.mixture import MAX_FULL
from vaecli.latent.posterior_fit import fewest_images

MOST_VALUES = 2**18  # of the scales of a mixture, and of those of all classes together
COMPONENTS = (1, 3, 10, 20, 40, 80, 150)  # that are tried
CLASS_COMPONENTS = (1, 3, 8)
USUAL = 80  # components where none are tried, at most
MOST_ENCODED = 60_000  # images to which a mixture is fitted
MOST_PIXELS, MOST_LATENTS = 2**26, 2**24  # values of these images, and of their latents


class MixtureSize(NamedTuple):
    """The size of mixtures over D dimensions: their components, and the scales that a file holds of each."""

    components: int
    scales: int


def largest_mixtures(
    name: PriorChoice, components: int | None, n_train: int, dim: int, class_counts: Sequence[int] = ()
) -> tuple[MixtureSize, MixtureSize]:
    """Return the sizes of the largest mixtures that may be fitted: of all images, and of all classes together.

    Args:
        name: the prior that is requested.
        components: number of components that is requested; None if it is chosen on validation images.
        n_train: number of training images.
        dim: number of latent dimensions.
        class_counts: number of training images of each class; empty for data without labels.
    """
    tried = [number for number in COMPONENTS if number <= most_components(dim)]
    if name == "normal":
        tried = []
    elif components is not None:
        tried = [components]
    candidates, diagonal = class_candidates(len(class_counts), dim)
    of_classes = sum(_largest(candidates, count, dim) for count in class_counts)
    scales = _scale_count(dim)
    return MixtureSize(_largest(tried, n_train, dim), scales), MixtureSize(
        of_classes, dim if diagonal else scales
    )


def _largest(candidates: Sequence[int], count: int, dim: int) -> int:
    """Return the largest number of components for which so many images are enough; 0 if none."""
    return max((number for number in candidates if count >= number * fewest_images(dim)), default=0)


def require_possible(
    name: PriorChoice, components: int | None, n_train: int, shape: tuple[int, ...], dim: int
) -> None:
    """Refuse, before anything is trained, a mixture for which there are certainly too few images.

    Args:
        name: the prior that is requested.
        components: number of components that is requested; None if it is chosen on validation images.
        n_train: number of training images.
        shape: (H, W, C) of an image.
        dim: number of latent dimensions.

    Raises:
        OptionError: a mixture, or so many components, are requested that could only be refused after training.
    """
    if name != "mixture" and components is None:
        return
    _require_images("--prior mixture" if components is None else "--components", n_train, shape, dim)
    encoded = encoded_count(n_train, shape, dim)
    most = possible_components(encoded, dim)
    if components is not None and components > most:
        raise OptionError(
            f"--components must be at most {most:,} for {_counted(encoded, n_train)} training images and {dim:,} "
            f"latent dimensions, got {components:,}.",
            option="--components",
            hint="Leave it out: the number is then chosen on validation images.",
        )


def require_possible_in_training(name: PriorChoice, n_train: int, shape: tuple[int, ...], dim: int) -> None:
    """Refuse `--mixture-epochs` with N(0, I) as prior, or with too few images.

    Args:
        name: the prior that is requested.
        n_train: number of training images.
        shape: (H, W, C) of an image.
        dim: number of latent dimensions.

    Raises:
        OptionError: one of these.
    """
    if name == "normal":
        raise OptionError(
            "--mixture-epochs must be left out with --prior normal.",
            option="--mixture-epochs",
            hint="Leave one out.",
        )
    _require_images("--mixture-epochs", n_train, shape, dim, instead="or leave it out")


def _require_images(
    option: str, n_train: int, shape: tuple[int, ...], dim: int, *, instead: str = "or --prior normal"
) -> None:
    fewest, encoded = fewest_images(dim), encoded_count(n_train, shape, dim)
    if encoded < fewest:
        more = "more images" if encoded == n_train else "smaller images, of which more can be encoded at once"
        raise OptionError(
            f"{option} needs at least {fewest:,} training images for {dim:,} latent dimensions, got "
            f"{_counted(encoded, n_train)}.",
            option=option.partition(" ")[0],
            hint=f"Use fewer --latent-dim or {more}, {instead}.",
        )


def _counted(encoded: int, n_train: int) -> str:
    """Return how many of the training images are encoded for a fit."""
    return f"{n_train:,}" if encoded == n_train else f"{encoded:,} of {n_train:,}"


def class_candidates(class_count: int, dim: int) -> tuple[list[int], bool]:
    """Return the numbers of components that may be tried for a class, and whether covariances are diagonal."""
    if not class_count:
        return [], False
    diagonal = class_count * _scale_count(dim) > MOST_VALUES
    most = MOST_VALUES // (class_count * (dim if diagonal else _scale_count(dim)))
    return [number for number in CLASS_COMPONENTS if number <= most], diagonal


def possible_components(count: int, dim: int) -> int:
    """Return the largest number of components for which so many images may be enough; at least 1."""
    return max(1, min(most_components(dim), count // fewest_images(dim)))


def usual_components(count: int, dim: int) -> int:
    """Return a number of components without a search: at most 80, with twice the images they need in the mean."""
    possible = min(USUAL, possible_components(count // 2, dim))
    return max(number for number in COMPONENTS if number <= possible)


def most_components(dim: int) -> int:
    """Return the largest number of components whose scales a file may hold."""
    return max(1, min(MAX_COMPONENTS, MOST_VALUES // _scale_count(dim)))


def _scale_count(dim: int) -> int:
    """Return the number of scales that a file holds of one component."""
    return dim * (dim + 1) // 2 if dim <= MAX_FULL else dim


def encoded_count(count: int, shape: tuple[int, ...], latent_dim: int) -> int:
    """Return how many of `count` images of `shape` (H, W, C) are encoded for a fit."""
    most = min(MOST_ENCODED, MOST_PIXELS // math.prod(shape), MOST_LATENTS // latent_dim)
    return min(count, max(1, most))


def to_encode(
    positions: npt.NDArray[np.integer], shape: tuple[int, ...], latent_dim: int
) -> npt.NDArray[np.integer]:
    """Return the positions of those images of `shape` (H, W, C) that are encoded for a fit, evenly chosen."""
    count = encoded_count(len(positions), shape, latent_dim)
    return positions[np.linspace(0, len(positions) - 1, count).astype(np.int64)]
