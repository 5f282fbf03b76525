"""The decoder in fewer bits, int8 or fp16: made, compared with decoder.onnx, and only then in place."""

import dataclasses
import math
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import keras
import numpy as np
import onnx

from vaecli.choices import Precision
from vaecli.errors import ParityError
from vaecli.export import degradation, fp16
from vaecli.export.int8 import calibrate, graph, layers, tune
from vaecli.export.int8.integer_decoder import QuantisedDecoder
from vaecli.export.stamp import stamped
from vaecli.files import translating
from vaecli.modelfile.find import DECODERS
from vaecli.modelfile.golden import Golden
from vaecli.modelfile.read import read_file
from vaecli.runs.kept import KeptImages
from vaecli.runtime.model import Model

CALIBRATION_SEED, CHECK_SEED = 3, 4  # the check has other images, and other draws

SAME, MOST_BY = 1e-5, 0.01  # of the largest logit
MOST_MOVED = 0.03  # of the logits
PIXELS = 2**18  # on which they are compared

Figures = Mapping[str, float]
# Checks a file by other means than its graph, and gives its own golden vectors for some inputs.
Own: TypeAlias = Callable[[Model, Mapping[str, np.ndarray]], Golden]


@dataclasses.dataclass(frozen=True)
class Origin:
    """What a decoder in fewer bits is made from, and judged by.

    Attributes:
        folder: holds encoder.onnx and decoder.onnx; the new file goes there, too.
        decoder: the Keras model that they come from.
        graph: of decoder.onnx.
        real: images of the data; int8 is fitted to those of training, and judged by those of validation.
        opset: of the ONNX operators.
    """

    folder: pathlib.Path
    decoder: keras.Model
    graph: onnx.ModelProto
    real: KeptImages
    opset: int


def add(source: Origin, precisions: Sequence[Precision]) -> dict[Precision, Figures]:
    """Write a decoder of each precision beside the float32 files of a folder.

    Returns:
        How far each is from decoder.onnx: the fields of `degradation.Degradation`, as its metadata has them.

    Raises:
        ParityError: one is too far from decoder.onnx.
        ModelError: the decoder has layers that int8 does not know.
    """
    exact = Model.open(source.folder)
    makers: Mapping[Precision, Callable[[Origin, Model], tuple[onnx.ModelProto, Own]]] = {
        "int8": _int8,
        "fp16": _fp16,
    }
    return {name: _added(source, exact, name, *makers[name](source, exact)) for name in precisions}


def _int8(source: Origin, exact: Model) -> tuple[onnx.ModelProto, Own]:
    z = np.concatenate(degradation.latents(exact, source.real.training, seed=CALIBRATION_SEED))
    mixed = z[np.random.default_rng(CALIBRATION_SEED).permutation(len(z))]
    fitted = calibrate.calibrate(layers.read(source.decoder), mixed)
    found = tune.tune(fitted, mixed, exact.decode)

    def own(file: Model, inputs: Mapping[str, np.ndarray]) -> Golden:
        """What numpy makes of the numbers in the file. The float32 layer before them may move a byte by one."""
        others = np.concatenate(degradation.latents(exact, source.real.validation, seed=CHECK_SEED))
        count = int(np.clip(PIXELS // np.prod(exact.image_shape), 1, len(others)))
        every = np.linspace(0, len(others) - 1, count).astype(np.int64)
        require_same(found, file, np.concatenate([inputs["z"], others[every]]))
        outputs = found.outputs(inputs["z"])
        largest = float(np.abs(outputs["logits"]).max())
        return Golden.build(inputs, outputs, {"image": 0.01, "logits": max(0.05, 0.01 * largest)})

    return graph.build(found, opset=source.opset), own


def _fp16(source: Origin, _exact: Model) -> tuple[onnx.ModelProto, Own]:
    def own(file: Model, inputs: Mapping[str, np.ndarray]) -> Golden:
        """What the file makes of them itself: its constants are the float32 ones, rounded, one by one."""
        fp16.require_rounded(onnx.load_from_string(file.path.read_bytes()), source.graph)
        return Golden.build(inputs, file.outputs(inputs["z"]))

    return fp16.halved(source.graph), own


def _added(source: Origin, exact: Model, precision: Precision, graph: onnx.ModelProto, own: Own) -> Figures:
    info = dataclasses.replace(exact.info, precision=precision)
    path = source.folder / DECODERS[precision]
    exact_file = read_file(exact.path)
    golden, facts = exact_file.golden(), exact_file.facts()
    _write(path, stamped(graph, info, golden, facts))
    rough = Model.open(source.folder, precision=precision)
    measured = degradation.measure(exact, rough, source.real.validation, seed=CHECK_SEED)
    degradation.require(measured, precision, values=math.prod(exact.image_shape))
    figures: Figures = dataclasses.asdict(measured)
    info = dataclasses.replace(info, quantisation=dict(figures))
    _write(path, stamped(graph, info, own(rough, golden.inputs), facts))
    return figures


def _write(path: pathlib.Path, content: bytes) -> None:
    with translating(path):
        path.write_bytes(content)


def require_same(expected: QuantisedDecoder, file: Model, z: np.ndarray) -> None:
    """Refuse an int8 file that does not compute what the numbers that it was built from say, on latents z (N, D).

    Raises:
        ParityError: in more pixels, or by more, than a byte here and there that was moved by one accounts for.
    """
    logits = expected.outputs(z)["logits"]
    gaps = np.abs(file.outputs(z)["logits"] - logits) / np.abs(logits).max()
    moved = 1.0 - float((gaps <= SAME).mean())  # not a number is not the same
    if moved > MOST_MOVED or not gaps.max() <= MOST_BY:
        raise ParityError(
            f"{file.path.name} is off: {moved:.2%} of its logits are not what its numbers say, by up to "
            f"{gaps.max():.2%} of the largest; at most {MOST_MOVED:.0%} and {MOST_BY:.0%} were expected. "
            "Nothing was written.",
            hint="Please report this with the model: it is a bug in vaecli or onnxruntime. Export without --int8.",
        )
