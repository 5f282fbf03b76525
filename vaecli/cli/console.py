"""What all commands share of the screen: stdout is the result, stderr is progress, notes and errors.

rich is loaded by what needs it, a table or a colour on a terminal: 30 ms, a tenth of a whole `vaecli sample`.
"""

import contextlib
import functools
import json
import os
import pathlib
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, ParamSpec, TypeVar

import typer

from vaecli.errors import OptionError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

P = ParamSpec("P")
R = TypeVar("R")

ModelOption = Annotated[
    pathlib.Path | None,
    typer.Option(
        "--model", "-m", help="A run, a model folder or a decoder.onnx.", show_default="the newest run"
    ),
]
OutOption = Annotated[
    str | None,
    typer.Option(
        "--out", "-o", help="Where to: .png, .gif, .npy, .npz, or a folder.", show_default="next free name"
    ),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Write over what is there.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notes.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else there.")]
PrecisionOption = Annotated[
    Literal["float32", "fp16", "int8"],
    typer.Option("--precision", help="Of the decoder; made by `export --int8` and `--fp16`."),
]
ThreadsOption = Annotated[
    int | None,
    typer.Option(
        "--threads", min=1, help="How many to work in.", show_default="all that the process may use"
    ),
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same result.")]


@functools.cache
def stderr() -> "Console":
    """The console for progress, notes and errors."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


@functools.cache
def stdout() -> "Console":
    """The console for results."""
    from rich.console import Console

    return Console(highlight=False)


def table(title: str | None = None) -> "Table":
    """An empty table in the one form that all commands show."""
    from rich.table import Table

    return Table(title=title, title_justify="left", box=None, pad_edge=False)


def is_terminal() -> bool:
    """Whether stderr is one, or is to be treated like one."""
    plain = not sys.stderr.isatty() and not {"FORCE_COLOR", "TTY_COMPATIBLE"} & os.environ.keys()
    return not plain and stderr().is_terminal


def say_error(message: str) -> None:
    """One red line; the message is text, not markup, so that `[train]` stays whole."""
    _tell((f"Error: {' '.join(message.splitlines())}", "red"))


def note(message: str) -> None:
    """Something to know, on stderr."""
    _tell((message, "yellow"))


def say(message: str) -> None:
    """A line of the result, on stdout; paths stay in one piece."""
    typer.echo(message)


def next_step(command: str) -> None:
    """What to type next, on stderr."""
    _tell(("Next: ", "dim"), (command, "bold cyan"))


def _tell(*parts: tuple[str, str]) -> None:
    """A line on stderr of texts with their styles; where no colour would show, rich is not asked."""
    if not is_terminal():
        typer.echo("".join(text for text, _ in parts), err=True)
        return
    from rich.text import Text

    stderr().print(Text.assemble(*parts), soft_wrap=True)


def print_json(document: Mapping[str, Any]) -> None:
    """One JSON object on a line of its own, written at once."""
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


def silent(*_: object) -> None:
    """Hear nothing."""


def usage_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Show an OptionError in typer's own form, as if the parser had found it."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except OptionError as error:
            named = not error.option or error.message.startswith(error.option)
            raise typer.BadParameter(str(error), param_hint=None if named else f"'{error.option}'") from error

    return wrapped


def shown_path(path: str | os.PathLike[str]) -> str:
    """A path as the user would type it: relative where it lies below the current folder."""
    absolute = pathlib.Path(path).resolve()
    here = pathlib.Path.cwd()
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(absolute)


def model_path(given: pathlib.Path | None) -> pathlib.Path:
    """What `--model` names, or the newest run's folder when it is left out.

    Raises:
        ModelError: it is left out, and there is no run with a model.
    """
    if given is not None:
        return given
    from vaecli.runs.layout import newest  # a process that is told its model need not load it

    return newest().path


def nothing() -> contextlib.AbstractContextManager[None]:
    """In place of a status line, when all is to be quiet."""
    return contextlib.nullcontext()
