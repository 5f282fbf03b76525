"""The saved state of a run and the variables of its networks: put in place, written, shared by all workers."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from vaecli.errors import TrainingError
from vaecli.runs.state import Arrays, Saved, State, differences
from vaecli.training.cluster.devices import Devices


def by_path(variables: Sequence[keras.Variable]) -> dict[str, keras.Variable]:
    """Name each variable by its path, such as conv_1/kernel.

    Raises:
        ValueError: two variables share a path.
    """
    named = {variable.path: variable for variable in variables}
    if len(named) != len(variables):
        raise ValueError("two variables share a path: each layer of the networks needs a name of its own")
    return named


def values(variables: Sequence[keras.Variable]) -> dict[str, np.ndarray]:
    """The values of the variables, by path."""
    return {path: variable.numpy() for path, variable in by_path(variables).items()}


def restore_best(state: State, variables: Sequence[keras.Variable]) -> None:
    """Assign the best weights so far; do nothing before the first epoch has ended.

    Raises:
        TrainingError: they are the weights of another network.
    """
    if not state.best_weights:
        return
    if differing := _other_shapes(state.best_weights, by_path(variables)):
        raise TrainingError(
            f"The saved weights are those of another network: {differing}.",
            hint="Has config.toml been changed since? Put it back as it was.",
        )
    _assign(variables, state.best_weights)


def restore(saved: Saved, variables: Sequence[keras.Variable], facts: Mapping[str, Any]) -> State:
    """Assign the saved values of all variables and return the state.

    Raises:
        TrainingError: the state is of a run that differs in `facts` or in its variables.
    """
    differing = "; ".join(differences(saved.facts, facts)) or _other_shapes(
        saved.variables, by_path(variables)
    )
    if differing:
        raise TrainingError(
            f"This is not the run that was stopped: {differing}.", hint="Start a new run instead."
        )
    _assign(variables, saved.variables)
    return saved.state


def broadcast(state: State, variables: Sequence[keras.Variable], devices: Devices) -> State:
    """Give all workers the chief's state and the values of its variables."""

    def chiefs(value: np.ndarray) -> np.ndarray:
        return devices.summed(value if devices.is_chief else np.zeros(value.shape)).astype(value.dtype)

    counters, best_paths = devices.told([state.counters, list(state.best_weights)])
    here = values(variables)
    for path, variable in by_path(variables).items():
        variable.assign(chiefs(here[path]))
    weights = state.best_weights if devices.is_chief else {path: here[path] for path in best_paths}
    return State(**counters, best_weights={path: chiefs(weights[path]) for path in best_paths})


def _assign(variables: Sequence[keras.Variable], saved: Arrays) -> None:
    for path, variable in by_path(variables).items():
        variable.assign(saved[path])


def _other_shapes(saved: Arrays, variables: Mapping[str, keras.Variable]) -> str:
    """Say where saved values and variables differ in path or shape; empty if nowhere."""
    missing = [f"{path} is not in the file" for path in variables if path not in saved]
    unknown = [f"{path} is in the file alone" for path in saved if path not in variables]
    shapes = [
        f"{path} was {saved[path].shape} and is {tuple(variable.shape)}"
        for path, variable in variables.items()
        if path in saved and saved[path].shape != tuple(variable.shape)
    ]
    return "; ".join([*missing, *unknown, *shapes][:4])
