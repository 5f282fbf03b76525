"""The program: `python -m vaecli` and the script `vaecli`."""

import signal

from vaecli.cli import streams


def program() -> None:
    """Run the program and exit. Until its commands are loaded, Ctrl-C ends the process without a traceback."""
    streams.prepare()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from vaecli.cli import main  # noqa: PLC0415  # typer, 50 ms

    main.program()


if __name__ == "__main__":
    program()
