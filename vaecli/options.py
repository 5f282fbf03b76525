"""Options of `vaecli train`: one frozen dataclass, to and from TOML."""

import dataclasses
import os
import re
import typing
from collections.abc import Mapping
from typing import Any

from vaecli import checks
from vaecli.choices import (
    AUGMENTATIONS,
    Augmentation,
    Colour,
    Fit,
    LikelihoodName,
    Network,
    PriorChoice,
    Schedule,
    TrainingPrecision,
)
from vaecli.errors import OptionError

MAX_LATENT_DIM = 4096
MAX_WIDTH, MAX_DEPTH = 4096, 16  # of a network
MAX_COMPONENTS = 1024  # of a mixture as prior
MAX_DEVICES = 1_000_000
MIN_SIDE, MAX_PIXELS = 4, 10**6  # of an image to train on; the reader of exported files refuses larger ones
BEFORE = {"kl_warmup": 0.0}  # what runs did before an option existed, where its default does something else
CHOICES = {"colour": typing.get_args(Colour), "fit": typing.get_args(Fit)}


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """Options that decide what a training run computes.

    `width`, `depth`, `batch_size`, `learning_rate` and `kl_warmup` are None until the defaults for the network, the
    images and the epochs take their places.
    Numbers of other types, such as numpy's, become `int` and `float`.

    Raises:
        OptionError: a value of another type or out of its range; `option` is its name on the command line.
    """

    data: str | None = None
    network: Network = "classic"
    width: int | None = None
    depth: int | None = None
    likelihood: LikelihoodName = "bernoulli"
    binarize: bool = False
    conditional: bool = False
    epochs: int = 30
    latent_dim: int = 16
    batch_size: int | None = None
    learning_rate: float | None = None
    schedule: Schedule = "cosine"
    beta: float = 1.0
    kl_warmup: float | None = None
    free_bits: float = 0.0
    mixture_epochs: int = 0
    prior: PriorChoice = "auto"
    components: int | None = None
    precision: TrainingPrecision = "auto"
    patience: int = 10
    validation_split: float = 0.05
    seed: int = 0
    examples: bool = True
    stretch: bool = False
    image_size: str | int | None = None
    colour: Colour | None = None
    fit: Fit | None = None
    augment: str = ""
    test_split: float = 0.0
    allow_bad: bool = False
    start_from: str | None = None

    def __post_init__(self) -> None:
        self._check_path("data", "the name of a data set, a folder or a file")
        self._check_path("start_from", "the folder of a run")
        self._check_numbers()
        for name in ("network", "likelihood", "schedule", "precision", "prior"):
            choices = typing.get_args(typing.get_type_hints(TrainOptions)[name])
            checks.choice(getattr(self, name), _flag(name), choices)
        self._check_components()
        self._check_mixture_epochs()
        for name in ("colour", "fit"):
            if getattr(self, name) is not None:
                checks.choice(getattr(self, name), _flag(name), CHOICES[name])
        if type(self.image_size) is int:
            self._set("image_size", str(self.image_size))
        if self.image_size is not None:
            image_size(self.image_size)
        augmentations(self.augment)
        self._set("test_split", checks.real(self.test_split, "--test-split", least=0, below=1))
        for name in ("binarize", "conditional", "examples", "stretch", "allow_bad"):
            checks.boolean(getattr(self, name), _flag(name))
        self._check_binarize()

    def _check_numbers(self) -> None:
        for name in ("epochs", "batch_size", "patience"):
            if getattr(self, name) is not None or name != "batch_size":
                self._set(name, checks.integer(getattr(self, name), _flag(name), least=1, most=2**63 - 1))
        self._set("latent_dim", checks.integer(self.latent_dim, "--latent-dim", least=1, most=MAX_LATENT_DIM))
        self._set("seed", checks.integer(self.seed, "--seed", least=0, most=2**63 - 1))
        for name, most in (("width", MAX_WIDTH), ("depth", MAX_DEPTH)):
            if getattr(self, name) is not None:
                self._set(name, checks.integer(getattr(self, name), _flag(name), least=1, most=most))
        if self.learning_rate is not None:
            self._set("learning_rate", checks.real(self.learning_rate, "--learning-rate", above=0))
        for name in ("beta", "kl_warmup", "free_bits"):
            if getattr(self, name) is not None or name != "kl_warmup":
                self._set(name, checks.real(getattr(self, name), _flag(name), least=0))
        self._set(
            "validation_split", checks.real(self.validation_split, "--validation-split", above=0, below=1)
        )

    def _check_components(self) -> None:
        if self.components is None:
            return
        self._set("components", checks.integer(self.components, "--components", least=1, most=MAX_COMPONENTS))
        if self.prior == "normal":
            raise OptionError(
                "--components must be left out with --prior normal, which has none.",
                option="--components",
                hint="Leave one out.",
            )

    def _check_mixture_epochs(self) -> None:
        flag = "--mixture-epochs"
        self._set("mixture_epochs", checks.integer(self.mixture_epochs, flag, least=0, most=self.epochs))
        for name, is_set in (("--free-bits", self.free_bits > 0), ("--conditional", self.conditional)):
            if self.mixture_epochs and is_set:
                raise OptionError(
                    f"{flag} must be left out with {name}, got {self.mixture_epochs}.",
                    option=flag,
                    hint="Leave one out.",
                )

    def _check_binarize(self) -> None:
        if self.binarize and self.likelihood != "bernoulli":
            raise OptionError(
                f"--binarize must be left out with --likelihood {self.likelihood}: binary pixels are Bernoulli's.",
                option="--binarize",
                hint="Leave one out.",
            )

    def _check_path(self, name: str, meaning: str) -> None:
        value = getattr(self, name)
        if value is None:
            return
        path = os.fspath(value) if isinstance(value, os.PathLike) else value
        if not isinstance(path, str) or not path:
            raise OptionError(
                f"{_flag(name)} must be {meaning}, got {checks.shown(path)}.", option=_flag(name)
            )
        self._set(name, path)

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)  # the instance is frozen


def _flag(name: str) -> str:
    """Return the name of an option on the command line."""
    return "--" + name.replace("_", "-")


def merge(*layers: Mapping[str, Any]) -> TrainOptions:
    """Return the options of several mappings of settings. Later mappings override earlier ones; None is ignored."""
    merged: dict[str, Any] = {}
    for layer in layers:
        merged |= {name: value for name, value in layer.items() if value is not None}
    return TrainOptions(**merged)


def settings(options: TrainOptions) -> dict[str, Any]:
    """Return the options as a flat mapping in their order, without those that are None, for TOML."""
    return {key: value for key, value in dataclasses.asdict(options).items() if value is not None}


def image_size(text: str | int) -> tuple[int, int]:
    """Parse `--image-size`, `64` or `HEIGHTxWIDTH`, and return the rows and columns: (64, 64) for `64`.

    Raises:
        OptionError: `text` has neither form, a side is below `MIN_SIDE`, or the area is above `MAX_PIXELS`.
    """
    match = re.fullmatch(r"([0-9]{1,4})(?:[xX]([0-9]{1,4}))?", text) if isinstance(text, str) else None
    height, width = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if min(height, width) < MIN_SIDE or height * width > MAX_PIXELS:
        raise OptionError(
            "--image-size must be a side such as 64, or HEIGHTxWIDTH such as 48x36, each side at least "
            f"{MIN_SIDE} and height times width at most {MAX_PIXELS:,}, got {checks.shown(text)}.",
            option="--image-size",
        )
    return height, width


def augmentations(text: str) -> tuple[Augmentation, ...]:
    """Parse `--augment`, names separated by commas; an empty text gives ().

    Raises:
        OptionError: an unknown name.
    """
    names = tuple(name.strip() for name in text.split(",")) if isinstance(text, str) and text.strip() else ()
    if not isinstance(text, str) or any(name not in AUGMENTATIONS for name in names):
        raise OptionError(
            f"--augment must be one or more of {', '.join(AUGMENTATIONS)}, separated by commas, "
            f"got {checks.shown(text)}.",
            option="--augment",
        )
    return typing.cast("tuple[Augmentation, ...]", names)


def device_count(text: str) -> int | None:
    """Parse `--devices`: a number, or None for all devices.

    Raises:
        OptionError: neither `all` nor a number from 1 to `MAX_DEVICES`.
    """
    if text == "all":
        return None
    digits = text.lstrip("0")
    is_short_number = text.isascii() and text.isdigit() and len(digits) <= len(str(MAX_DEVICES))
    if not is_short_number or not 1 <= int(digits or "0") <= MAX_DEVICES:
        raise OptionError(
            f"--devices must be `all` or a number from 1 to {MAX_DEVICES}, got {checks.shown(text)}.",
            option="--devices",
        )
    return int(digits)
