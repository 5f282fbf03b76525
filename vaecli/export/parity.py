"""Parity: the difference between an exported file and Keras on real, random and extreme inputs."""

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from vaecli.errors import ParityError
from vaecli.latent.draws import standard_normal
from vaecli.modelfile.golden import KEPT_BYTES, Golden, tolerance
from vaecli.modelfile.metadata import LABEL
from vaecli.pixels import to_float32, to_uint8

BATCHES = (1, 7, 64)
MAX_PIXELS = 2**22  # of a batch: larger images are compared in small batches only
MIN_INPUTS = 4  # of each kind
EXTREME_NORM = 10.0

Arrays: TypeAlias = Mapping[str, np.ndarray]  # by name
ByKind: TypeAlias = Mapping[str, Arrays]  # kind of input -> named inputs
Compute: TypeAlias = Callable[[Arrays], Arrays]


@dataclasses.dataclass(frozen=True)
class Difference:
    """One row of the parity table: the difference of one output, for one kind of input and one batch size.

    Attributes:
        part: `encoder` or `decoder`.
        inputs: the kind of input: `real`, `random` or `extreme`.
        batch: the batch size.
        output: the name of the output.
        largest: the largest absolute difference; infinite for an output of another shape.
        mean: the mean absolute difference.
        bound: the largest difference that is allowed.
    """

    part: str
    inputs: str
    batch: int
    output: str
    largest: float
    mean: float
    bound: float

    @property
    def passed(self) -> bool:
        """Return whether the largest difference is at most the bound; false for NaN."""
        return self.largest <= self.bound


def image_inputs(validation: np.ndarray) -> ByKind:
    """Return encoder inputs by kind, each `image` (n, H, W, C) float32 with n at most 64: real, random, extreme.

    Args:
        validation: (N, H, W, C) uint8, real images; repeated if there are fewer than n.
    """
    shape = validation.shape[1:]
    count = max(MIN_INPUTS, *(batch for batch in BATCHES if batch * math.prod(shape[:2]) <= MAX_PIXELS))
    real = to_float32(np.resize(validation, (count, *shape)))
    noise = standard_normal(0, count, int(np.prod(shape)), seed=1).reshape(count, *shape)
    extreme = np.zeros((count, *shape), np.float32)
    extreme[1::3] = 1.0
    extreme[2::3, ::2] = 1.0  # stripes
    kinds = {"real": real, "random": np.clip(0.5 + 0.3 * noise, 0, 1), "extreme": extreme}
    return {kind: {"image": images} for kind, images in kinds.items()}


def latent_inputs(z_mean: np.ndarray) -> ByKind:
    """Return decoder inputs, each `z` (n, D) float32: real `z_mean` itself, random prior draws, extreme norm 10."""
    count, dim = z_mean.shape
    prior = standard_normal(0, count, dim, seed=2)
    extreme = prior / np.linalg.norm(prior, axis=1, keepdims=True) * np.float32(EXTREME_NORM)
    return {kind: {"z": z} for kind, z in {"real": z_mean, "random": prior, "extreme": extreme}.items()}


def with_labels(inputs: ByKind, count: int) -> ByKind:
    """Return inputs by kind with a `label` (n, K) of `count` classes in turn, then of none; 0 adds no labels."""
    if not count:
        return inputs
    rows = np.concatenate([np.eye(count, dtype=np.float32), np.zeros((1, count), np.float32)])
    return {
        kind: {**arrays, LABEL: np.resize(rows, (len(next(iter(arrays.values()))), count))}
        for kind, arrays in inputs.items()
    }


def golden(images: ByKind, latents: ByKind, encoder: Compute, decoder: Compute) -> dict[str, Golden]:
    """Compute the golden vectors of encoder and decoder: one to three real inputs, an extreme one, Keras' outputs.

    The encoder also gets a picture of noise: all its pixels matter, while real pictures may be black at the border.
    The inputs that are not real come last, `golden.MADE_INPUTS` of them: a page without pictures keeps those alone.

    Raises:
        ParityError: an output is NaN or infinite, so that no file could be compared with it.
    """
    shape = images["real"]["image"].shape[1:]
    count = int(np.clip(KEPT_BYTES // (2 * 4 * int(np.prod(shape))), 2, 4)) - 1
    selected = [
        images["real"]["image"][:count],
        images["random"]["image"][:1],
        images["extreme"]["image"][2:3],
    ]
    encoder_inputs = {"image": to_uint8(np.concatenate(selected))}
    decoder_inputs = {"z": np.concatenate([latents["real"]["z"][:count], latents["extreme"]["z"][:1]])}
    for arrays, kinds in ((encoder_inputs, images), (decoder_inputs, latents)):
        if LABEL in kinds["real"]:
            arrays[LABEL] = kinds["real"][LABEL][: len(next(iter(arrays.values())))]
    as_float = {name: to_float32(array) for name, array in encoder_inputs.items()}
    return {
        "encoder": Golden.build(encoder_inputs, _finite(encoder(as_float))),
        "decoder": Golden.build(decoder_inputs, _finite(decoder(decoder_inputs))),
    }


def _finite(outputs: Arrays) -> Arrays:
    for name, array in outputs.items():
        if not np.isfinite(array).all():
            raise ParityError(
                f"The network's output `{name}` must be finite, got NaN or infinity. Nothing was written.",
                hint="Train again with a lower --learning-rate.",
            )
    return outputs


def compare(part: str, inputs: ByKind, reference: Compute, exported: Compute) -> list[Difference]:
    """Compare all outputs of `exported` with `reference`, per kind of input and batch size (1, 7, 64).

    A batch size above the number of inputs is left out.
    """
    table = []
    for kind, arrays in inputs.items():
        count = len(next(iter(arrays.values())))
        for batch in (batch for batch in BATCHES if batch <= count):
            batch_inputs = {name: array[:batch] for name, array in arrays.items()}
            expected, actual = reference(batch_inputs), exported(batch_inputs)
            table += [_difference(part, kind, name, expected[name], actual[name]) for name in expected]
    return table


def _difference(part: str, kind: str, name: str, expected: np.ndarray, actual: np.ndarray) -> Difference:
    batch, bound = len(expected), tolerance(name, expected)
    if expected.shape != actual.shape:
        return Difference(part, kind, batch, name, math.inf, math.inf, bound)
    gaps = np.abs(expected.astype(np.float64) - actual)
    return Difference(part, kind, batch, name, float(gaps.max()), float(gaps.mean()), bound)


def require(table: list[Difference]) -> None:
    """Refuse an export if any difference in `table` is above its bound, or NaN.

    Raises:
        ParityError: a difference is too large; the error names the one that exceeds its bound most.
    """
    failed = [row for row in table if not row.passed]
    if failed:
        worst = max(failed, key=lambda row: np.nan_to_num(row.largest / row.bound, nan=np.inf))
        largest = "NaN" if math.isnan(worst.largest) else f"{worst.largest:.2g}"
        raise ParityError(
            f"The exported {worst.part} must differ from Keras by at most {worst.bound:.2g}, got {largest}: output "
            f"`{worst.output}`, {worst.inputs} inputs, batch size {worst.batch} ({len(failed)} of {len(table)} "
            "checks failed). Nothing was written.",
            hint="This is a bug in vaecli, tf2onnx or onnxruntime: please report it with the model.",
        )
