"""`vaecli bench`: measure the speed of a model's files on this machine, and of baselines on the same weights."""

import contextlib
import dataclasses
import math
import os
from collections.abc import Callable, Sequence

import numpy as np

from vaecli import checks
from vaecli.choices import PRECISIONS, Precision
from vaecli.errors import ModelError
from vaecli.latent.draws import standard_normal
from vaecli.modelfile.find import export_again, read_all
from vaecli.modelfile.read import ModelFile
from vaecli.paths import user_path
from vaecli.tasks.bench_contestants import Contestant, baselines, sessions

BATCHES = (1, 16, 256)
LARGEST_BATCH = 2**16
LONGEST = 3600.0  # seconds of a measurement
MAX_VALUES = 2**28  # of a batch's inputs and outputs, 1 GiB of float32; larger batches are left out
ROUNDS = 4  # turns of each contestant at a batch size, so that a busy moment of the machine affects all


@dataclasses.dataclass(frozen=True)
class Measurement:
    """The speed of one way to run a file, at one batch size.

    Attributes:
        file: name of the file; `tf2onnx` is what tf2onnx makes of the run's decoder without vaecli's rewrites, and
            `decoder.keras` stands for the same weights in another package.
        runtime: `vaecli`, `onnxruntime` for its default session, or the name of a baseline.
        precision: `float32`, `fp16`, `int8` or `bfloat16`.
        threads: number of threads of vaecli's session; for the other runtimes, the number that the process may use.
        batch: images per call.
        images_per_second: `batch` divided by the seconds of the median call.
        p50_ms: milliseconds of the median call.
        p99_ms: milliseconds of the slowest call in a hundred.
        calls: number of timed calls.
    """

    file: str
    runtime: str
    precision: str
    threads: int
    batch: int
    images_per_second: float
    p50_ms: float
    p99_ms: float
    calls: int


def bench(
    path: str | os.PathLike[str],
    *,
    seconds: float = 0.4,
    batches: Sequence[int] = BATCHES,
    precision: Precision | None = None,
    against: bool = False,
    note: Callable[[str], None] = lambda _text: None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[Measurement]:
    """Measure each file of a model at each batch size, with one thread and with all that the process may use.

    Args:
        path: a run, a model folder or a decoder.onnx; the encoder and other decoders beside it are measured, too.
        seconds: duration of each measurement.
        batches: images per call.
        precision: of the decoder to measure, and of the encoder that is opened with it; all if left out.
        against: measure onnxruntime's default session, too, and for a run's decoder the installed baselines: Keras,
            PyTorch, OpenVINO. All take turns.
        note: called with a sentence for each baseline and each batch size that is left out.
        progress: called with the numbers of completed measurements and of all.

    Raises:
        ModelError: there is no model, or a file is damaged or was not written by vaecli.
        BaselineError: a baseline fails while it is measured.
        OptionError: `seconds` or a batch size out of range, or an unknown precision.
    """
    checks.real(seconds, "--seconds", above=0, below=LONGEST)
    for batch in batches:
        checks.integer(batch, "--batch", least=1, most=LARGEST_BATCH)
    if precision is not None:
        checks.choice(precision, "--precision", PRECISIONS)
    files = read_all(user_path(path, option="--model", error=ModelError))
    encoders = _encoders(files, precision)
    decoders = _decoders(files, precision)
    with contextlib.ExitStack() as stack:
        groups = [(file, sessions([file], against=against)) for file in encoders]
        contestants = sessions(decoders, against=against)
        exact = [file for file in files if (file.info.part, file.info.precision) == ("decoder", "float32")]
        if against and exact:
            contestants += stack.enter_context(baselines(exact[0], note))
        groups.append((decoders[0], contestants))
        return _measure(groups, batches, seconds, note, progress)


def _encoders(files: Sequence[ModelFile], precision: Precision | None) -> list[ModelFile]:
    """Return the encoders to measure: beside a decoder of one precision, the one that is opened with it."""
    encoders = [file for file in files if file.info.part == "encoder"]
    if precision is None:
        return encoders
    own = [file for file in encoders if file.info.precision == precision]
    return own or [file for file in encoders if file.info.precision == "float32"]


def _decoders(files: Sequence[ModelFile], precision: Precision | None) -> list[ModelFile]:
    decoders = [file for file in files if file.info.part == "decoder"]
    matching = [file for file in decoders if precision in (None, file.info.precision)]
    if not matching:
        folder = decoders[0].path.parent
        hint = f"Add it: {export_again(folder, precision)}" if precision in ("int8", "fp16") else ""
        raise ModelError(f"{folder} has no {precision} decoder.", hint=hint)
    return matching


def _measure(
    groups: Sequence[tuple[ModelFile, Sequence[Contestant]]],
    batches: Sequence[int],
    seconds: float,
    note: Callable[[str], None],
    progress: Callable[[int, int], None],
) -> list[Measurement]:
    """Measure each group of contestants, which run the same inputs, at each batch size that fits in memory."""
    rounds = [(*group, batch) for group in groups for batch in _fitting(group[0], batches, note)]
    total = sum(len(contestants) for _, contestants, _ in rounds)
    measurements: list[Measurement] = []
    for file, contestants, batch in rounds:
        times = _take_turns(contestants, _inputs(file, batch), seconds)
        measurements += [_measurement(contestants[i], batch, times[i]) for i in range(len(contestants))]
        progress(len(measurements), total)
    return measurements


def _fitting(file: ModelFile, batches: Sequence[int], note: Callable[[str], None]) -> list[int]:
    """Return the batch sizes whose inputs and outputs fit in memory; note the others."""
    shapes = [*file.graph.inputs.values(), *file.graph.outputs.values()]
    most = MAX_VALUES // sum(math.prod(size for size in shape if size) for shape in shapes)
    for batch in batches:
        if batch > most:
            note(f"{file.path.name}: batch size {batch} is left out: it would take more than 1 GiB.")
    return [batch for batch in batches if batch <= most]


def _inputs(file: ModelFile, batch: int) -> np.ndarray:
    """Return draws from N(0, I) (batch, D) for a decoder, or noise (batch, H, W, C) in [0, 1] for an encoder."""
    if file.info.part == "encoder":
        shape = file.info.image_shape
        noise = standard_normal(0, batch, int(np.prod(shape)), seed=0)
        pixels: np.ndarray = np.clip(0.5 + 0.25 * noise, 0, 1).reshape(batch, *shape)
        return pixels
    return standard_normal(0, batch, file.info.latent_dim, seed=0)


def _take_turns(contestants: Sequence[Contestant], inputs: np.ndarray, seconds: float) -> list[list[float]]:
    """Call the contestants in turn for `seconds` each; return each one's list of seconds per call."""
    times: list[list[float]] = [[] for _ in contestants]
    for _ in range(ROUNDS):
        for contestant, calls in zip(contestants, times, strict=True):
            calls.extend(contestant.times(inputs, seconds / ROUNDS))
    return times


def _measurement(contestant: Contestant, batch: int, times: list[float]) -> Measurement:
    p50, p99 = (float(value) for value in np.percentile(times, (50, 99)))
    return Measurement(
        contestant.file,
        contestant.runtime,
        contestant.precision,
        contestant.threads,
        batch,
        images_per_second=batch / p50,
        p50_ms=p50 * 1e3,
        p99_ms=p99 * 1e3,
        calls=len(times),
    )
