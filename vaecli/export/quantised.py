"""The decoder in fewer bits, int8 or fp16: made, compared with decoder.onnx, and only then in place."""

import dataclasses
import pathlib
from collections.abc import Mapping, Sequence

import keras
import numpy as np
import onnx

from vaecli.export import calibrate, fidelity, half, int8, stages
from vaecli.export.real_images import RealImages
from vaecli.export.stamp import stamped
from vaecli.runtime import modelfile
from vaecli.runtime.golden import Golden
from vaecli.runtime.info import Precision
from vaecli.runtime.location import DECODERS
from vaecli.runtime.model import Model

CALIBRATION_SEED, CHECK_SEED = 3, 4  # the check has other images, and other draws

Figures = Mapping[str, float]


@dataclasses.dataclass(frozen=True)
class Source:
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
    real: RealImages
    opset: int


def add(source: Source, precisions: Sequence[Precision]) -> dict[Precision, Figures]:
    """Write a decoder of each precision beside the float32 files of a folder.

    Returns:
        How far each is from decoder.onnx: the fields of `fidelity.Loss`, as its metadata has them.

    Raises:
        ParityError: one is too far from decoder.onnx.
        ModelError: the decoder has layers that int8 does not know.
    """
    exact = Model.open(source.folder)
    made = {}
    for name in precisions:
        graph = _int8(source, exact) if name == "int8" else half.halved(source.graph)
        made[name] = _added(source, exact, name, graph)
    return made


def _int8(source: Source, exact: Model) -> onnx.ModelProto:
    parts = stages.read(source.decoder)
    z = np.concatenate(fidelity.latents(exact, source.real.training, seed=CALIBRATION_SEED))
    mixed = z[np.random.default_rng(CALIBRATION_SEED).permutation(len(z))]
    return int8.build(calibrate.calibrated(parts, mixed), opset=source.opset)


def _added(source: Source, exact: Model, precision: Precision, graph: onnx.ModelProto) -> Figures:
    info = dataclasses.replace(exact.info, precision=precision)
    path = source.folder / DECODERS[precision]
    golden = modelfile.read(exact.path).golden()
    path.write_bytes(stamped(graph, info, golden))
    rough = Model.open(source.folder, precision=precision)
    loss = fidelity.measure(exact, rough, source.real.validation, seed=CHECK_SEED)
    fidelity.require(loss, precision)
    figures: Figures = dataclasses.asdict(loss)
    info = dataclasses.replace(info, quantisation=dict(figures))
    path.write_bytes(stamped(graph, info, _own(golden, rough, precision)))
    return figures


def _own(golden: Golden, rough: Model, precision: Precision) -> Golden:
    """Golden vectors of the file itself; fp16 computes in float32, and is judged as a float32 file is.

    The sums of int8 are exact on every processor that does not saturate. What may differ elsewhere is the float32
    layer before them, which moves a byte here and there by one.
    """
    outputs = rough.outputs(golden.inputs)
    if precision == "fp16":
        return Golden(golden.inputs, outputs)
    largest = float(np.abs(outputs["logits"]).max())
    return Golden(golden.inputs, outputs, {"image": 0.01, "logits": max(0.05, 0.01 * largest)})
