"""Printing of all commands: paths, names with brackets, JSON, tables."""

import io
import json
import math
import pathlib

import pytest
import rich.console

from vaecli.cli import console
from vaecli.cli.training_screen import PlainWatcher, watching
from vaecli.runs.progress import Plan

NAMES = ["[v2]-1", "a[/b]", "[red]x", "[/]", "my [bold]set[/bold]", ":smile:", "a\\[b]"]


def test_json_has_no_nan(capsys):
    """NaN and infinity become null, however deep they lie: JSON has no words for them."""
    console.print_json("eval", {"a": math.nan, "b": [math.inf, 1.5, {"c": -math.inf}], "d": (1, None, "NaN")})
    stdout = capsys.readouterr().out
    document = json.loads(stdout, parse_constant=pytest.fail)
    expected = {"a": None, "b": [None, 1.5, {"c": None}], "d": [1, None, "NaN"]}
    assert document == {"schema": "vaecli.eval/1"} | expected


@pytest.mark.parametrize("name", NAMES)
def test_names_are_no_markup(capsys, name):
    """Errors, notes, result lines, the next command and the headline of a run show a name as it is."""
    console.say_error(f"There is no {name}.")
    console.note(name)
    console.next_step("info", "-m", name)
    PlainWatcher().started(Plan(name, name, 9, 1, 100, 3, 0, 5, "float32", 1, 16, 0.01))
    console.say(name)
    stdout, stderr = capsys.readouterr()
    error, note, step, headline = stderr.splitlines()[:4]
    assert (stdout, error, note) == (f"{name}\n", f"Error: There is no {name}.", name)
    assert name in step and headline == f"{name}: 9 images of {name}, 1 held out,"


def test_one_epoch_of_one_step_is_no_plural(capsys):
    """The headline of a run counts as English does."""
    PlainWatcher().started(Plan("runs/a", "a", 9, 1, 100, 1, 0, 1, "float32", 1, 16, 0.01))
    assert "1 epoch of 1 step in float32,\nbatches of 16, learning rate 0.01" in capsys.readouterr().err


@pytest.mark.parametrize("name", NAMES)
def test_names_in_tables_are_no_markup(capsys, name):
    """Headers, cells and titles too."""
    console.print_table({name: "left", "value": "right"}, [(name, "1")], title=name)
    lines = capsys.readouterr().out.splitlines()
    assert [line.rstrip() for line in lines] == [name, f"{name}  value", f"{name}      1"]


@pytest.mark.parametrize("name", NAMES)
def test_names_in_colour_are_no_markup(monkeypatch, capsys, name):
    """The same where colour is on, and rich prints."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    console.stderr.cache_clear()
    try:
        console.note(name)
        console.say_error(name)
    finally:
        console.stderr.cache_clear()
    stderr = capsys.readouterr().err
    assert "\x1b[33m" in stderr and "\x1b[31m" in stderr
    assert stderr.count(name) == 2


@pytest.mark.parametrize("variable", ["FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"])
def test_forced_colour_makes_no_live_screen(monkeypatch, variable):
    """A training whose stderr is a file prints lines, whatever the environment forces."""
    monkeypatch.setenv(variable, "1")
    console.stderr.cache_clear()
    try:
        with watching(quiet=False, as_json=False) as watcher:
            assert type(watcher) is PlainWatcher
        assert not console.is_interactive()
    finally:
        console.stderr.cache_clear()


@pytest.mark.parametrize("name", NAMES)
def test_names_on_bars_are_no_markup(monkeypatch, name):
    """The description of a bar is a file's name."""
    from vaecli.cli.bars import Bars

    screen = rich.console.Console(record=True, force_terminal=True, width=100, file=io.StringIO())
    monkeypatch.setattr(console, "is_interactive", lambda: True)
    monkeypatch.setattr(console, "stderr", lambda: screen)
    bars = Bars(quiet=False)
    bars.download(name, 1, 2)
    bars.stop()
    assert name in screen.export_text()


def test_a_wide_table_is_not_cut(capsys):
    """Figures and names stay in one piece in a terminal that is too narrow; only a text is wrapped."""
    target = rich.console.Console(width=20)
    console.print_table(
        {"file": "left", "value": "right", "text": "wrap"}, [("a" * 30, "1,234.5", "b " * 20)], target=target
    )
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("a" * 30 + "  1,234.5  b b b")


def test_shown_path(here):
    """Relative below the current folder, else absolute."""
    assert console.shown_path(here / "a" / "b.png") == str(pathlib.Path("a", "b.png"))
    assert console.shown_path("x.png") == "x.png"
    assert console.shown_path(here.parent / "other") == str(here.parent / "other")


def test_the_next_command_is_quoted(capsys):
    """A path with spaces and quotes is one word for the shell."""
    console.next_step("info", "-m", "my 'best' run")
    stderr = capsys.readouterr().err
    assert stderr == """Next: vaecli info -m 'my '"'"'best'"'"' run'\n"""
