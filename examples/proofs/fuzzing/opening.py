"""Files opened and used in a process of their own, with a limit of memory and of time."""

import multiprocessing
import multiprocessing.connection
import pathlib
import sys

import numpy as np

from fuzzing.mutants import PARTS, Mutant
from vaecli.errors import VaecliError
from vaecli.runtime.model import Model
from vaecli.tasks.verify import verify

SECONDS = 60  # a file; the largest that is allowed take a second an image
MEMORY = 6 * 2**30  # address space of a process; onnxruntime and numpy alone map a good part of it
OPENED, CRASH, HANG, FULL, OTHER = "opened", "CRASH", "HANG", "MEMORY FULL", "OTHER EXCEPTION"
UNNOTICED = "CHANGE NOT NOTICED"
BAD = (CRASH, HANG, FULL, OTHER, UNNOTICED)
REASONS = (  # words of the messages
    "is empty",
    "not a whole ONNX file",
    "not one that vaecli made",
    "has format",
    "golden vectors",
    "two models",
    "do not fit:",
    "does not fit",
    "is damaged",
    "was expected",
    "more memory or time",
    "not as vaecli writes a file",
    "does not take",
    "cannot run",
)


def outcome(folder: pathlib.Path, part: str) -> str:
    """Open a model folder and use one of its files: what came of it, in a word or two."""
    try:
        model = Model.open(folder, precision=PARTS[part])
        if part == "encoder":
            model.encode(np.zeros((2, *model.image_shape), np.float32))
        else:
            for count in (1, 2, 37):
                model.sample(count)
        verify(folder)  # reads the golden vectors too; whether they pass does not matter here
    except VaecliError as error:
        if "alloc" in error.message.lower():
            return f"{FULL}: {error.message}"
        return f"refused: {next((word for word in REASONS if word in error.message), 'other')}"
    except Exception as error:
        return f"{OTHER}: {type(error).__name__}: {error}"
    return OPENED


def judged(tried: Mutant, original: bytes, result: str) -> str:
    """The outcome, once more: a change under a digest that was left alone has to be noticed."""
    unnoticed = result == OPENED and not tried.stamped and tried.content != original
    return UNNOTICED if unnoticed else result


def serve(pipe: "multiprocessing.connection.Connection") -> None:
    """The process that opens: (folder, part) in, outcome out."""
    if sys.platform == "linux":
        import resource  # noqa: PLC0415  # Unix has it

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while True:
        pipe.send(outcome(*pipe.recv()))


class Opener:
    """A process that opens files, started anew when one has brought it down."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._context = multiprocessing.get_context("spawn")
        self._start()

    def _start(self) -> None:
        self._pipe, other = self._context.Pipe()
        self._process = self._context.Process(target=serve, args=(other,), daemon=True)
        self._process.start()
        other.close()

    def open(self, folder: pathlib.Path, part: str) -> str:
        """What came of a model folder."""
        try:
            self._pipe.send((folder, part))
            if self._pipe.poll(self._seconds):
                answer: str = self._pipe.recv()
                return answer
            result = HANG
        except (EOFError, OSError):
            self._process.join(5)
            result = f"{CRASH}: exit code {self._process.exitcode}"
        self.close()
        self._start()
        return result

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self._pipe.close()


def written(folder: str | pathlib.Path, originals: dict[str, bytes], tried: Mutant) -> pathlib.Path:
    """A model folder with one file mutated."""
    for part, content in (originals | {tried.part: tried.content}).items():
        (pathlib.Path(folder) / f"{part}.onnx").write_bytes(content)
    return pathlib.Path(folder)
