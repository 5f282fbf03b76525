"""A process that opens and uses files under limits of memory and time."""

import multiprocessing
import multiprocessing.connection
import pathlib
import sys

import numpy as np

from fuzzing.mutants import PARTS, Mutant
from vaecli.errors import VaecliError
from vaecli.latent.draws import rows
from vaecli.modelfile.find import read_all
from vaecli.runtime.model import Model
from vaecli.tasks.verify import verify

SECONDS = 60  # per file; the largest files that are accepted take a second per image
MEMORY = 6 * 2**30  # bytes of address space; onnxruntime and numpy alone map a good part of it
OPENED, CRASH, HANG, OUT_OF_MEMORY, OTHER = "opened", "CRASH", "HANG", "OUT OF MEMORY", "OTHER EXCEPTION"
UNNOTICED = "CHANGE NOT DETECTED"
FAILURES = (CRASH, HANG, OUT_OF_MEMORY, OTHER, UNNOTICED)
REASONS = (  # parts of the error messages, for the summary
    "is empty",
    "not a complete ONNX file",
    "not one that vaecli made",
    "must have format",
    "golden vectors",
    "two models",
    "do not fit:",
    "does not fit",
    "is damaged",
    "more memory or time",
    "not one that vaecli writes",
    "does not take",
    "cannot run",
)


def outcome(folder: pathlib.Path, part: str) -> str:
    """Open a model folder, use one of its files, and return the outcome in a few words."""
    try:
        model = Model.open(folder, precision=PARTS[part])
        if part == "encoder":
            model.encode(np.zeros((2, *model.image_shape), np.float32))
        else:
            for count in (1, 2, 37):
                model.sample(count)
        verify(folder)  # reads the golden vectors; the result does not matter here
        for file in read_all(folder):
            file.facts()
            file.score_facts()
        if part.startswith("decoder"):
            _score(model)
            _draw(model)
    except VaecliError as error:
        if "alloc" in error.message.lower():
            return f"{OUT_OF_MEMORY}: {error.message}"
        return f"refused: {next((word for word in REASONS if word in error.message), 'other')}"
    except Exception as error:
        return f"{OTHER}: {type(error).__name__}: {error}"
    return OPENED


def _score(model: Model) -> None:
    """Score two images, if the model has the figures for it."""
    try:
        scorer = model.scorer
    except VaecliError as error:
        if "has no figures" in error.message:
            return
        raise
    scores = model.score(np.zeros((2, *model.image_shape), np.uint8))
    if not np.isfinite(scores.score).all():
        raise ArithmeticError(f"a score is not finite, with {scorer.count} validation images")


def _draw(model: Model) -> None:
    """Draw from the mixtures, if the model has any, and compute their density."""
    facts = model.priors.facts
    priors = [] if facts.weights is None else [model.priors.get("mixture")]
    priors += [
        model.priors.of_class(i) for i in range(len(model.info.class_names)) if model.priors.has_class(i)
    ]
    for prior in priors:
        drawn = rows(0, 3, model.latent_dim, seed=0)
        z = prior.sample(drawn.normals, drawn.words)
        model.decode(z)
        if not np.isfinite(prior.log_prob(z)).all():
            raise ArithmeticError("the density of a latent is not finite")


def judge(mutant: Mutant, original: bytes, result: str) -> str:
    """Return the outcome, or `UNNOTICED` if a changed file with the old digest was opened."""
    unnoticed = result == OPENED and not mutant.stamped and mutant.content != original
    return UNNOTICED if unnoticed else result


def serve(pipe: "multiprocessing.connection.Connection") -> None:
    """Answer each (folder, part) from the pipe with its outcome; the main loop of the child process."""
    if sys.platform == "linux":
        import resource  # noqa: PLC0415  # not on Windows

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while True:
        pipe.send(outcome(*pipe.recv()))


class Opener:
    """A child process that opens files; it is restarted after a crash or a hang."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._context = multiprocessing.get_context("spawn")
        self._start()

    def _start(self) -> None:
        self._pipe, child_pipe = self._context.Pipe()
        self._process = self._context.Process(target=serve, args=(child_pipe,), daemon=True)
        self._process.start()
        child_pipe.close()

    def open(self, folder: pathlib.Path, part: str) -> str:
        """Return the outcome of opening a model folder."""
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

    def kill(self) -> None:
        """Kill the child process; the next `open` reports a crash."""
        self._process.kill()
        self._process.join()

    def close(self) -> None:
        """End the child process."""
        self.kill()
        self._pipe.close()


def write_model(folder: str | pathlib.Path, originals: dict[str, bytes], mutant: Mutant) -> pathlib.Path:
    """Write a model folder in which the mutant replaces its original; return the folder."""
    for part, content in (originals | {mutant.part: mutant.content}).items():
        (pathlib.Path(folder) / f"{part}.onnx").write_bytes(content)
    return pathlib.Path(folder)
