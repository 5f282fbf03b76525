"""What `vaecli train` can be told: one frozen dataclass, to and from TOML."""

import dataclasses
import math
import pathlib
import typing
from collections.abc import Mapping
from typing import Any

from vaecli.choices import LikelihoodName, Network, Schedule, TrainingPrecision
from vaecli.errors import ConfigError, OptionError


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """All that decides what a training run computes.

    Raises:
        OptionError: a value out of its range; its `option` is the name on the command line.
    """

    data: str | None = None
    network: Network = "classic"
    likelihood: LikelihoodName = "bernoulli"
    epochs: int = 30
    latent_dim: int = 16
    batch_size: int = 128
    learning_rate: float = 1e-2
    schedule: Schedule = "cosine"
    beta: float = 1.0
    precision: TrainingPrecision = "auto"
    patience: int = 10
    validation_split: float = 0.05
    seed: int = 0
    examples: bool = True

    def __post_init__(self) -> None:
        for name in ("epochs", "latent_dim", "batch_size", "patience"):
            _require(self, name, getattr(self, name) >= 1, "at least 1")
        _require(self, "latent_dim", self.latent_dim <= 4096, "at most 4096")
        _require(self, "learning_rate", 0 < self.learning_rate < math.inf, "a positive number")
        _require(self, "beta", 0 <= self.beta < math.inf, "zero or a positive number")
        _require(self, "validation_split", 0 < self.validation_split < 1, "between 0 and 1, both excluded")
        _require(self, "seed", 0 <= self.seed < 2**63, "between 0 and 2^63 - 1")
        for name in ("network", "likelihood", "schedule", "precision"):
            choices = typing.get_args(typing.get_type_hints(TrainOptions)[name])
            _require(self, name, getattr(self, name) in choices, f"one of {', '.join(choices)}")


def _require(options: TrainOptions, name: str, holds: bool, expected: str) -> None:
    if not holds:
        flag = "--" + name.replace("_", "-")
        raise OptionError(f"{flag} has to be {expected}; {getattr(options, name)!r} came.", option=flag)


def merge(*layers: Mapping[str, Any]) -> TrainOptions:
    """Options from layers of settings, the later over the earlier; None counts as left out."""
    merged: dict[str, Any] = {}
    for layer in layers:
        merged |= {name: value for name, value in layer.items() if value is not None}
    return TrainOptions(**merged)


def read_config(path: pathlib.Path) -> dict[str, Any]:
    """The settings of a TOML file, their names and types checked against `TrainOptions`.

    Raises:
        ConfigError: no such file, no TOML, an unknown key (the nearest right one is named), a wrong type.
    """
    import tomllib  # noqa: PLC0415  # every command loads this module; few read a file

    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(
            f"Cannot read the configuration {path}: {reason}.", hint="Give a TOML file."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path} is not TOML: {error}.", hint="Write one `key = value` a line.") from error
    for key, value in settings.items():
        _check_setting(path, key, value)
    return settings


def _check_setting(path: pathlib.Path, key: str, value: object) -> None:
    fields = {field.name: field for field in dataclasses.fields(TrainOptions)}
    if key not in fields:
        import difflib  # noqa: PLC0415

        near = difflib.get_close_matches(key.replace("-", "_"), fields, n=1, cutoff=0.5)
        hint = f"Did you mean `{near[0]}`?" if near else f"Known keys: {', '.join(fields)}."
        raise ConfigError(f"{path} has a key that does not exist: `{key}`.", hint=hint)
    default = fields[key].default
    wanted: tuple[type, ...] = (str,) if default is None else (type(default),)
    if float in wanted:
        wanted = (float, int)
    if (isinstance(value, bool) and bool not in wanted) or not isinstance(value, wanted):
        expected = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}[wanted[0]]
        hint = "" if default is None else f"Its default is {default!r}."
        raise ConfigError(f"{path}: `{key}` has to be {expected}; {value!r} came.", hint=hint)


def settings(options: TrainOptions) -> dict[str, Any]:
    """The options as a flat mapping in their order, without those that are None: what TOML can hold."""
    return {key: value for key, value in dataclasses.asdict(options).items() if value is not None}


def device_count(text: str) -> int | None:
    """What `--devices` means: a number, or None for all that there are.

    Raises:
        OptionError: neither.
    """
    if text == "all":
        return None
    if not text.isdecimal() or int(text) < 1:
        raise OptionError(
            f"--devices has to be `all` or a number of at least 1; {text!r} came.", option="--devices"
        )
    return int(text)
