"""The state file of a run: exact round trips, and damage of any kind is an error that names the file."""

import dataclasses
import json

import numpy as np
import pytest

from vaecli.errors import ModelError, TrainingError
from vaecli.options import TrainOptions, settings
from vaecli.runs import kept
from vaecli.runs import state as states
from vaecli.runs.kept import KeptImages
from vaecli.runs.state import State, deciding, differences

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


def flipped(content, count=400):
    """Yield copies of a file, each with one bit flipped at a random place."""
    for position in np.random.default_rng(0).integers(0, 8 * len(content), count):
        damaged = bytearray(content)
        damaged[position // 8] ^= 1 << (position % 8)
        yield bytes(damaged)


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


def test_options_of_a_later_version_count_as_their_defaults(tmp_path, state):
    """A run that an older version saved can be resumed unless such an option is given; the others still count."""
    current = {"data": "abc", "options": deciding(TrainOptions(data="x", seed=3, kl_warmup=3.0))}
    older = {
        name: value for name, value in current["options"].items() if name not in ("augment", "test_split")
    }
    states.save(tmp_path / "old.npz", state, VARIABLES, {"data": "abc", "options": older})
    identity = states.read(tmp_path / "old.npz").identity
    assert not list(differences(identity, current))
    for change in ({"augment": "flip"}, {"test_split": 0.1}, {"seed": 4}):
        changed = current | {"options": current["options"] | change}
        assert len(list(differences(identity, changed))) == 1


def test_a_run_of_before_the_warm_up_had_none(tmp_path, state):
    """The default of a new run does not apply to it."""
    current = deciding(TrainOptions(data="x", kl_warmup=0.0))
    older = {name: value for name, value in current.items() if name != "kl_warmup"}
    states.save(tmp_path / "old.npz", state, VARIABLES, {"options": older})
    identity = states.read(tmp_path / "old.npz").identity
    assert not list(differences(identity, {"options": current}))
    changed = {"options": current | {"kl_warmup": 3.0}}
    assert list(differences(identity, changed)) == ["kl_warmup was 0.0 and is 3.0"]


def test_what_may_change_does_not_count(tmp_path, state):
    """Neither in the state of an older version, which kept more of the options, nor now."""
    changed = TrainOptions(data="y", epochs=9, patience=3, precision="float32", prior="mixture", components=4)
    older = settings(TrainOptions(data="x", kl_warmup=0.0, components=2))
    states.save(tmp_path / "old.npz", state, VARIABLES, {"options": older})
    current = {"options": deciding(dataclasses.replace(changed, kl_warmup=0.0))}
    assert not list(differences(states.read(tmp_path / "old.npz").identity, current))


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


def test_a_newer_format_is_refused(path):
    """The hint is a newer version, not a backup."""
    text = json.dumps({"format": states.FORMAT + 1, "anything": "else"})
    with pytest.raises(
        TrainingError, match=f"must have format {states.FORMAT}, got {states.FORMAT + 1}"
    ) as caught:
        states.read(rewritten(path, state=np.array(text)))
    assert "A later version made it" in caught.value.hint


def test_differences_name_what_changed():
    """Values of nested tables are named too, and those that only one side has; equal ones are not."""
    current = {"version": "0.2.0", "data": {"sha256": "abc", "count": 7}, "newer": 2}
    assert list(differences({**IDENTITY, "older": 1}, current)) == [
        "version was '0.1.0' and is '0.2.0'",
        "count was 100 and is 7",
        "older was 1 and is not set",
        "newer was not set and is 2",
    ]
    assert list(differences(IDENTITY, IDENTITY)) == []


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"network": "conv"}, "network was 'classic' and is 'conv'"),
        ({"width": 9}, "width was 8 and is 9"),
        ({"likelihood": "gaussian"}, "likelihood was 'bernoulli' and is 'gaussian'"),
        ({"conditional": True}, "conditional was False and is True"),
    ],
)
def test_another_network_is_named(change, difference):
    """A network, width, likelihood or use of labels that a user writes into config.toml."""
    options = settings(TrainOptions(data="x", width=8))
    assert list(differences({"options": options}, {"options": options | change})) == [difference]


@pytest.mark.parametrize("name", ["width", "depth", "batch_size", "learning_rate", "kl_warmup"])
def test_a_removed_line_is_named(name):
    """An option that is missing in config.toml is not the one that the run was trained with."""
    numbers = {"width": 8, "depth": 2, "batch_size": 64, "learning_rate": 0.1, "kl_warmup": 3.0}
    options = settings(TrainOptions(data="x", **numbers))
    left = {key: value for key, value in options.items() if key != name}
    assert list(differences({"options": options}, {"options": left})) == [
        f"{name} was {numbers[name]} and is not set"
    ]


def test_counters_hold_no_arrays():
    """Everything but the arrays is in the counters."""
    arrays = {"best_weights", "best_facts"}
    assert set(State().counters) == {field.name for field in dataclasses.fields(State)} - arrays


def test_types_come_back(tmp_path):
    """Integers above 2^32 and float64 are exact."""
    facts = {"class_counts": np.array([1, 2**40]), "z_mean": np.array([0.1, -0.2])}
    state = State(epoch=1, history=[ROW], best_epoch=1, best_weights={"a": np.ones(2)}, best_facts=facts)
    states.save(tmp_path / "state.npz", state, {}, {})
    saved = states.read(tmp_path / "state.npz").state.best_facts
    for name, value in facts.items():
        assert saved[name].dtype == value.dtype and np.array_equal(saved[name], value)


def test_a_flipped_bit(tmp_path, state):
    """With any bit flipped, the state is read with the same values or refused with a clear error."""
    path = tmp_path / "state.npz"
    states.save(path, state, dict(list(VARIABLES.items())[:2]), IDENTITY)
    refused = 0
    for content in flipped(path.read_bytes()):
        path.write_bytes(content)
        try:
            saved = states.read(path)
        except TrainingError as error:
            assert str(path) in error.message and error.hint
            refused += 1
        else:
            assert all(np.array_equal(value, VARIABLES[name]) for name, value in saved.variables.items())
            assert np.array_equal(saved.state.best_weights["dense/kernel"], np.ones((2, 2)))
    assert refused > 200


def test_a_flipped_bit_of_the_kept_images(tmp_path):
    """With any bit flipped, the kept images are read with the same values or refused with a clear error."""
    path = tmp_path / "images.npz"
    pixels = np.random.default_rng(1).integers(0, 256, (3, 5, 4, 1), np.uint8)
    kept.write(path, KeptImages(pixels, pixels[:2]))
    refused = 0
    for content in flipped(path.read_bytes()):
        path.write_bytes(content)
        try:
            images = kept.read(path)
        except ModelError as error:
            assert str(path) in error.message and error.hint
            refused += 1
        else:
            assert np.array_equal(images.validation, pixels) and np.array_equal(images.training, pixels[:2])
    assert refused > 200
