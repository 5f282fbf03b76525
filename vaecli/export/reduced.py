"""Files of reduced precision: made, compared with the float32 ones, and written beside them.

int8 is a decoder alone; fp16 is both halves.
"""

import dataclasses
import math
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import keras
import numpy as np
import onnx

from vaecli.choices import INT8_LIKELIHOODS, Precision
from vaecli.errors import ModelError, ParityError
from vaecli.export import degradation, fp16
from vaecli.export.int8 import calibrate, graph, layers, tune
from vaecli.export.int8.integer_decoder import QuantisedDecoder
from vaecli.export.stamp import stamp
from vaecli.files import translating
from vaecli.modelfile.find import DECODERS, ENCODERS
from vaecli.modelfile.golden import Golden
from vaecli.modelfile.metadata import LABEL
from vaecli.runs.kept import KeptImages
from vaecli.runtime.labels import decoder_inputs
from vaecli.runtime.model import Model
from vaecli.runtime.parts import read_part

CALIBRATION_SEED, CHECK_SEED = 3, 4  # the check uses other images and other draws than the calibration

# An int8 file must compute the quantised decoder's logits, except for levels that the float32 dense layer rounds
# to a neighbour on this processor. Differences are relative to the largest logit.
SAME = 1e-5  # up to which logits count as equal
MAX_DIFFERENCE = 0.01
MAX_CHANGED = 0.03  # part of the logits that may differ by more than SAME
CHECKED_VALUES = 2**18  # logits that are compared

Figures: TypeAlias = dict[str, float]  # the fields of `degradation.Degradation`; `kl` of an fp16 encoder
Arrays: TypeAlias = Mapping[str, np.ndarray]  # by name
Check: TypeAlias = Callable[[Model, Arrays], Golden]
"""(opened file, inputs) -> golden vectors for the inputs, after a check of the file that does not use its graph."""


@dataclasses.dataclass(frozen=True)
class Origin:
    """The float32 model from which files of reduced precision are made.

    Attributes:
        exact: the opened encoder.onnx and decoder.onnx; new files are written to the same folder.
        decoder: the Keras model.
        graphs: the graphs of encoder.onnx and decoder.onnx, by part.
        golden: their golden vectors, by part.
        images: training images, to which int8 is fitted, and validation images, on which decoders are compared.
        facts: entries for the decoders' metadata beside description and golden vectors, key -> text.
        opset: version of the ONNX operators.
    """

    exact: Model
    decoder: keras.Model
    graphs: Mapping[str, onnx.ModelProto]
    golden: Mapping[str, Golden]
    images: KeptImages
    facts: Mapping[str, str]
    opset: int


def add(origin: Origin, precisions: Sequence[Precision]) -> dict[Precision, Figures]:
    """Write the files of each precision; return precision -> figures, which are also in the files' metadata.

    Raises:
        ParityError: a file differs too much from the float32 one.
        ModelError: the decoder's layers or likelihood cannot be quantised.
        OutputError: the file cannot be written.
    """
    make: Mapping[Precision, Callable[[Origin], Figures]] = {"int8": _int8, "fp16": _fp16}
    return {precision: make[precision](origin) for precision in precisions}


def quantise(origin: Origin) -> QuantisedDecoder:
    """Quantise the decoder on posterior samples of the training images and on draws from the prior.

    Raises:
        ModelError: the decoder has layers or a likelihood that an int8 file cannot hold.
    """
    likelihood = origin.exact.info.likelihood["name"]
    if likelihood not in INT8_LIKELIHOODS:
        raise ModelError(
            f"The likelihood must be {' or '.join(INT8_LIKELIHOODS)} for --int8, got {likelihood}.",
            hint="Export without --int8.",
        )
    exact = origin.exact
    z = np.concatenate(degradation.latents(exact, origin.images.training, seed=CALIBRATION_SEED))
    shuffled = z[np.random.default_rng(CALIBRATION_SEED).permutation(len(z))]
    rows = _side_by_side(_decoder_inputs(exact, shuffled))

    def decode(some: np.ndarray) -> np.ndarray:
        """Decode some of the rows."""
        latents, labels = np.split(some, [exact.latent_dim], axis=1)
        return exact.decode(latents, labels if exact.info.is_conditional else None)

    return tune.tune(calibrate.calibrate(layers.read(origin.decoder), rows), rows, decode)


def _decoder_inputs(model: Model, z: np.ndarray) -> Arrays:
    """Return the inputs of a decoder for latents z (N, D), with all labels in turn if it takes labels."""
    return decoder_inputs(model.info, z, degradation.labels_in_turn(model.info, len(z)))


def _side_by_side(inputs: Arrays) -> np.ndarray:
    """Join the inputs of a decoder to rows (N, D), or (N, D + K) with labels, as a quantised decoder takes them."""
    return np.concatenate([inputs[name] for name in ("z", LABEL) if name in inputs], axis=1)


def _int8(origin: Origin) -> Figures:
    quantised = quantise(origin)

    def check(file: Model, inputs: Arrays) -> Golden:
        """Check the file against numpy's integer arithmetic, and return numpy's outputs for `inputs`."""
        validation = degradation.latents(origin.exact, origin.images.validation, seed=CHECK_SEED)
        latents = np.concatenate(validation)
        count = int(np.clip(CHECKED_VALUES // np.prod(file.image_shape), 1, len(latents)))
        rows = np.linspace(0, len(latents) - 1, count).astype(np.int64)
        for arrays in (inputs, _decoder_inputs(file, latents[rows])):
            require_same(quantised, file, arrays)
        outputs = quantised.outputs(_side_by_side(inputs))
        largest = float(np.abs(outputs["logits"]).max())
        return Golden.build(inputs, outputs, {"image": 0.01, "logits": max(0.05, 0.01 * largest)})

    return _add_decoder(origin, "int8", graph.build(quantised, opset=origin.opset), check)


def _fp16(origin: Origin) -> Figures:
    encoder = _add_fp16_encoder(origin)  # first, so that the decoder's ELBO is that of both
    rounded = fp16.to_fp16(origin.graphs["decoder"])

    def check(file: Model, inputs: Arrays) -> Golden:
        """Check that each constant is the rounded float32 one, and return the file's outputs for `inputs`."""
        fp16.require_rounded(rounded, origin.graphs["decoder"])
        return Golden.build(inputs, file.outputs(inputs["z"], labels=inputs.get(LABEL)))

    return _add_decoder(origin, "fp16", rounded, check) | encoder


def _add_decoder(origin: Origin, precision: Precision, graph: onnx.ModelProto, check: Check) -> Figures:
    """Write a decoder, measure and check the file, then write it again with its degradation and golden vectors."""
    exact = origin.exact
    info = exact.info.replace(precision=precision)
    path = exact.path.parent / DECODERS[precision]
    _write(path, stamp(graph, info, origin.golden["decoder"], origin.facts))
    file = Model.open(path.parent, precision=precision)
    measured = degradation.measure(exact, file, origin.images.validation, seed=CHECK_SEED)
    degradation.require(measured, precision, values=math.prod(exact.image_shape))
    golden = check(file, origin.golden["decoder"].inputs)
    figures: Figures = dataclasses.asdict(measured)
    _write(path, stamp(graph, info.replace(quantisation=figures), golden, origin.facts))
    return figures


def _add_fp16_encoder(origin: Origin) -> Figures:
    """Do with the fp16 encoder what `_add_decoder` does; its measure is the divergence of the posteriors."""
    exact, golden = origin.exact, origin.golden["encoder"]
    graph = fp16.to_fp16(origin.graphs["encoder"])
    info = exact.info.as_part("encoder").replace(precision="fp16")
    path = exact.path.parent / ENCODERS["fp16"]
    _write(path, stamp(graph, info, golden))
    file = Model(read_part(exact.path, "decoder"), read_part(path, "encoder"), threads=None)
    divergence = degradation.posterior_divergence(exact, file, origin.images.validation)
    degradation.require_encoder(divergence)
    fp16.require_rounded(graph, origin.graphs["encoder"])
    z_mean, z_log_var = file.encode(golden.inputs["image"], labels=golden.inputs.get(LABEL))
    figures: Figures = {"kl": divergence}
    outputs = {"z_mean": z_mean, "z_log_var": z_log_var}
    _write(path, stamp(graph, info.replace(quantisation=figures), Golden.build(golden.inputs, outputs)))
    return figures


def _write(path: pathlib.Path, content: bytes) -> None:
    with translating(path):
        path.write_bytes(content)


def require_same(quantised: QuantisedDecoder, file: Model, inputs: Arrays) -> None:
    """Refuse an int8 file whose logits differ from those that numpy computes with `quantised`.

    Args:
        quantised: the decoder of the file.
        file: the opened file.
        inputs: `z` (N, D), and of a conditional decoder `label` (N, K).

    Raises:
        ParityError: more than 3 % of the logits differ, or one differs by more than 1 % of the largest logit.
    """
    logits = quantised.outputs(_side_by_side(inputs))["logits"]
    gaps = np.abs(file.outputs(inputs["z"], inputs.get(LABEL))["logits"] - logits) / np.abs(logits).max()
    changed = 1.0 - float((gaps <= SAME).mean())  # NaN counts as changed
    if changed > MAX_CHANGED or not gaps.max() <= MAX_DIFFERENCE:
        raise ParityError(
            f"{file.path.name} must compute its quantised decoder: at most {MAX_CHANGED:.0%} of the logits may "
            f"differ, by at most {MAX_DIFFERENCE:.0%} of the largest, got {changed:.2%} and {gaps.max():.2%}. "
            "Nothing was written.",
            hint="This is a bug in vaecli or onnxruntime: please report it with the model. Export without --int8.",
        )
