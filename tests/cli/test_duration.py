"""Durations on the command line, such as 1h30m."""

import pytest

from vaecli.cli.duration import seconds
from vaecli.errors import OptionError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", 90),
        ("20m", 1200),
        ("1h", 3600),
        ("1h30m", 5400),
        ("1h0m5s", 3605),
        ("2h1s", 7201),
        (" 1H ", 3600),
    ],
)
def test_spans(text, expected):
    """Hours, minutes and seconds in this order, any of them left out."""
    assert seconds(text, option="--max-time") == expected


@pytest.mark.parametrize(
    "text", ["", "20", "m", "1.5h", "-5m", "5m1h", "1m1m", "0s", "0h0m", "soon", "5 m", "1d", "\u0665m"]
)
def test_other_texts_are_refused(text):
    """A usage error that names the option, the text, and how to write a duration."""
    with pytest.raises(OptionError, match=r"--max-time.*20m") as caught:
        seconds(text, option="--max-time")
    assert repr(text) in str(caught.value) and caught.value.option == "--max-time"


@pytest.mark.parametrize("digits", [10, 400, 5000])
def test_enormous_numbers(digits):
    """A number of very many digits is refused like any other text, and not printed in full."""
    with pytest.raises(OptionError, match="--max-time must be a time") as caught:
        seconds("9" * digits + "s", option="--max-time")
    assert len(str(caught.value)) < 200
