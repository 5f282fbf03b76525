"""The state of a run between two steps: variables, counters, history; written whole, read back exactly."""

import dataclasses
import json
import math
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from vaecli import npz
from vaecli.errors import TrainingError
from vaecli.runs.history import Row

FORMAT = 2  # 2: variables are stored by their paths, not by their order
_COUNTERS, _VARIABLE, _BEST = "state", "variable/", "best/"

Arrays = Mapping[str, np.ndarray]  # path of a variable, such as conv_1/kernel -> its value


@dataclasses.dataclass
class State:
    """Where a run stands.

    Attributes:
        epoch: completed epochs.
        batch: completed batches of the next epoch.
        reconstruction: sum over the images of the current epoch so far, in nats.
        kl: likewise.
        seconds: of training steps in the current epoch so far.
        history: one row of metrics.csv for each completed epoch.
        best_epoch: the epoch with the lowest validation loss; 0 before the first has ended.
        best_loss: its validation loss, in nats.
        setbacks: returns to a saved state after a loss of NaN or infinity.
        rate_factor: factor on the learning rate, halved by each setback.
        patience_from: patience counts from the best epoch, or from this one if it is later.
        threads: TensorFlow's, within an operation and between operations; other numbers round sums differently.
        replicas: devices that the batch was divided over; other numbers round sums differently.
        best_weights: the values of the network's variables after the best epoch, by path.
    """

    epoch: int = 0
    batch: int = 0
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
    best_weights: Arrays = dataclasses.field(default_factory=dict)

    @property
    def counters(self) -> dict[str, Any]:
        """Everything but the weights."""
        names = [field.name for field in dataclasses.fields(self) if field.name != "best_weights"]
        return {name: getattr(self, name) for name in names}

    def keep_best(self, loss: float, weights: Arrays) -> bool:
        """Store the weights if `loss` is the lowest so far; return whether it was."""
        if not loss < self.best_loss:
            return False
        self.best_loss, self.best_epoch = loss, self.epoch
        self.best_weights = dict(weights)
        return True


@dataclasses.dataclass(frozen=True)
class Saved:
    """A state as read from its file, the values of its variables by path, and what a resumed run must share."""

    state: State
    variables: Arrays
    facts: dict[str, Any]


def save(path: pathlib.Path, state: State, variables: Arrays, facts: dict[str, Any]) -> None:
    """Write the state as one .npz file, whole or not at all.

    Args:
        path: the file.
        state: counters, history and best weights.
        variables: of the networks and of the optimizer, by path.
        facts: what a resumed run must share with this one.
    """
    document = json.dumps({"format": FORMAT, "counters": state.counters, "facts": facts})
    arrays = {_VARIABLE + name: value for name, value in variables.items()}
    arrays |= {_BEST + name: value for name, value in state.best_weights.items()}
    npz.write_npz(path, arrays | {_COUNTERS: np.array(document)})


def read(path: pathlib.Path) -> Saved:
    """Read a state.

    Raises:
        TrainingError: the file is missing, damaged, or of another format.
    """
    try:
        arrays = npz.read_npz(path)
        document = json.loads(str(arrays.pop(_COUNTERS)))
        if document["format"] != FORMAT:
            raise ValueError(f"its format must be {FORMAT}, got {document['format']!r}")
        variables, best_weights = (_with_prefix(arrays, prefix) for prefix in (_VARIABLE, _BEST))
        return Saved(_state(document["counters"], best_weights), variables, dict(document["facts"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise TrainingError(
            f"Cannot read the state of the training, {path}: {error}.",
            hint="Bring that file back, or train again: `vaecli train --config` on the run's config.toml.",
        ) from error


def differences(saved: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Say in words which facts of a saved run differ from those of now, also inside nested tables."""
    for name, value in now.items():
        before = saved.get(name)
        if isinstance(value, dict) and isinstance(before, dict):
            yield from differences(before, value)
        elif before != value:
            yield f"{name} was {before!r} and is {value!r}"


def _with_prefix(arrays: Arrays, prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}


def _state(counters: dict[str, Any], best_weights: Arrays) -> State:
    """Build the state, each counter of the type that its field has, so that a damaged file is found here."""
    state = State(**counters, best_weights=best_weights)
    for field in dataclasses.fields(State):
        value, default = getattr(state, field.name), getattr(State(), field.name)
        expected = (int, float) if isinstance(default, float) else type(default)
        if not isinstance(value, expected):
            raise TypeError(f"{field.name} must be {type(default).__name__}, got {value!r:.40}")
    if state.best_epoch > len(state.history) or bool(state.best_weights) != (state.best_epoch > 0):
        raise ValueError(f"its best epoch is {state.best_epoch} of {len(state.history)}")
    return state
