"""The state of a run between two steps, as one .npz file: variables, counters, history, the best weights."""

import dataclasses
import json
import math
import operator
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from vaecli import npz
from vaecli.errors import TrainingError
from vaecli.options import BEFORE, TrainOptions, settings
from vaecli.runs.history import Row

FORMAT = 3  # 2: variables are stored by path; 3: facts of the best weights
# Options that may be others when a run is resumed: another machine may lack the precision, the prior is fitted
# after training, and the hash of the data is compared, not their name.
MAY_CHANGE = ("epochs", "patience", "data", "precision", "prior", "components")
_COUNTERS, _VARIABLES, _BEST, _FACTS = "state", "variable/", "best/", "facts/"

Arrays = Mapping[str, np.ndarray]  # by name; that of a variable is its path, such as hidden/kernel


@dataclasses.dataclass
class State:
    """Progress of a run.

    Attributes:
        epoch: number of completed epochs.
        batch: number of completed batches of the next epoch.
        reconstruction: sum over the images of the current epoch so far, in nats.
        kl: the same sum of the KL divergence.
        seconds: duration of the training steps of the current epoch so far.
        history: one row of metrics.csv for each completed epoch.
        best_epoch: the epoch with the lowest validation loss; 0 before the first has ended.
        best_loss: its validation loss, in nats.
        rollbacks: number of returns to a saved state because a loss or a weight was not finite.
        learning_rate_scale: factor on the learning rate; each rollback halves it.
        patience_from: patience counts from the best epoch, or from this one if it is later.
        mixture_since: the first epoch whose prior was a mixture; 0 before it has begun.
        threads: TensorFlow's threads within and between operations; other numbers round sums differently.
        replicas: devices that shared each batch; other numbers round sums differently.
        best_weights: the values of the network's variables after the best epoch, by path.
        best_facts: the result of `latent.summary.summarise` for the validation images under the best weights.
    """

    epoch: int = 0
    batch: int = 0
    reconstruction: float = 0.0
    kl: float = 0.0
    seconds: float = 0.0
    history: list[Row] = dataclasses.field(default_factory=list)
    best_epoch: int = 0
    best_loss: float = math.inf
    rollbacks: int = 0
    learning_rate_scale: float = 1.0
    patience_from: int = 0
    mixture_since: int = 0
    threads: list[int] = dataclasses.field(default_factory=list)
    replicas: int = 1
    best_weights: Arrays = dataclasses.field(default_factory=dict)
    best_facts: Arrays = dataclasses.field(default_factory=dict)

    @property
    def counters(self) -> dict[str, Any]:
        """Everything but the arrays, ready for JSON."""
        names = {field.name for field in dataclasses.fields(self)} - {"best_weights", "best_facts"}
        return {name: getattr(self, name) for name in sorted(names)}

    @property
    def epochs_without_gain(self) -> int:
        """The number of epochs since the lowest validation loss, at most since `patience_from`.

        Once a mixture is the prior, of the epochs with it: losses with another prior do not compare.
        """
        lowest = self.best_epoch
        if lowest < self.mixture_since:
            rows = self.history[self.mixture_since - 1 :]
            loss = operator.itemgetter("val_loss")
            lowest = int(min(rows, key=loss)["epoch"]) if rows else self.mixture_since - 1
        return self.epoch - max(lowest, self.patience_from)

    def keep_best(self, loss: float, weights: Arrays, facts: Arrays) -> None:
        """Make the epoch that has just ended the best one."""
        self.best_loss, self.best_epoch = loss, self.epoch
        self.best_weights, self.best_facts = dict(weights), dict(facts)


@dataclasses.dataclass(frozen=True)
class Saved:
    """A state as read from its file.

    Attributes:
        state: counters, history, best weights and their facts.
        variables: of the networks and of the optimizer, by path.
        identity: what a resumed run must share with the run that wrote the file.
    """

    state: State
    variables: Arrays
    identity: dict[str, Any]


def save(path: pathlib.Path, state: State, variables: Arrays, identity: dict[str, Any]) -> None:
    """Write the state as one .npz file, complete or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    document = json.dumps({"format": FORMAT, "counters": state.counters, "identity": identity})
    arrays = {_COUNTERS: np.array(document)}
    for prefix, group in ((_VARIABLES, variables), (_BEST, state.best_weights), (_FACTS, state.best_facts)):
        arrays |= {prefix + name: value for name, value in group.items()}
    npz.write_npz(path, arrays)


def read(path: pathlib.Path) -> Saved:
    """Read a state.

    Raises:
        TrainingError: the file is missing, damaged, or of another format.
    """
    try:
        arrays = npz.read_npz(path)
        document = json.loads(str(arrays.pop(_COUNTERS)))
        if type(document["format"]) is int and document["format"] > FORMAT:
            raise TrainingError(
                f"{path} must have format {FORMAT}, got {document['format']}.",
                hint="A later version made it: pip install --upgrade vaecli",
            )
        if document["format"] != FORMAT:
            raise ValueError(f"its format must be {FORMAT}, got {document['format']!r:.40}")
        variables, best_weights, best_facts = (
            {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}
            for prefix in (_VARIABLES, _BEST, _FACTS)
        )
        state = State(**document["counters"], best_weights=best_weights, best_facts=best_facts)
        _check(state)
        return Saved(state, variables, _with_defaults(document["identity"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else error
        raise TrainingError(
            f"Cannot read the state of the training, {path}: {reason}.",
            hint="Restore that file from a backup, or train again: `vaecli train --config` with the run's "
            "config.toml.",
        ) from error


def _with_defaults(identity: Mapping[str, Any]) -> dict[str, Any]:
    """Return an identity in which the options that an older version did not know say what it did."""
    options = identity.get("options")
    if not isinstance(options, dict):
        return dict(identity)
    return dict(identity) | {"options": _without_changeable(settings(TrainOptions()) | BEFORE | options)}


def deciding(options: TrainOptions) -> dict[str, Any]:
    """Return the options that decide the steps of a run, which must not change when it is resumed."""
    return _without_changeable(settings(options))


def _without_changeable(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name not in MAY_CHANGE}


def differences(saved: Mapping[str, Any], current: Mapping[str, Any]) -> Iterator[str]:
    """Name the values that differ between two identities, or that only one of them has, nested tables included."""
    for name in {**saved, **current}:  # in the order of `saved`
        before, value = saved.get(name), current.get(name)
        if isinstance(value, dict) and isinstance(before, dict):
            yield from differences(before, value)
        elif before != value:
            yield f"{name} {_was(before)} and {_is(value)}"


def require_same(saved: Mapping[str, Any], current: Mapping[str, Any]) -> None:
    """Refuse to resume a run with another identity than its saved one.

    Raises:
        TrainingError: it names each difference.
    """
    different = "; ".join(differences(saved, current))
    if different:
        raise TrainingError(
            f"The saved state is that of another run: {different}.",
            hint="Undo that change in config.toml, or start a new run.",
        )


def _was(value: object) -> str:
    return "was not set" if value is None else f"was {value!r}"


def _is(value: object) -> str:
    return "is not set" if value is None else f"is {value!r}"


def _check(state: State) -> None:
    """Refuse counters of a wrong type, which only a damaged or edited file holds.

    Raises:
        TypeError, ValueError: a counter does not fit.
    """
    for field in dataclasses.fields(State):
        value, default = getattr(state, field.name), getattr(State(), field.name)
        expected = (int, float) if isinstance(default, float) else type(default)
        if not isinstance(value, expected):
            raise TypeError(f"{field.name} must be {type(default).__name__}, got {value!r:.40}")
    if state.best_epoch > len(state.history) or bool(state.best_weights) != (state.best_epoch > 0):
        raise ValueError(f"its best epoch is {state.best_epoch} of {len(state.history)}")
