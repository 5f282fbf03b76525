"""`vaecli bench`: how fast a model's files are on this machine, and what else could decode the same weights."""

import contextlib
import dataclasses
import functools
import importlib.util
import itertools
import math
import pathlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from vaecli import processors
from vaecli.baselines.processes import Baseline, BaselineError, call_times, running_baselines
from vaecli.choices import Precision
from vaecli.errors import ModelError, OptionError
from vaecli.latent.draws import standard_normal
from vaecli.modelfile.cost.measure import MAX_ELEMENTS
from vaecli.modelfile.find import export_again, read_all
from vaecli.modelfile.read import ModelFile
from vaecli.runs.layout import Run
from vaecli.runtime.default_session import DefaultSession
from vaecli.runtime.model import Model
from vaecli.runtime.session import Session

BATCHES = (1, 16, 256)
LARGEST_BATCH = 2**16
MAX_VALUES = 2**28  # of a batch's inputs and outputs, 1 GiB of float32: batches of more are left out
ROUNDS = 4  # the contestants of a batch size take turns so often, so that a busy moment meets all of them
VAECLI, DEFAULT_SESSION = "vaecli", "onnxruntime"
TF2ONNX, KERAS = (
    "tf2onnx",
    "decoder.keras",
)  # in place of a file's name: what tf2onnx makes, and what baselines read
BASELINE_GAPS = {"float32": 1e-4, "bfloat16": 0.1}  # largest difference of pixels in [0, 1]

Times = Callable[[np.ndarray, float], list[float]]


@dataclasses.dataclass(frozen=True)
class Measurement:
    """One way to run a file, at one batch size.

    Attributes:
        file: its name; `tf2onnx` is what tf2onnx makes of the run's decoder without vaecli's rewrites, and
            `decoder.keras` stands for its weights.
        runtime: `vaecli`, `onnxruntime` for a session as it comes, or a peer.
        precision: `float32`, `fp16`, `int8` or `bfloat16`.
        threads: of vaecli's; those that the process may use for all others.
        batch: images a call.
        images_per_second: at the median call.
        p50_ms: the median time of a call, and p99_ms that of the slowest in a hundred.
        calls: how many were timed.
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


@dataclasses.dataclass(frozen=True)
class _Contestant:
    file: str
    runtime: str
    precision: str
    threads: int
    times: Times


def bench(
    path: str | pathlib.Path,
    *,
    seconds: float = 0.4,
    batches: Sequence[int] = BATCHES,
    precision: Precision | None = None,
    against: bool = False,
    note: Callable[[str], None] = lambda _text: None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[Measurement]:
    """Measure each file of a model at some batch sizes, with one thread and with all.

    Args:
        path: a run, a model folder or a decoder.onnx; the encoder and other decoders beside it are measured too.
        seconds: of each measurement.
        batches: the batch sizes.
        precision: of the decoder to measure; all that are there if left out.
        against: measure a session as onnxruntime makes it, too, and for a run's decoder the peers that are
            installed: Keras, PyTorch, OpenVINO. All take turns.
        note: is told which peer takes no part, and why, and which batches are too large.
        progress: told the measurements done and all.

    Raises:
        ModelError: nothing there, or a file that is damaged or not ours.
        BaselineError: a baseline fails while it is measured.
        OptionError: not a positive time, or a batch size out of range.
    """
    _require(seconds, batches)
    files = read_all(pathlib.Path(path))
    decoders = [
        file for file in files if file.info.part == "decoder" and precision in (None, file.info.precision)
    ]
    if precision and not decoders:
        raise ModelError(
            f"{path} has no {precision} decoder.",
            hint=f"Add it: {export_again(files[0].path.parent, precision)}",
        )
    with contextlib.ExitStack() as stack:
        groups = [(file, _ours([file], against=against)) for file in files if file.info.part == "encoder"]
        exact = [file for file in files if (file.info.part, file.info.precision) == ("decoder", "float32")]
        rivals = stack.enter_context(_rivals(exact[0], note)) if against and exact else []
        groups.append((decoders[0], [*_ours(decoders, against=against), *rivals]))
        wanted = [(*group, batch) for group in groups for batch in _fitting(group[0], batches, note)]
        total = sum(len(contestants) for _, contestants, _ in wanted)
        measured: list[Measurement] = []
        for file, contestants, batch in wanted:
            times = _take_turns(contestants, _inputs(file, batch), seconds)
            measured += [
                _measurement(entry, batch, spent) for entry, spent in zip(contestants, times, strict=True)
            ]
            progress(len(measured), total)
    return measured


def _require(seconds: float, batches: Sequence[int]) -> None:
    if not 0 < seconds <= 3600:
        raise OptionError(
            f"--seconds has to be more than 0 and at most 3600; {seconds} came.", option="--seconds"
        )
    for batch in batches:
        if not 1 <= batch <= LARGEST_BATCH:
            raise OptionError(
                f"--batch has to be between 1 and {LARGEST_BATCH}; {batch} came.", option="--batch"
            )


def _fitting(file: ModelFile, batches: Sequence[int], note: Callable[[str], None]) -> list[int]:
    """The batches whose inputs and outputs fit in memory."""
    shapes = [*file.graph.inputs.values(), *file.graph.outputs.values()]
    most = MAX_VALUES // sum(math.prod(size for size in shape if size) for shape in shapes)
    for batch in batches:
        if batch > most:
            note(f"{file.path.name}: no batch of {batch}, which would take more than 1 GiB.")
    return [batch for batch in batches if batch <= most]


def _ours(files: Sequence[ModelFile], *, against: bool) -> list[_Contestant]:
    """Each file with one thread and with all, and in a session as onnxruntime makes it."""
    found = []
    for file in files:
        name, precision = file.path.name, file.info.precision
        for count in sorted({1, processors.available()}):
            run = Session(file, thread_count=count).run
            found.append(_Contestant(name, VAECLI, precision, count, _here(run, file)))
        if against:
            found.append(_plain(name, precision, file.content, file))
    return found


def _plain(name: str, precision: str, content: bytes, file: ModelFile) -> _Contestant:
    """A session of the bytes as it comes, for images of the size that a file has."""
    run = DefaultSession(content, at_once=max(1, MAX_ELEMENTS // file.cost.elements)).run
    return _Contestant(name, DEFAULT_SESSION, precision, processors.available(), _here(run, file))


def _here(run: Callable[..., object], file: ModelFile) -> Times:
    """In this process, pictures and no logits; one call before those that count warms the caches."""
    logits = file.info.likelihood.get("outputs", [])
    wanted = functools.partial(run, names=[name for name in file.graph.outputs if name not in logits])

    (input_name,) = file.info.inputs

    def times(inputs: np.ndarray, seconds: float) -> list[float]:
        named = {input_name: inputs}
        wanted(named)
        return call_times(wanted, named, seconds)

    return times


@contextlib.contextmanager
def _rivals(decoder: ModelFile, note: Callable[[str], None]) -> Iterator[list[_Contestant]]:
    """The tf2onnx file in a default session, and the peers; none where there is no run with its decoder.keras."""
    keras_file = Run(decoder.path.resolve().parent.parent).decoder
    needed = ("keras", "tf2onnx")
    if not keras_file.exists():
        note(f"Keras, PyTorch and OpenVINO take no part: there is no {keras_file.name} of a run here.")
        yield []
    elif any(importlib.util.find_spec(name) is None for name in needed):
        note('Keras, PyTorch and OpenVINO take no part: they need tf2onnx. pip install "vaecli[train]"')
        yield []
    else:
        name = decoder.info.likelihood["name"]
        with running_baselines(keras_file, likelihood=name, note=note) as (plain, baselines):
            model = Model.open(decoder.path)
            z = model.draw(4)
            expected = model.decode(z)
            same = [entry for entry in baselines if _computes_the_same(entry, z, expected, note)]
            yield [_plain(TF2ONNX, "float32", plain, decoder), *map(_baseline, same)]


def _baseline(baseline: Baseline) -> _Contestant:
    return _Contestant(KERAS, baseline.name, _precision(baseline), processors.available(), baseline.times)


def _precision(baseline: Baseline) -> str:
    return "bfloat16" if baseline.name.endswith("bf16") else "float32"


def _computes_the_same(
    baseline: Baseline, z: np.ndarray, expected: np.ndarray, note: Callable[[str], None]
) -> bool:
    try:
        images = baseline.images(z)
    except BaselineError as error:
        note(f"Left out: {error}")
        return False
    gap = float(np.abs(images - expected).max()) if images.shape == expected.shape else math.inf
    if not gap <= BASELINE_GAPS[_precision(baseline)]:
        note(f"{baseline.name} is left out: its pictures differ by up to {gap:.2g} from the file's.")
        return False
    return True


def _inputs(file: ModelFile, batch: int) -> np.ndarray:
    """Latents of the prior (batch, D), or grey noise (batch, H, W, C) in [0, 1]."""
    if file.info.part == "encoder":
        shape = file.info.image_shape
        noise = standard_normal(0, batch, int(np.prod(shape)), seed=0)
        pixels: np.ndarray = np.clip(0.5 + 0.25 * noise, 0, 1).reshape(batch, *shape)
        return pixels
    return standard_normal(0, batch, file.info.latent_dim, seed=0)


def _take_turns(contestants: Sequence[_Contestant], inputs: np.ndarray, seconds: float) -> list[list[float]]:
    """The seconds of each call, a list for each contestant."""
    times: list[list[float]] = [[] for _ in contestants]
    for _, (entry, found) in itertools.product(range(ROUNDS), list(zip(contestants, times, strict=True))):
        found.extend(entry.times(inputs, seconds / ROUNDS))
    return times


def _measurement(entry: _Contestant, batch: int, times: list[float]) -> Measurement:
    p50, p99 = (float(value) for value in np.percentile(times, (50, 99)))
    figures = (batch / p50, p50 * 1e3, p99 * 1e3, len(times))
    return Measurement(entry.file, entry.runtime, entry.precision, entry.threads, batch, *figures)
