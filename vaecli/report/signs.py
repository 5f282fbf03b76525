"""The figures from which warnings follow. Each is None where it was not measured; then its check is left out."""

import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple


class Share(NamedTuple):
    """Some things out of a total."""

    number: int
    total: int


class Gap(NamedTuple):
    """Nats of held-out images less those of training images, the standard error, and those of held-out images."""

    nats: float
    error: float
    held_out: float


class Rise(NamedTuple):
    """The lowest validation loss of a run, its epoch, and the mean loss of the last epochs, in nats."""

    lowest: float
    epoch: int
    last: float
    last_epoch: int


class Levels(NamedTuple):
    """The pixels of the images, 0 to 255.

    Attributes:
        darkest: 0.1 % of the pixels are at most this.
        brightest: 99.9 % of the pixels are at most this.
        distinct: number of different values.
        mean: mean of the images.
        decoded: mean of pictures of the model, which are like its training images; None where it was not measured.
        are_samples: whether these are samples of the prior, not decoded latents of validation images: then they
            differ from training images if the prior is poor, too.
    """

    darkest: int
    brightest: int
    distinct: int
    mean: float
    decoded: float | None
    are_samples: bool = False


@dataclasses.dataclass(frozen=True)
class Signs:
    """The figures.

    Attributes:
        likelihood: name of the likelihood.
        binarised: whether the model's pixels are made binary.
        prior: name of the prior.
        unused: latent dimensions with a mean KL below 0.01 nats.
        prior_distance: nats by which a Gaussian with the moments of the latents fits them better than the prior.
        dead: of the encoder and the decoder: units that never change.
        gap: between held-out and training images.
        rise: of the validation loss over a run.
        levels: of the pixels.
        spread: standard deviation of a reconstruction's pixels over the images, over that of the images themselves.
        not_finite: names of metrics that are NaN or infinite for some image, with the number of these.
        sample_ratio: Fréchet distance of samples over that of reconstructions.
        copies: median distance of samples to training images over that of held-out images.
        training: options of the training, as far as they are known: name -> value.
    """

    likelihood: str = "bernoulli"
    binarised: bool = False
    prior: str = "normal"
    unused: Share | None = None
    prior_distance: float | None = None
    dead: Mapping[str, Share] = dataclasses.field(default_factory=dict)
    gap: Gap | None = None
    rise: Rise | None = None
    levels: Levels | None = None
    spread: float | None = None
    not_finite: Mapping[str, int] | None = None
    sample_ratio: float | None = None
    copies: float | None = None
    training: Mapping[str, Any] = dataclasses.field(default_factory=dict)
