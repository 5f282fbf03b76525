"""decoder.int8.onnx: calibrated, built, compared with decoder.onnx, and only then in place."""

import dataclasses
import pathlib

import keras
import numpy as np

from vaecli.export import calibrate, fidelity, int8, stages
from vaecli.export.stamp import stamped
from vaecli.runtime import modelfile
from vaecli.runtime.golden import Golden
from vaecli.runtime.location import DECODERS
from vaecli.runtime.model import Model

CALIBRATION_SEED, CHECK_SEED = 3, 4  # the check sees other latents than the calibration


def add(
    folder: pathlib.Path, decoder: keras.Model, validation: np.ndarray, *, opset: int
) -> dict[str, float]:
    """Write decoder.int8.onnx beside the float32 files of a folder.

    Args:
        folder: holds encoder.onnx and decoder.onnx.
        decoder: the Keras model that they come from.
        validation: real images (N, H, W, C) uint8, for calibration and check.
        opset: of the ONNX operators.

    Returns:
        How far it is from decoder.onnx: the fields of `fidelity.Loss`, as its metadata has them.

    Raises:
        ParityError: it is too far from decoder.onnx.
        ModelError: the decoder has layers that int8 does not know.
    """
    exact = Model.open(folder)
    parts = stages.read(decoder)
    z = np.concatenate(fidelity.latents(exact, validation, seed=CALIBRATION_SEED))
    mixed = z[np.random.default_rng(CALIBRATION_SEED).permutation(len(z))]
    graph = int8.build(calibrate.calibrated(parts, mixed), opset=opset)
    info = dataclasses.replace(exact.info, precision="int8")
    path = folder / DECODERS["int8"]
    golden = modelfile.read(exact.path).golden()
    path.write_bytes(stamped(graph, info, golden))
    rough = Model.open(folder, precision="int8")
    loss = fidelity.measure(exact, rough, validation, seed=CHECK_SEED)
    fidelity.require(loss)
    figures: dict[str, float] = dataclasses.asdict(loss)
    golden = _own(golden, rough)
    path.write_bytes(stamped(graph, dataclasses.replace(info, quantisation=figures), golden))
    return figures


def _own(golden: Golden, rough: Model) -> Golden:
    """Golden vectors of the int8 file itself: its sums are exact on every processor that does not saturate.

    What may differ elsewhere is the float32 layer before them, which moves a byte here and there by one.
    """
    outputs = rough.outputs(golden.inputs)
    largest = float(np.abs(outputs["logits"]).max())
    return Golden(golden.inputs, outputs, {"image": 0.01, "logits": max(0.05, 0.01 * largest)})
