"""The `vaecli` program: its commands, and the one place where an error becomes a line and an exit code.

    0          done
    1          an error of vaecli: data, model, output, training
    2          a usage error: an option, an argument or a value
    3          an optional package is missing
    4          `vaecli score --fail-above`: a picture is as unlike the training images as that
    128 + n    stopped by signal n: 130 Ctrl-C, 143 SIGTERM, 129 SIGHUP, 138 SIGUSR1

A bug ends with a traceback and 1.
"""

import contextlib
import errno
import importlib
import os
import sys
import warnings
from collections.abc import Iterator
from typing import Annotated

import typer

from vaecli.cli import streams
from vaecli.cli.command import Command
from vaecli.cli.console import say_error
from vaecli.cli.stopping import Stopped, end_quietly, stopped_at_once
from vaecli.errors import VaecliError

COMMANDS = {  # name -> its module in vaecli.cli
    "train": "train",
    "eval": "evaluate",
    "compare": "compare",
    "runs": "runs",
    "sample": "sample",
    "interpolate": "interpolate",
    "encode": "encode",
    "reconstruct": "reconstruct",
    "traverse": "traverse",
    "edit": "edit",
    "similar": "similar",
    "score": "score",
    "explore": "explore",
    "prior": "prior",
    "export": "export",
    "bench": "bench",
    "verify": "verify",
    "info": "info",
    "data": "data",
    "features": "features",
}
GROUPS = {"data", "features"}  # of commands
UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}  # of a write to stdout


def application(name: str | None = None) -> typer.Typer:
    """Return the program with only the command `name`, or with all commands if no command has that name.

    Loading all commands and building their options takes a tenth of a whole `vaecli sample`.
    """
    app = typer.Typer(
        name="vaecli",
        help="Train a variational autoencoder with one command; run it anywhere from two ONNX files.",
        epilog="Start with: vaecli train --data fashion-mnist-mini --epochs 10",
        no_args_is_help=True,
        pretty_exceptions_enable=False,  # a bug keeps its plain traceback
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    for command in [name] if name in COMMANDS else COMMANDS:
        module = importlib.import_module(f"vaecli.cli.{COMMANDS[command]}")
        if command in GROUPS:
            app.add_typer(module.app, name=command)
        else:
            app.command(command, cls=Command)(getattr(module, COMMANDS[command]))
    return app


def _show_version(requested: bool) -> None:
    if requested:
        from vaecli import __version__

        typer.echo(f"vaecli {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the program and exit with one of the codes above."""
    streams.prepare()
    _ignore_false_warnings()
    with _exit_codes(), stopped_at_once():
        application(sys.argv[1] if len(sys.argv) > 1 else None)()


def _ignore_false_warnings() -> None:
    """Hide warnings of NumPy without a cause: some BLAS set the processor's flags while they read padding.

    See https://github.com/numpy/numpy/issues/24067; a result that is not finite is found where it is used.
    """
    warnings.filterwarnings("ignore", ".* encountered in matmul", RuntimeWarning)


def program() -> None:
    """Run `main` as a whole process.

    The process exits without Python's clean-up, which would cost 20 ms. If TensorFlow is loaded, it exits in the
    ordinary way, because TensorFlow has threads to end; but not after a signal that ends it at once, because that
    takes 2 to 3 s.
    """
    try:
        main()
    except SystemExit as leaving:
        unwritten = _flush_stdout()
        if not isinstance(leaving.code, int | None):
            raise
        code = leaving.code or unwritten
        if "tensorflow" in sys.modules and not isinstance(leaving.__cause__, Stopped):
            sys.exit(code)
        os._exit(code)


def _flush_stdout() -> int:
    """Write out what stdout still holds; return exit code 1 if it cannot be written."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # its reader has seen enough
        streams.discard_stdout()
        return 1
    except OSError as error:
        streams.discard_stdout()
        return _report_unwritable(error)
    return 0


def _report_unwritable(error: OSError) -> int:
    say_error(f"Cannot write to stdout: {error.strerror}.")
    return 1


@contextlib.contextmanager
def _exit_codes() -> Iterator[None]:
    try:
        yield
    except VaecliError as error:
        say_error(str(error))
        sys.exit(error.exit_code)
    except Stopped as stopped:
        say_error("Stopped; nothing half-written is left.")
        raise SystemExit(stopped.exit_code) from stopped
    except MemoryError as error:
        details = f" ({error})" if str(error) else ""
        say_error(
            f"There is not enough memory{details}. To go on: use fewer or smaller images, or more memory."
        )
        sys.exit(1)
    except OSError as error:
        if error.errno not in UNWRITABLE or error.filename is not None:
            raise
        sys.exit(_report_unwritable(error))  # errors of files are translated where they are written
    finally:
        end_quietly()
