"""Standard streams that no command fails on: closed, full, abandoned by their reader, or of few characters."""

import codecs
import io
import os
import re
import sys
from typing import IO, TextIO

ESCAPE = "vaecli.escape"  # the error handler of stdout and stderr
_PLAIN = {"±": "+-", "…": "...", "▀": "#", "│": "|", "─": "-", "━": "-", "–": "-", "—": "-", "•": "*"}  # noqa: RUF001


def prepare() -> None:
    """Make all three streams usable. Call it before any file is opened.

    A closed descriptor becomes the null device: otherwise the next file that is opened gets its number, and
    messages are written into that file. Characters that an encoding lacks are replaced or escaped. Messages that
    cannot be written to stderr are dropped: the result counts more. Streams that a caller has replaced stay.
    """
    _open_closed_descriptors()
    _drop_impossible_sizes()
    sys.stdin = sys.stdin or io.TextIOWrapper(io.FileIO(0, closefd=False))
    if sys.stdout is None:
        sys.stdout = _writer(io.FileIO(1, "w", closefd=False), "utf-8")
    elif sys.stdout is sys.__stdout__ and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors=ESCAPE)
    if sys.stderr is None or (sys.stderr is sys.__stderr__ and os.name == "posix"):
        encoding = "utf-8" if sys.stderr is None else sys.stderr.encoding
        sys.stderr = _writer(_Lossy(2, "w", closefd=False), encoding)


def printable(text: str, stream: IO[str]) -> str:
    """Return `text` as it will appear on a stream, so that columns can be measured."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, ESCAPE).decode(encoding, "surrogateescape")


def discard_stdout() -> None:
    """Send what is still in the buffer of stdout, and all that follows, to the null device."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)


class _Lossy(io.FileIO):
    """A descriptor that drops what cannot be written: on a full disk, or after its terminal has gone."""

    def write(self, data: object) -> int:
        """Write bytes; report all of them as written in any case."""
        view = memoryview(data)  # type: ignore[arg-type]
        try:
            written: int | None = super().write(view)
        except OSError:
            written = None
        return view.nbytes if written is None else written


def _open_closed_descriptors() -> None:
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(
                os.open(os.devnull, os.O_RDWR), True
            )  # it gets the lowest free number, this one


def _drop_impossible_sizes() -> None:
    """Remove sizes of the terminal outside 1 to 9,999: with 0 rich prints nothing, with 10^20 it fails."""
    for name in ("COLUMNS", "LINES", "TERMINAL_WIDTH"):
        if not re.fullmatch("[1-9][0-9]{0,3}", os.environ.get(name, "")):
            os.environ.pop(name, None)


def _writer(raw: io.FileIO, encoding: str) -> TextIO:
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding=encoding, errors=ESCAPE, line_buffering=True)


def _escape(error: UnicodeError) -> tuple[str | bytes, int]:
    """Replace the first character that an encoding lacks; write a surrogate-escaped byte of a name as it is."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    character = error.object[error.start]
    if 0xDC80 <= ord(character) <= 0xDCFF:
        return bytes([ord(character) - 0xDC00]), error.start + 1
    escaped = character.encode("ascii", "backslashreplace").decode("ascii")
    return _PLAIN.get(character, escaped), error.start + 1


codecs.register_error(ESCAPE, _escape)
