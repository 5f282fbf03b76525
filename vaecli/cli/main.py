"""The `vaecli` program: its commands, and the one place where an error becomes a line and an exit code."""

import contextlib
import errno
import importlib
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Annotated

import typer

from vaecli.cli.console import say_error
from vaecli.errors import VaecliError

COMMANDS = {  # name: the module of vaecli.cli that has it
    "train": "train",
    "eval": "evaluate",
    "sample": "sample",
    "interpolate": "interpolate",
    "export": "export",
    "bench": "bench",
    "verify": "verify",
    "info": "info",
    "data": "data",
}


FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


def application(asked: str | None = None) -> typer.Typer:
    """The program with the command that is asked for, or with all if there is none of that name.

    To load all of them and to build their options takes a tenth of a whole `vaecli sample`.
    """
    app = typer.Typer(
        name="vaecli",
        help="Train a variational autoencoder with one command; run it anywhere from two ONNX files.",
        epilog="Start with: vaecli train --data fashion-mnist-mini --epochs 10",
        no_args_is_help=True,
        pretty_exceptions_enable=False,  # a real bug keeps its plain traceback
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    for name in [asked] if asked in COMMANDS else COMMANDS:
        module = importlib.import_module(f"vaecli.cli.{COMMANDS[name]}")
        if name == "data":
            app.add_typer(module.app, name=name)
        else:
            app.command(name)(getattr(module, COMMANDS[name]))
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        from vaecli import __version__

        typer.echo(f"vaecli {__version__}")
        raise typer.Exit


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
        application(sys.argv[1] if len(sys.argv) > 1 else None)()


def program() -> None:
    """`main` as a whole process, which leaves at once: to take everything apart would cost 20 ms more.

    TensorFlow has things to end: its processes leave in the ordinary way.
    """
    try:
        main()
    except SystemExit as leaving:
        if "tensorflow" in sys.modules or not isinstance(leaving.code, int):
            raise
        told = _told()
        os._exit(leaving.code or told)


def _told() -> int:
    """See that what was said has left this process, and give the exit code for it."""
    try:
        if sys.stdout is not None:  # as a job without one has it
            sys.stdout.flush()
    except BrokenPipeError:  # whoever read it has seen enough
        return 1
    except OSError as error:
        return _cannot_tell(error)
    return 0


def _cannot_tell(error: OSError) -> int:
    say_error(f"Cannot write to stdout: {error.strerror}.")
    return 1


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
    except OSError as error:
        if error.errno not in FULL or error.filename is not None:
            raise
        sys.exit(_cannot_tell(error))  # files have errors of their own
