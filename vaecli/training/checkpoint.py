"""The variables of the networks and the saved state: named, restored, broadcast to all workers."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from vaecli.errors import TrainingError
from vaecli.runs.state import Arrays, Saved, State, require_same
from vaecli.training.cluster.devices import Devices


def by_path(variables: Sequence[keras.Variable]) -> dict[str, keras.Variable]:
    """Name each variable by its path, such as hidden/kernel.

    Raises:
        ValueError: two variables share a path.
    """
    named = {variable.path: variable for variable in variables}
    if len(named) != len(variables):
        raise ValueError("two variables share a path: each layer of the networks needs a name of its own")
    return named


def values(variables: Sequence[keras.Variable]) -> dict[str, np.ndarray]:
    """Return the values of the variables, by path."""
    return {path: variable.numpy() for path, variable in by_path(variables).items()}


def restore_best(state: State, variables: Sequence[keras.Variable]) -> None:
    """Assign the best weights so far; do nothing before the first epoch has ended.

    Raises:
        TrainingError: the best weights are those of another network.
    """
    if state.best_weights:
        assign(variables, state.best_weights)


def assign(variables: Sequence[keras.Variable], weights: Arrays) -> None:
    """Assign weights, path -> array, to the variables of a network.

    Raises:
        TrainingError: they are those of another network.
    """
    if mismatch := _mismatch(weights, by_path(variables)):
        raise TrainingError(
            f"The saved weights are those of another network: {mismatch}.",
            hint="Has config.toml been changed since the run began? Restore it.",
        )
    _assign(variables, weights)


def restore(saved: Saved, variables: Sequence[keras.Variable], identity: Mapping[str, Any]) -> State:
    """Assign the saved values of all variables and return the state.

    Raises:
        TrainingError: the saved identity differs from `identity`, or the saved variables from `variables`.
    """
    require_same(saved.identity, identity)
    if mismatch := _mismatch(saved.variables, by_path(variables)):
        raise TrainingError(
            f"The saved state is that of another run: {mismatch}.",
            hint="Undo that change, or start a new run.",
        )
    _assign(variables, saved.variables)
    return saved.state


def broadcast(state: State, variables: Sequence[keras.Variable], devices: Devices) -> State:
    """Return the chief's state and assign the chief's values to `variables`; all workers call it together."""
    counters = devices.broadcast(state.counters)
    _assign(variables, _broadcast_arrays(values(variables), devices))
    return State(
        **counters,
        best_weights=_broadcast_arrays(state.best_weights, devices),
        best_facts=_broadcast_arrays(state.best_facts, devices),
    )


def _broadcast_arrays(arrays: Arrays, devices: Devices) -> dict[str, np.ndarray]:
    """Give all workers the chief's arrays, whose values float64 must hold exactly."""
    described = [(name, array.shape, array.dtype.str) for name, array in arrays.items()]
    return {
        name: devices.all_reduce(arrays[name] if devices.is_chief else np.zeros(shape)).astype(dtype)
        for name, shape, dtype in devices.broadcast(described)
    }


def _assign(variables: Sequence[keras.Variable], saved: Arrays) -> None:
    for path, variable in by_path(variables).items():
        variable.assign(saved[path])


def _mismatch(saved: Arrays, variables: Mapping[str, keras.Variable]) -> str:
    """Name up to four differences in path or shape between `saved` and `variables`; empty if there are none."""
    missing = [f"{path} is not in the file" for path in variables if path not in saved]
    unknown = [f"the network has no {path}" for path in saved if path not in variables]
    shapes = [
        f"{path} was {saved[path].shape} and is {tuple(variable.shape)}"
        for path, variable in variables.items()
        if path in saved and saved[path].shape != tuple(variable.shape)
    ]
    return "; ".join([*missing, *unknown, *shapes][:4])
