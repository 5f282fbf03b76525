"""Peers in processes of their own, which decode on demand and say how long each call took."""

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

from vaecli.baselines.backends import FAMILIES, Decode
from vaecli.baselines.decoder_files import PLAIN, prepare
from vaecli.errors import ModelError

KEPT = str(
    2**30
)  # bytes that malloc keeps: without, PyTorch asks the system for its memory anew in every call
ENVIRONMENT = {
    "MALLOC_TRIM_THRESHOLD_": KEPT,
    "MALLOC_MMAP_THRESHOLD_": KEPT,
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "KERAS_BACKEND": "tensorflow",
}
_END = 2.0  # seconds that a process has to leave by itself


class PeerError(ModelError):
    """A peer that cannot decode, and why."""


class Peer:
    """One way to decode, in another process."""

    def __init__(self, name: str, pipe: Connection) -> None:
        self.name = name
        self._pipe = pipe

    def images(self, z: np.ndarray) -> np.ndarray:
        """The images (N, H, W, C) of latents (N, D), float32.

        Raises:
            PeerError: the package failed.
        """
        images: np.ndarray = self._asked(z, 0.0)
        return images

    def times(self, z: np.ndarray, seconds: float) -> list[float]:
        """The seconds of each call on latents (N, D), one after the other for so long, after one that warms up."""
        times: list[float] = self._asked(z, seconds)
        return times

    def _asked(self, z: np.ndarray, seconds: float) -> Any:
        try:
            self._pipe.send((self.name, z, seconds))
            answer = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise PeerError(f"{self.name} is gone") from error
        if isinstance(answer, str):
            raise PeerError(f"{self.name} failed: {answer}")
        return answer


@contextlib.contextmanager
def peers(
    decoder_file: pathlib.Path, *, note: Callable[[str], None] = lambda _text: None
) -> Iterator[tuple[bytes, list[Peer]]]:
    """The tf2onnx file of a decoder.keras as it comes, and the peers whose packages are here, ready to decode.

    Args:
        decoder_file: the weights of all.
        note: is told which packages are not here, or do not start.

    Raises:
        PeerError: the decoder cannot be read or converted.
    """
    context = multiprocessing.get_context("spawn")
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))

        def started(target: Callable[..., None], *arguments: object) -> Connection:
            near, far = context.Pipe()
            process = context.Process(target=target, args=(*arguments, folder, far), daemon=True)
            stack.callback(_ended, process, near)
            with _environment():
                process.start()
            far.close()
            return near

        _answer(started(_prepare, decoder_file), "The decoder cannot be prepared for its peers")
        found: list[Peer] = []
        for package in FAMILIES:
            if importlib.util.find_spec(package) is None:
                note(f"{package} is not installed: it takes no part.")
                continue
            pipe = started(_serve, package, decoder_file)
            try:
                found += [Peer(name, pipe) for name in _answer(pipe, f"{package} takes no part")]
            except PeerError as error:
                note(f"{error}.")
        yield (folder / PLAIN).read_bytes(), found


def _answer(pipe: Connection, failing: str) -> list[str]:
    try:
        answer = pipe.recv()
    except EOFError as error:
        raise PeerError(f"{failing}: its process ended") from error
    if isinstance(answer, str):
        raise PeerError(f"{failing}: {answer}")
    names: list[str] = answer
    return names


def _ended(process: multiprocessing.process.BaseProcess, pipe: Connection) -> None:
    try:
        if process.pid is not None:
            with contextlib.suppress(OSError):
                pipe.send(None)
            process.join(_END)
    finally:  # another signal, too, leaves nobody behind
        if process.pid is not None:
            process.kill()
            process.join()
    pipe.close()


@contextlib.contextmanager
def _environment() -> Iterator[None]:
    """What a process has to find in its environment when it starts, in this one's while the body runs."""
    before = {name: os.environ.get(name) for name in ENVIRONMENT}
    os.environ.update(ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _prepare(decoder_file: pathlib.Path, folder: pathlib.Path, pipe: Connection) -> None:
    """In a process: write the files that peers read, and say so, or why not."""
    with _telling(folder, pipe):
        prepare(decoder_file, folder)
        pipe.send([])


def _serve(package: str, decoder_file: pathlib.Path, folder: pathlib.Path, pipe: Connection) -> None:
    """In a process: tell the names of a family, then answer (name, z, seconds) with images or times, until None."""
    with _telling(folder, pipe):
        runs = FAMILIES[package](decoder_file, folder)
        pipe.send(list(runs))
        while (order := pipe.recv()) is not None:
            name, z, seconds = order
            try:
                pipe.send(_timed(runs[name], z, seconds))
            except Exception as error:  # a compiler that is missing, say: the others go on
                pipe.send(_reason(error))


@contextlib.contextmanager
def _telling(folder: pathlib.Path, pipe: Connection) -> Iterator[None]:
    """Keep what packages print off the screen, and tell the other side what goes wrong in one line."""
    log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(log, stream)
    try:
        yield
    except (EOFError, KeyboardInterrupt):  # the other side is gone, or wants to be
        pass
    except Exception as error:
        pipe.send(_reason(error))


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}"[:300]


def _timed(decode: Decode, z: np.ndarray, seconds: float) -> "np.ndarray | list[float]":
    """The times of calls after one that warms up; its images, if no time is given."""
    images = np.array(decode(z), np.float32)
    return call_times(decode, z, seconds) if seconds else images


def call_times(run: Callable[[Any], object], inputs: Any, seconds: float) -> list[float]:
    """The seconds of each call, one after the other for so long."""
    ticks = [time.perf_counter()]
    while ticks[-1] - ticks[0] < seconds:
        run(inputs)
        ticks.append(time.perf_counter())
    return [after - before for before, after in itertools.pairwise(ticks)]
