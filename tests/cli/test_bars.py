"""Progress where no bars can be shown."""

import pytest

from vaecli.cli import bars


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"quiet": False, "lines": True}, "Samples: 300 of 1,000\n"),
        ({"quiet": True, "lines": True}, ""),
        ({"quiet": False}, ""),
    ],
)
def test_lines_in_a_pipe(monkeypatch, capsys, options, expected):
    """Work that goes on gets a line with what is done of it, work that is done none; only where they are on."""
    monkeypatch.setattr(bars, "SECONDS", -1)  # from one line to the next
    with bars.bars(**options) as shown:
        shown.count("Samples", 300, 1000)
        shown.count("Samples", 1000, 1000)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", expected)


def test_lines_are_far_apart(monkeypatch, capsys):
    """Quick work stays silent in a pipe."""
    monkeypatch.setattr(bars, "SECONDS", 3600)
    with bars.bars(quiet=False, lines=True) as shown:
        for done in range(1000):
            shown.count("Samples", done, 1000)
    assert capsys.readouterr().err == ""
