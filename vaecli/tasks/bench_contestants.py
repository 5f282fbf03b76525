"""The ways to run a file that `vaecli bench` measures: vaecli's session, a default session, and baselines."""

import contextlib
import dataclasses
import functools
import importlib.util
import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from vaecli import processors
from vaecli.baselines.processes import Baseline, BaselineError, call_times, running_baselines
from vaecli.modelfile.cost.measure import MAX_ELEMENTS
from vaecli.modelfile.read import ModelFile
from vaecli.runs.layout import Run
from vaecli.runtime.default_session import DefaultSession
from vaecli.runtime.labels import label_input
from vaecli.runtime.model import Model
from vaecli.runtime.session import Session

VAECLI, DEFAULT_SESSION = "vaecli", "onnxruntime"
TF2ONNX, KERAS = "tf2onnx", "decoder.keras"  # shown as files: see `Measurement.file`
# The largest difference of pixels in [0, 1]: beyond it, a baseline does not decode the same weights.
MAX_DIFFERENCES = {"float32": 1e-4, "bfloat16": 0.1}

Times = Callable[[np.ndarray, float], list[float]]
"""(inputs, seconds) -> seconds of each call on the inputs, repeated for that time after one warm-up call."""


@dataclasses.dataclass(frozen=True)
class Contestant:
    """One way to run a file; the first four fields are those of a `Measurement`."""

    file: str
    runtime: str
    precision: str
    threads: int
    times: Times


def sessions(files: Sequence[ModelFile], *, against: bool) -> list[Contestant]:
    """Open each file with one thread and with all processors; with `against` in a default session, too."""
    contestants = []
    for file in files:
        name, precision = file.path.name, file.info.precision
        for count in sorted({1, processors.available()}):
            run = Session(file, thread_count=count).run
            contestants.append(Contestant(name, VAECLI, precision, count, _timed(run, file)))
        if against:
            contestants.append(_default_session(name, precision, file.content, file))
    return contestants


def _default_session(name: str, precision: str, content: bytes, file: ModelFile) -> Contestant:
    """Open the bytes of a graph in a default session; `file` is the model file with the same inputs and outputs."""
    run = DefaultSession(content, at_once=max(1, MAX_ELEMENTS // file.cost.elements)).run
    return Contestant(name, DEFAULT_SESSION, precision, processors.available(), _timed(run, file))


def _timed(run: Callable[..., object], file: ModelFile) -> Times:
    """Return a function that times a session's calls for all outputs except the likelihood's raw outputs."""
    raw_outputs = file.info.likelihood.get("outputs", [])
    call = functools.partial(run, names=[name for name in file.graph.outputs if name not in raw_outputs])

    def times(inputs: np.ndarray, seconds: float) -> list[float]:
        named = {file.info.inputs[0]: inputs} | label_input(file.info, None, len(inputs))
        call(named)
        return call_times(call, named, seconds)

    return times


@contextlib.contextmanager
def baselines(decoder: ModelFile, note: Callable[[str], None]) -> Iterator[list[Contestant]]:
    """Start the baselines of a float32 decoder: tf2onnx's file in a default session, Keras, PyTorch and OpenVINO.

    None are started where the decoder does not lie in a run with its decoder.keras, or tf2onnx is not installed.

    Args:
        decoder: decoder.onnx in the model folder of a run.
        note: called with a sentence for each baseline that is left out.

    Raises:
        BaselineError: decoder.keras cannot be read or converted.
    """
    keras_file = Run(decoder.path.resolve().parent.parent).decoder
    left_out = "Keras, PyTorch and OpenVINO are left out:"
    if not keras_file.exists():
        note(f"{left_out} the model is not in a run with its {keras_file.name}.")
        yield []
    elif decoder.info.is_conditional:
        note(f"{left_out} they decode latents alone, and this decoder takes a label, too.")
        yield []
    elif any(importlib.util.find_spec(name) is None for name in ("keras", "tensorflow", "tf2onnx")):
        note(f'{left_out} they need TensorFlow and tf2onnx: pip install "vaecli[train]"')
        yield []
    else:
        likelihood = decoder.info.likelihood["name"]
        with running_baselines(keras_file, likelihood=likelihood, note=note) as (plain, running):
            model = Model.open(decoder.path)
            z = model.draw(4)
            expected = model.decode(z)
            accepted = [baseline for baseline in running if _decodes_the_same(baseline, z, expected, note)]
            yield [_default_session(TF2ONNX, "float32", plain, decoder), *map(_contestant, accepted)]


def _contestant(baseline: Baseline) -> Contestant:
    precision = _precision(baseline)
    return Contestant(KERAS, baseline.name, precision, processors.available(), baseline.times)


def _precision(baseline: Baseline) -> str:
    return "bfloat16" if baseline.name.endswith("bf16") else "float32"


def _decodes_the_same(
    baseline: Baseline, z: np.ndarray, expected: np.ndarray, note: Callable[[str], None]
) -> bool:
    """Return whether a baseline decodes latents (N, D) to the expected pictures; note the reason if it does not."""
    try:
        images = baseline.images(z)
    except BaselineError as error:
        note(f"{baseline.name} is left out. {error.message}")
        return False
    gap = float(np.abs(images - expected).max()) if images.shape == expected.shape else math.inf
    if not gap <= MAX_DIFFERENCES[_precision(baseline)]:
        note(f"{baseline.name} is left out: its pictures differ by up to {gap:.2g} from the file's.")
        return False
    return True
