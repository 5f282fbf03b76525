"""Checks of option values: which types and ranges pass, and the words for the others."""

import datetime
import fractions
import math

import numpy as np
import pytest

from vaecli import checks
from vaecli.errors import OptionError

HUGE = 10**5000  # more digits than Python prints


def refusal(check, value, **limits):
    """The message and the option of the error that a check raises."""
    with pytest.raises(OptionError) as caught:
        check(value, "--n", **limits)
    assert caught.value.option == "--n"
    return str(caught.value)


@pytest.mark.parametrize("value", [1, 5, np.int64(5), np.uint8(1)])
def test_whole_numbers_pass(value):
    """Both bounds are included, and numpy's integers come back as Python's."""
    number = checks.integer(value, "--n", least=1, most=5)
    assert number == value
    assert type(number) is int


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "--n must be at least 1, got 0."),
        (6, "--n must be at most 5, got 6."),
        (True, "--n must be a whole number, got True."),
        (np.True_, "--n must be a whole number, got "),
        (3.0, "--n must be a whole number, got 3.0."),
        (math.nan, "--n must be a whole number, got NaN."),
        ("3", "--n must be a whole number, got '3'."),
        (None, "--n must be a whole number, got None."),
        ([3], "--n must be a whole number, got [3]."),
        (datetime.date(2026, 1, 31), "--n must be a whole number, got 2026-01-31."),
        pytest.param(HUGE, "--n must be at most 5, got a number of more than 4,300 digits.", id="HUGE"),
        pytest.param(-HUGE, "--n must be at least 1, got a number of more than 4,300 digits.", id="-HUGE"),
    ],
)
def test_other_whole_numbers_are_refused(value, expected):
    """The message says what was expected, then the value; a boolean is not a number."""
    assert refusal(checks.integer, value, least=1, most=5).startswith(expected)


@pytest.mark.parametrize("value", [0, 0.5, np.float32(0.5), np.int16(1), fractions.Fraction(1, 2)])
def test_real_numbers_pass(value):
    """Whole numbers, fractions and numpy's numbers come back as Python floats."""
    number = checks.real(value, "--n", least=0)
    assert number == value
    assert type(number) is float


@pytest.mark.parametrize(
    ("value", "limits", "expected"),
    [
        (-0.1, {"least": 0}, "--n must be at least 0 and finite, got -0.1."),
        (0.0, {"above": 0}, "--n must be greater than 0 and finite, got 0.0."),
        (1.0, {"above": 0, "below": 1}, "--n must be greater than 0 and less than 1, got 1.0."),
        (math.nan, {"least": 0}, "--n must be at least 0 and finite, got NaN."),
        (np.float32(math.nan), {}, "--n must be finite, got NaN."),
        (math.inf, {"least": 0}, "--n must be at least 0 and finite, got inf."),
        (-math.inf, {}, "--n must be finite, got -inf."),
        pytest.param(
            HUGE, {"least": 0}, "--n must be at least 0 and finite, got a number of more than", id="HUGE"
        ),
        pytest.param(10**400, {"least": 0}, "--n must be at least 0 and finite, got 1000", id="10**400"),
        (True, {}, "--n must be a number, got True."),
        ("1", {}, "--n must be a number, got '1'."),
        (1j, {}, "--n must be a number, got 1j."),
    ],
)
def test_other_real_numbers_are_refused(value, limits, expected):
    """NaN, infinity and a number too large for a float are refused whatever the range."""
    assert refusal(checks.real, value, **limits).startswith(expected)


@pytest.mark.parametrize("value", ["lerp", "", None, 3, ["linear"], np.array(["linear", "linear"])])
def test_other_words_are_refused(value):
    """The message lists the choices, whatever the type of the value."""
    checks.choice("linear", "--path", ["linear", "spherical"])
    assert refusal(checks.choice, value, choices=["linear"]).startswith("--n must be linear, got ")
    message = refusal(checks.choice, value, choices=["linear", "spherical", "even"])
    assert message.startswith("--n must be linear, spherical or even, got ")


@pytest.mark.parametrize("value", ["x" * 10_000, 10**4000, [10**5000], np.zeros(999)], ids=type)
def test_values_are_shown_short(value):
    """A value of any length takes at most 60 characters of a message."""
    assert len(checks.shown(value)) <= 60


@pytest.mark.parametrize("value", [0, 1, "no", None, 1.0])
def test_only_booleans_are_booleans(value):
    """True and False pass; what Python would take for them does not."""
    checks.boolean(True, "--n")
    checks.boolean(False, "--n")
    assert refusal(checks.boolean, value).startswith("--n must be true or false, got ")
