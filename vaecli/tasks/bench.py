"""`vaecli bench`: how fast the files of a model are on this machine."""

import dataclasses
import itertools
import pathlib
import time
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from vaecli.errors import OptionError
from vaecli.latent.draws import standard_normal
from vaecli.runtime import modelfile, threads
from vaecli.runtime.location import DECODERS, locate
from vaecli.runtime.plain import PlainSession
from vaecli.runtime.session import Session

BATCHES = (1, 16, 256)
ROUNDS = 4  # the contestants of a batch size take turns so often, so that a busy moment meets all of them
Run: TypeAlias = Callable[[np.ndarray], object]


@dataclasses.dataclass(frozen=True)
class Measurement:
    """One file at one batch size and one number of threads.

    Attributes:
        file: its name.
        runtime: `vaecli`, or `onnxruntime` for a session as it comes.
        threads: of vaecli's; those that the process may use for onnxruntime's own.
        batch: images a call.
        images_per_second: at the median call.
        p50_ms: the median time of a call, and p99_ms that of the slowest in a hundred.
        calls: how many were timed.
    """

    file: str
    runtime: str
    threads: int
    batch: int
    images_per_second: float
    p50_ms: float
    p99_ms: float
    calls: int


def bench(
    path: str | pathlib.Path,
    *,
    seconds: float = 0.4,
    against: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[Measurement]:
    """Measure each file of a model at batch 1, 16 and 256, with one thread and with all.

    Args:
        path: a run, a model folder or a decoder.onnx; the encoder and other decoders beside it are measured too.
        seconds: of each measurement.
        against: measure a session as onnxruntime makes it too, in turns with ours.
        progress: told the measurements done and all.

    Raises:
        ModelError: nothing there, or a file that is damaged or not ours.
        OptionError: not a positive time.
    """
    if not 0 < seconds <= 3600:
        raise OptionError(
            f"--seconds has to be more than 0 and at most 3600; {seconds} came.", option="--seconds"
        )
    opened = [modelfile.read(file) for file in files_of(pathlib.Path(path))]
    counts = sorted({1, threads.available()})
    total = len(opened) * len(BATCHES) * (len(counts) + against)
    measured: list[Measurement] = []
    for file in opened:
        runners = _runners(file, counts, against=against)
        for batch in BATCHES:
            times = _take_turns(list(runners.values()), _inputs(file, batch), seconds)
            measured += [
                _measurement(file.path.name, key, batch, spent)
                for key, spent in zip(runners, times, strict=True)
            ]
            progress(len(measured), total)
    return measured


def files_of(path: pathlib.Path) -> list[pathlib.Path]:
    """The files of a model that are there, in the order of a report."""
    decoder, encoder = locate(path)
    wanted = dict.fromkeys((encoder, decoder, *(decoder.with_name(name) for name in DECODERS.values())))
    return [file for file in wanted if file.exists()]


def _runners(file: modelfile.ModelFile, counts: list[int], *, against: bool) -> dict[tuple[str, int], Run]:
    input_name = "image" if file.info.part == "encoder" else "z"
    runners: dict[tuple[str, int], Run] = {
        ("vaecli", count): Session(file, input_name, thread_count=count).run for count in counts
    }
    if against:
        runners["onnxruntime", counts[-1]] = PlainSession(file).run
    return runners


def _inputs(file: modelfile.ModelFile, batch: int) -> np.ndarray:
    """Latents of the prior (batch, D), or grey noise (batch, H, W, C) in [0, 1]."""
    if file.info.part == "encoder":
        shape = file.info.image_shape
        noise = standard_normal(0, batch, int(np.prod(shape)), seed=0)
        pixels: np.ndarray = np.clip(0.5 + 0.25 * noise, 0, 1).reshape(batch, *shape)
        return pixels
    return standard_normal(0, batch, file.info.latent_dim, seed=0)


def _take_turns(runs: list[Run], inputs: np.ndarray, seconds: float) -> list[list[float]]:
    """The seconds of each call, a list for each of `runs`."""
    times: list[list[float]] = [[] for _ in runs]
    for _, (run, spent) in itertools.product(range(ROUNDS), list(zip(runs, times, strict=True))):
        run(inputs)  # warm: the caches hold this one's weights, not those of the one before
        begin = now = time.perf_counter()
        while now - begin < seconds / ROUNDS:
            run(inputs)
            before, now = now, time.perf_counter()
            spent.append(now - before)
    return times


def _measurement(name: str, key: tuple[str, int], batch: int, times: list[float]) -> Measurement:
    p50, p99 = (float(value) for value in np.percentile(times, (50, 99)))
    runtime, thread_count = key
    return Measurement(name, runtime, thread_count, batch, batch / p50, p50 * 1e3, p99 * 1e3, len(times))
