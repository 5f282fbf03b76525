"""Printing for all commands: stdout is the result; stderr is progress, notes and errors.

rich is loaded only for a table or for colour on a terminal: it costs 30 ms, a tenth of a whole `vaecli sample`.
"""

import contextlib
import functools
import json
import math
import os
import pathlib
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any, ParamSpec, TypeVar

import typer

from vaecli.cli import streams
from vaecli.commands import command as shell_command
from vaecli.errors import OptionError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status
    from rich.text import Text

P = ParamSpec("P")
R = TypeVar("R")

COLUMN_GAP, LEAST_WIDTH = 2, 10  # characters
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) != "\n"}


@functools.cache
def stderr() -> "Console":
    """Return the console for progress, notes and errors, which prints `[red]` in a text as it is."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False, emoji=False)


@functools.cache
def stdout() -> "Console":
    """Return the console for results, which prints `[red]` in a text as it is."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)


def has_colour() -> bool:
    """Return whether notes are coloured.

    They are if stderr is a terminal, or FORCE_COLOR or TTY_COMPATIBLE is set, and rich takes stderr for a terminal.
    """
    forced = {"FORCE_COLOR", "TTY_COMPATIBLE"} & os.environ.keys()
    return (sys.stderr.isatty() or bool(forced)) and stderr().is_terminal


def is_interactive() -> bool:
    """Return whether stderr is a terminal that can move its cursor; a file is none, even under FORCE_COLOR."""
    named = os.name == "nt" or bool(os.environ.get("TERM"))
    return sys.stderr.isatty() and named and stderr().is_interactive


def print_table(
    columns: Mapping[str, str],
    rows: Iterable[Sequence["str | Text"]],
    *,
    title: str = "",
    header: bool = True,
    target: "Console | None" = None,
) -> None:
    """Print a table in the one form that all commands show.

    Args:
        columns: each header with its alignment: `left` or `right`, never cut, even if the lines become wider than
            the terminal; or `wrap`, left-aligned text that may take several lines.
        rows: cells, shown as they are, never as markup.
        title: a line above the table.
        header: whether to show the headers.
        target: the console; stdout by default.
    """
    from rich.table import Table

    target = target or stdout()
    headers = [streams.printable(name, target.file) for name in columns]
    cells = [[_cell(cell, target.file) for cell in row] for row in rows]
    widths, room = [], target.width
    for place, (name, kind) in enumerate(zip(headers, columns.values(), strict=True)):
        widest = max([len(name) if header else 0, *(row[place].cell_len for row in cells)])
        widths.append(min(widest, max(room, LEAST_WIDTH)) if kind == "wrap" else widest)
        room -= widths[-1] + COLUMN_GAP
    whole = sum(widths) + COLUMN_GAP * (len(widths) - 1)
    # a column of its own for each gap: versions of rich count the padding of cells differently
    result = Table(box=None, padding=0, pad_edge=False, show_header=header, width=whole)
    for place, (name, kind, width) in enumerate(zip(headers, columns.values(), widths, strict=True)):
        if place:
            result.add_column("", width=COLUMN_GAP, no_wrap=True)
        result.add_column(
            name,
            justify="right" if kind == "right" else "left",
            no_wrap=kind != "wrap",
            overflow="fold",
            width=width,
        )
    for row in cells:
        result.add_row(row[0], *(cell for part in row[1:] for cell in ("", part)))
    if title:
        target.print(title, style="italic", soft_wrap=True)
    target.print(result, crop=False)


def print_pairs(pairs: Mapping[str, str]) -> None:
    """Print names and values, a pair a line."""
    from rich.text import Text

    rows = [(Text(name, "dim"), value) for name, value in pairs.items()]
    print_table({"name": "left", "value": "wrap"}, rows, header=False)


def megabytes(size: int) -> str:
    """Return a number of bytes in MB, with one digit after the point."""
    return f"{size / 1e6:,.1f}"


def _cell(cell: "str | Text", file: IO[str]) -> "Text":
    from rich.text import Text

    return Text(streams.printable(cell, file)) if isinstance(cell, str) else cell


def number(value: float, form: str) -> str:
    """Format a number; NaN is written NaN."""
    return "NaN" if math.isnan(value) else format(value, form)


def seconds(parts: Mapping[str, float]) -> str:
    """Return the duration of each part on one line."""
    return ", ".join(f"{name} {value:.1f}" for name, value in parts.items())


def status(text: str, *, quiet: bool) -> "contextlib.AbstractContextManager[Status | None]":
    """Show a line with a spinner while the body runs; nothing if quiet or if the cursor cannot move."""
    return stderr().status(text) if is_interactive() and not quiet else contextlib.nullcontext()


def say_error(message: str) -> None:
    """Print one red line on stderr."""
    _print_message((f"Error: {' '.join(message.splitlines())}", "red"))


def note(message: str) -> None:
    """Print a note for the user on stderr."""
    _print_message((message, "yellow"))


def progress_line(message: str) -> None:
    """Print a line without a style on stderr, above a live screen if there is one."""
    _print_message((message, ""))


def say(message: str) -> None:
    """Print a line of the result on stdout; a path is never cut or wrapped."""
    sys.stdout.write(f"{message}\n")
    sys.stdout.flush()


def next_step(*words: object) -> None:
    """Print on stderr which command to type next, quoted for the shell: `next_step("info", "-m", path)`."""
    _print_message(("Next: ", "dim"), (shell_command(*words), "bold cyan"))


def _print_message(*parts: tuple[str, str]) -> None:
    """Print texts with their styles as one line on stderr; load rich only if colour would show."""
    shown = [(text.translate(_CONTROL), style) for text, style in parts]
    if not has_colour():
        sys.stderr.write("".join(text for text, _ in shown) + "\n")
        sys.stderr.flush()
        return
    from rich.text import Text

    stderr().print(Text.assemble(*shown), soft_wrap=True)


def print_json(command: str, document: Mapping[str, Any]) -> None:
    """Print one JSON object on one line of stdout, at once.

    Its first key, `schema`, names a JSON Schema in vaecli/cli/schemas. NaN and infinity become null.
    """
    stamped = {"schema": f"vaecli.{command}/1"} | _without_nan(document)
    sys.stdout.write(json.dumps(stamped, allow_nan=False) + "\n")
    sys.stdout.flush()


def _without_nan(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_nan(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def silent(*_: object) -> None:
    """Ignore a note or a progress report."""


def usage_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Show an OptionError of the library in typer's own form, with exit code 2."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except OptionError as error:
            named = not error.option or error.message.strip("`").startswith(error.option)
            raise typer.BadParameter(str(error), param_hint=None if named else f"'{error.option}'") from error

    return wrapped


def shown_path(path: str | os.PathLike[str]) -> str:
    """Return a path as the user would type it: relative if it lies below the current folder."""
    try:
        absolute, current = pathlib.Path(path).resolve(), pathlib.Path.cwd()
    except (
        OSError,
        RuntimeError,
    ):  # the current folder was removed, or a loop of links (Python 3.11 and 3.12)
        return str(path)
    return str(absolute.relative_to(current)) if absolute.is_relative_to(current) else str(absolute)
