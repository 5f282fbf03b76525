"""The networks by name; without Keras."""

import dataclasses
from collections.abc import Mapping
from typing import Protocol

from vaecli import batches, checks
from vaecli.choices import Network
from vaecli.errors import OptionError
from vaecli.options import TrainOptions
from vaecli.training.networks import classic, conv, dense, residual
from vaecli.training.networks.layers import Dense, Graph
from vaecli.training.networks.shared import Size


class Architecture(Protocol):
    """A module of this package that describes a network.

    Attributes:
        HAS_DEPTH: whether the depth can be chosen.
        LEARNING_RATE: Adam's rate at its peak, for batches of 128.
    """

    HAS_DEPTH: bool
    LEARNING_RATE: float

    def default_size(self, shape: tuple[int, int, int]) -> Size:
        """Return the size for images (H, W, C)."""

    def encoder(self, shape: tuple[int, int, int], latent_dim: int, size: Size) -> Graph:
        """Describe the encoder: `image` (H, W, C) in [0, 1] -> `z_mean`, `z_log_var` (D,)."""

    def decoder(
        self, shape: tuple[int, int, int], latent_dim: int, size: Size, outputs: dict[str, float]
    ) -> Graph:
        """Describe the decoder: `z` (D,) -> each raw output, (H, W, C); `outputs` maps names to initial biases."""


NETWORKS: Mapping[Network, Architecture] = {
    "classic": classic,
    "dense": dense,
    "conv": conv,
    "residual": residual,
}


def architecture(network: str) -> Architecture:
    """Look up a network by its name.

    Raises:
        OptionError: an unknown name.
    """
    checks.choice(network, "--network", list(NETWORKS))
    return NETWORKS[network]  # type: ignore[index]


def size(
    network: str, shape: tuple[int, int, int], *, width: int | None = None, depth: int | None = None
) -> Size:
    """Return the size of a network for images (H, W, C); None stands for the default.

    Raises:
        OptionError: an unknown network, or a depth that the network does not have.
    """
    module = architecture(network)
    default = module.default_size(shape)
    if depth is not None and not module.HAS_DEPTH and depth != default.depth:
        raise OptionError(
            f"--depth must be left out or {default.depth} for --network {network}, got {depth}.",
            option="--depth",
            hint=f"Leave it out, or choose a network that has a depth: --network {_with_depth()}.",
        )
    return Size(default.width if width is None else width, default.depth if depth is None else depth)


def _with_depth() -> str:
    *names, last = (name for name, module in NETWORKS.items() if module.HAS_DEPTH)
    return f"{', '.join(names)} or {last}"


def size_of(options: TrainOptions, shape: tuple[int, int, int]) -> Size:
    """Return the size of the network that the options name; raise as `size` does."""
    return size(options.network, shape, width=options.width, depth=options.depth)


def batch_size(options: TrainOptions, n_train: int) -> int:
    """Return the number of images per step: that of the options, or the default for `n_train` training images."""
    return batches.size(n_train) if options.batch_size is None else options.batch_size


def learning_rate(options: TrainOptions) -> float:
    """Return Adam's learning rate at its peak: that of the options, or the network's own for the batch size."""
    if options.learning_rate is None:
        return architecture(options.network).LEARNING_RATE * batches.rate_factor(options.batch_size)
    return options.learning_rate


def kl_warmup(options: TrainOptions) -> float:
    """Return the number of epochs over which the weight of the KL rises: that of the options, or a tenth of all.

    The tenth is rounded down: a run of a few epochs has no time for a warm-up.
    """
    return float(options.epochs // 10) if options.kl_warmup is None else options.kl_warmup


def with_defaults(options: TrainOptions, shape: tuple[int, int, int], n_train: int) -> TrainOptions:
    """Return the options with the defaults of the network and of `n_train` images where they are None.

    They are width, depth, batch size, learning rate and warm-up of the KL.

    Raises:
        OptionError: a depth that the network does not have.
    """
    network_size = size_of(options, shape)
    options = dataclasses.replace(options, batch_size=batch_size(options, n_train))
    return dataclasses.replace(
        options,
        width=network_size.width,
        depth=network_size.depth,
        learning_rate=learning_rate(options),
        kl_warmup=kl_warmup(options),
    )


def hidden_units(network: str, shape: tuple[int, int, int], size: Size) -> int:
    """Return the width of the encoder's last hidden layer for images (H, W, C).

    Raises:
        OptionError: an unknown network.
    """
    trunk = architecture(network).encoder(shape, 1, size).trunk
    return [layer.units for layer in trunk if isinstance(layer, Dense)][-1]
