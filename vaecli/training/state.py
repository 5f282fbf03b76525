"""All that a run is between two steps: variables, counters, history; written whole, read back exactly.

Imports nothing heavy: a state says how many threads it was trained with, and TensorFlow has to be told first.
"""

import dataclasses
import json
import math
import pathlib
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from vaecli import files
from vaecli.errors import TrainingError
from vaecli.training.watch import Row

if TYPE_CHECKING:
    import keras

    from vaecli.training.devices import Devices

FORMAT = 1


@dataclasses.dataclass
class State:
    """Where a run stands. Sums are over the images of the epoch under way, in nats.

    `setbacks` counts the returns to a saved state after a loss that was no number, and the learning rate is
    multiplied by `rate_factor`. Patience counts from the best epoch, or from `patience_from` if that is later.
    `threads` are TensorFlow's, within an operation and between operations: sums over other numbers of threads, or
    of `replicas`, round differently; empty where nobody set them.
    """

    epoch: int = 0  # epochs that are done
    batch: int = 0  # batches of the next epoch that are done
    reconstruction: float = 0.0
    kl: float = 0.0
    seconds: float = 0.0
    history: list[Row] = dataclasses.field(default_factory=list)
    best_epoch: int = 0
    best_loss: float = math.inf
    setbacks: int = 0
    rate_factor: float = 1.0
    patience_from: int = 0
    threads: list[int] = dataclasses.field(default_factory=list)
    replicas: int = 1
    best_weights: list[np.ndarray] = dataclasses.field(default_factory=list)

    @property
    def counters(self) -> dict[str, Any]:
        """All but the weights."""
        names = [field.name for field in dataclasses.fields(self) if field.name != "best_weights"]
        return {name: getattr(self, name) for name in names}

    def keep_best(self, loss: float, variables: list["keras.Variable"]) -> bool:
        """Remember the weights if `loss` is the lowest so far; true if it was."""
        if not loss < self.best_loss:
            return False
        self.best_loss, self.best_epoch = loss, self.epoch
        self.best_weights = [variable.numpy() for variable in variables]
        return True


def restore_best(state: State, variables: list["keras.Variable"]) -> None:
    """Put the best weights so far in place; nothing happens before the first epoch has ended.

    Raises:
        TrainingError: they are those of another network.
    """
    if not state.best_weights:
        return
    if differing := _other_shapes(state.best_weights, variables):
        raise TrainingError(
            f"The saved weights are those of another network: {differing}.",
            hint="Has config.toml been changed since? Put it back as it was.",
        )
    _assign(variables, state.best_weights)


def save(path: pathlib.Path, state: State, variables: list["keras.Variable"], facts: dict[str, Any]) -> None:
    """Write the state as one .npz file, whole or not at all.

    Args:
        path: the file.
        state: counters, history and best weights.
        variables: of the networks and of the optimizer, in an order that the program fixes.
        facts: what a resumed run has to share with this one.
    """
    arrays = {f"variable_{i:03}": variable.numpy() for i, variable in enumerate(variables)}
    arrays |= {f"best_{i:03}": value for i, value in enumerate(state.best_weights)}
    arrays["state"] = np.array(json.dumps({"format": FORMAT, "counters": state.counters, "facts": facts}))
    with files.replacing(path) as file:
        np.savez(file, **arrays)


@dataclasses.dataclass(frozen=True)
class Saved:
    """A state as it lies in its file, with the variables' values and what a resumed run has to share with it."""

    state: State
    variables: list[np.ndarray]
    facts: dict[str, Any]


def read(path: pathlib.Path) -> Saved:
    """Read a state.

    Raises:
        TrainingError: no such file, not whole, or of another format.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        document = json.loads(str(arrays.pop("state")))
        if document["format"] != FORMAT:
            raise ValueError(f"format {FORMAT} was expected, {document['format']!r} came")
        variables, best = (
            [arrays[name] for name in sorted(arrays) if name.startswith(kind)]
            for kind in ("variable_", "best_")
        )
        return Saved(State(**document["counters"], best_weights=best), variables, dict(document["facts"]))
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise TrainingError(
            f"Cannot read the state of the training, {path}: {reason}.",
            hint="Bring that file back, or train anew: `vaecli train --config` on the run's config.toml.",
        ) from error


def load(path: pathlib.Path, variables: list["keras.Variable"], facts: dict[str, Any]) -> State:
    """Read a state back and put its variables in place.

    Raises:
        TrainingError: as `read`, or the state is of a run that differs in `facts` or in its variables' shapes.
    """
    saved = read(path)
    differing = "; ".join(_differences(saved.facts, facts)) or _other_shapes(saved.variables, variables)
    if differing:
        raise TrainingError(
            f"This is not the run that was stopped: {differing}.", hint="Start a new run instead."
        )
    _assign(variables, saved.variables)
    return saved.state


def share(state: State, variables: list["keras.Variable"], devices: "Devices") -> State:
    """The chief's state and the values of its variables, in all workers; `variables` begin with the weights."""

    def chiefs(value: np.ndarray) -> np.ndarray:
        return devices.summed(value if devices.is_chief else np.zeros(value.shape)).astype(value.dtype)

    counters, best = devices.told([state.counters, len(state.best_weights)])
    values = [variable.numpy() for variable in variables]
    for variable, value in zip(variables, values, strict=True):
        variable.assign(chiefs(value))
    weights = state.best_weights if devices.is_chief else values[:best]
    return State(**counters, best_weights=[chiefs(value) for value in weights])


def _assign(variables: list["keras.Variable"], values: list[np.ndarray]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _other_shapes(values: list[np.ndarray], variables: list["keras.Variable"]) -> str:
    """Where saved values and variables do not fit each other, in words; empty if all do."""
    if len(values) != len(variables):
        return f"{len(values)} variables were saved, and {len(variables)} are there"
    return "; ".join(
        f"{variable.path} was {value.shape} and is {tuple(variable.shape)}"
        for value, variable in zip(values, variables, strict=True)
        if value.shape != tuple(variable.shape)
    )


def _differences(saved: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    for name, value in now.items():
        before = saved.get(name)
        if isinstance(value, dict) and isinstance(before, dict):
            yield from _differences(before, value)
        elif before != value:
            yield f"{name} was {before!r} and is {value!r}"
