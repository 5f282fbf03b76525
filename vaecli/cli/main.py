"""The `vaecli` program: its commands, and the one place where an error becomes a line and an exit code."""

import contextlib
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Annotated

import typer

from vaecli.cli import bench, data, evaluate, export, info, interpolate, sample, train, verify
from vaecli.cli.console import say_error
from vaecli.errors import VaecliError

app = typer.Typer(
    name="vaecli",
    help="Train a variational autoencoder with one command; run it anywhere from two ONNX files.",
    epilog="Start with: vaecli train --data fashion-mnist-mini --epochs 10",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # a real bug keeps its plain traceback
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("train")(train.train)
app.command("eval")(evaluate.evaluate)
app.command("sample")(sample.sample)
app.command("interpolate")(interpolate.interpolate)
app.command("export")(export.export)
app.command("bench")(bench.bench)
app.command("verify")(verify.verify)
app.command("info")(info.info)
app.add_typer(data.app, name="data")


def _show_version(wanted: bool) -> None:
    if wanted:
        from vaecli import __version__

        typer.echo(f"vaecli {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


class _Stopped(BaseException):
    """A signal came: unwind, so that temporary files go, and leave. typer would say nothing of Ctrl-C."""


def _stop(number: int, _frame: FrameType | None) -> None:
    raise _Stopped(number)


def main() -> None:
    """Run the program and exit: 0 done, 1 our error, 2 usage, 3 a missing extra, 130 Ctrl-C, 143 SIGTERM."""
    for name in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(name) is not signal.SIG_IGN:  # as in a job started with & or nohup
            signal.signal(name, _stop)
    with _exit_codes():
        app()


@contextlib.contextmanager
def _exit_codes() -> Iterator[None]:
    try:
        yield
    except VaecliError as error:
        say_error(str(error))
        sys.exit(error.exit_code)
    except _Stopped as stopped:
        say_error("Stopped; nothing half-written is left.")
        sys.exit(128 + stopped.args[0])
