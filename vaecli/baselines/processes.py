"""Baselines in processes of their own, which decode on request and report the time of each call."""

import contextlib
import importlib.util
import itertools
import multiprocessing
import os
import pathlib
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from vaecli.baselines.backends import BACKENDS, Decode
from vaecli.baselines.decoder_files import DecoderFiles
from vaecli.choices import LikelihoodName
from vaecli.environment import environment
from vaecli.errors import ModelError, OutputError, VaecliError

# Bytes that malloc keeps for reuse. Without it PyTorch asks the system for memory again in every call.
MALLOC_KEEPS = str(2**30)
ENVIRONMENT = {
    "MALLOC_TRIM_THRESHOLD_": MALLOC_KEEPS,
    "MALLOC_MMAP_THRESHOLD_": MALLOC_KEEPS,
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "KERAS_BACKEND": "tensorflow",
}
EXIT_SECONDS = 2.0  # a process that has not exited by then is killed


class BaselineError(ModelError):
    """A baseline that cannot decode; the message gives the reason."""


class Baseline:
    """A baseline that decodes in another process; `name` is shown in the results."""

    def __init__(self, name: str, pipe: Connection) -> None:
        self.name = name
        self._pipe = pipe

    def images(self, z: np.ndarray) -> np.ndarray:
        """Decode latents (N, D) to pictures (N, H, W, C), float32.

        Raises:
            BaselineError: the package failed.
        """
        images: np.ndarray = self._request(z, 0.0)
        return images

    def times(self, z: np.ndarray, seconds: float) -> list[float]:
        """Decode latents (N, D) repeatedly for `seconds`, after one warm-up call; return the seconds of each call.

        Raises:
            BaselineError: the package failed.
        """
        times: list[float] = self._request(z, seconds)
        return times

    def _request(self, z: np.ndarray, seconds: float) -> Any:
        try:
            self._pipe.send((self.name, z, seconds))
            answer = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise BaselineError(f"{self.name}: its process has ended.") from error
        if isinstance(answer, str):
            raise BaselineError(f"{self.name} failed: {answer}.")
        return answer


@contextlib.contextmanager
def running_baselines(
    decoder_file: pathlib.Path,
    *,
    likelihood: LikelihoodName = "bernoulli",
    note: Callable[[str], None] = lambda _text: None,
) -> Iterator[tuple[bytes, list[Baseline]]]:
    """Start the baselines whose packages are installed; yield the plain ONNX file's bytes and the baselines.

    Args:
        decoder_file: a decoder.keras, whose weights all baselines use.
        likelihood: the name of the decoder's likelihood.
        note: called with a sentence for each package that is left out.

    Raises:
        BaselineError: the decoder cannot be read or converted.
        OutputError: a temporary folder cannot be made.
    """
    context = multiprocessing.get_context("spawn")
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(_temporary_folder())
        files = DecoderFiles(decoder_file, folder, likelihood)

        def start(target: Callable[..., None], *arguments: object) -> Connection:
            near, far = context.Pipe()
            process = context.Process(target=target, args=(*arguments, files, far), daemon=True)
            stack.callback(_end, process, near)
            with environment(ENVIRONMENT):
                process.start()
            far.close()
            return near

        _receive_names(start(_prepare), "The decoder cannot be converted for baselines")
        baselines: list[Baseline] = []
        for package in BACKENDS:
            if importlib.util.find_spec(package) is None:
                note(f"{package} is left out: it is not installed.")
                continue
            pipe = start(_serve, package)
            try:
                names = _receive_names(pipe, f"{package} is left out")
                baselines += [Baseline(name, pipe) for name in names]
            except BaselineError as error:
                note(error.message)
        yield files.plain.read_bytes(), baselines


@contextlib.contextmanager
def _temporary_folder() -> Iterator[pathlib.Path]:
    try:
        folder = tempfile.TemporaryDirectory(prefix="vaecli-")
    except OSError as error:
        raise OutputError(
            f"Cannot make a temporary folder: {error.strerror or error}.",
            hint="Set TMPDIR to a folder that can be written.",
        ) from error
    with folder as name:
        yield pathlib.Path(name)


def _receive_names(pipe: Connection, failure: str) -> list[str]:
    """Wait for the first answer of a process, and return the names of its baselines.

    Raises:
        BaselineError: the process sent an error or ended. The message is `failure`, a colon and the reason.
    """
    try:
        answer = pipe.recv()
    except EOFError as error:
        raise BaselineError(f"{failure}: its process has ended.") from error
    if isinstance(answer, str):
        raise BaselineError(f"{failure}: {answer}.")
    names: list[str] = answer
    return names


def _end(process: multiprocessing.process.BaseProcess, pipe: Connection) -> None:
    """Ask a process to exit, and kill it if it does not."""
    try:
        if process.pid is not None:
            with contextlib.suppress(OSError):
                pipe.send(None)
            process.join(EXIT_SECONDS)
    finally:  # also if a signal interrupts the waiting
        if process.pid is not None:
            process.kill()
            process.join()
    pipe.close()


def _prepare(files: DecoderFiles, pipe: Connection) -> None:
    """Run in a process: write the files that baselines read, then send an empty list of names."""
    with _report_errors(files.folder, pipe):
        files.prepare()
        pipe.send([])


def _serve(package: str, files: DecoderFiles, pipe: Connection) -> None:
    """Run in a process: send the names of a package's baselines, then answer requests (name, z, seconds)."""
    with _report_errors(files.folder, pipe):
        decoders = BACKENDS[package](files)
        pipe.send(list(decoders))
        while (request := pipe.recv()) is not None:
            name, z, seconds = request
            try:
                pipe.send(_timed(decoders[name], z, seconds))
            except Exception as error:  # torch.compile without a C compiler, say; the other baselines go on
                pipe.send(_reason(error))


@contextlib.contextmanager
def _report_errors(folder: pathlib.Path, pipe: Connection) -> Iterator[None]:
    """Write what packages print to a log file; if the body fails, send the reason through the pipe, in one line."""
    log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(log, stream)
    try:
        yield
    except (EOFError, KeyboardInterrupt):  # the other side has ended, or Ctrl-C ends both
        pass
    except Exception as error:
        pipe.send(_reason(error))


def _reason(error: Exception) -> str:
    """Return an error in one line without its full stop; an error of another package begins with its type."""
    if isinstance(error, VaecliError):
        return error.message.rstrip(".")
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}"[:300].rstrip(".")


def _timed(decode: Decode, z: np.ndarray, seconds: float) -> "np.ndarray | list[float]":
    """Return the pictures of one call if `seconds` is 0, else the times of the calls that follow it."""
    images = np.array(decode(z), np.float32)
    return call_times(decode, z, seconds) if seconds else images


def call_times(run: Callable[[Any], object], inputs: Any, seconds: float) -> list[float]:
    """Call a function repeatedly for `seconds` and return the seconds of each call."""
    ticks = [time.perf_counter()]
    while ticks[-1] - ticks[0] < seconds:
        run(inputs)
        ticks.append(time.perf_counter())
    return [after - before for before, after in itertools.pairwise(ticks)]
