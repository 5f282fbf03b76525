"""The state file of a run: what is saved comes back, and a damaged file is refused with a reason."""

import dataclasses

import numpy as np
import pytest

from vaecli.errors import TrainingError
from vaecli.runs import state as states
from vaecli.runs.state import State, differences

ROW = {"epoch": 1.0, "loss": 270.5}
VARIABLES = {f"layer_{i}/kernel": np.full((2, 3), i, np.float32) for i in range(1200)}
IDENTITY = {"version": "0.1.0", "data": {"sha256": "abc", "count": 100}}


@pytest.fixture
def state():
    """A state after its first epoch."""
    state = State(epoch=1, history=[ROW], threads=[2, 2], seconds=1.5)
    state.keep_best(270.5, {"dense/kernel": np.ones((2, 2), np.float32)}, {"kl": np.arange(3.0)})
    return state


@pytest.fixture
def path(tmp_path, state):
    """The state as a file."""
    states.save(tmp_path / "state.npz", state, VARIABLES, IDENTITY)
    return tmp_path / "state.npz"


def rewritten(path, **entries):
    """The file with some of its entries replaced."""
    with np.load(path) as archive:
        arrays = dict(archive)
    np.savez(path, **(arrays | entries))
    return path


def test_everything_comes_back(path, state):
    """Counters, history, best weights and identity; more than a thousand variables, each by its own path."""
    saved = states.read(path)
    assert saved.state.counters == state.counters and saved.state.best_epoch == 1
    np.testing.assert_array_equal(saved.state.best_weights["dense/kernel"], np.ones((2, 2)))
    np.testing.assert_array_equal(saved.state.best_facts["kl"], np.arange(3))
    assert saved.identity == IDENTITY
    assert saved.variables.keys() == VARIABLES.keys()
    assert all(np.array_equal(saved.variables[name], VARIABLES[name]) for name in VARIABLES)


def test_a_missing_file_is_named(tmp_path):
    """The error names the file, and what to do."""
    with pytest.raises(TrainingError, match=r"state\.npz") as caught:
        states.read(tmp_path / "state.npz")
    assert "backup" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"<html>", b"\x00" * 1000])
def test_a_file_that_is_no_archive_is_refused(tmp_path, content):
    """Whatever is in the file, the error is a TrainingError."""
    (tmp_path / "state.npz").write_bytes(content)
    with pytest.raises(TrainingError):
        states.read(tmp_path / "state.npz")


@pytest.mark.parametrize(
    "document",
    [
        "[]",
        "no JSON",
        '{"format": 1}',
        '{"format": FORMAT, "counters": {"epoch": "one"}, "identity": {}}',
        '{"format": FORMAT, "counters": {"no_such": 1}, "identity": {}}',
        '{"format": FORMAT, "counters": {"best_epoch": 5}, "identity": {}}',
        '{"format": FORMAT, "counters": {}}',
    ],
)
def test_wrong_counters_are_refused(path, document):
    """Another format, an unknown counter, one of the wrong type, or one that contradicts the history."""
    text = document.replace("FORMAT", str(states.FORMAT))
    with pytest.raises(TrainingError, match="Cannot read the state"):
        states.read(rewritten(path, state=np.array(text)))


def test_differences_name_what_changed():
    """Values of nested tables are named too; equal ones, and those that only the file has, are not."""
    current = {"version": "0.2.0", "data": {"sha256": "abc", "count": 7}}
    assert list(differences({**IDENTITY, "older": 1}, current)) == [
        "version was '0.1.0' and is '0.2.0'",
        "count was 100 and is 7",
    ]
    assert list(differences(IDENTITY, IDENTITY)) == []


def test_counters_hold_no_arrays():
    """Everything but the arrays is in the counters."""
    arrays = {"best_weights", "best_facts"}
    assert set(State().counters) == {field.name for field in dataclasses.fields(State)} - arrays
