"""Does an exported file compute what Keras computes? Real, random and extreme inputs, three batch sizes."""

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from vaecli.errors import ParityError
from vaecli.latent.draws import standard_normal
from vaecli.modelfile.golden import KEPT_BYTES, Golden, tolerance
from vaecli.pixels import to_float32, to_uint8

BATCHES = (1, 7, 64)
MOST_PIXELS = 2**22  # of a batch: larger images are compared in the smaller ones
FEWEST = 4  # inputs of a kind
EXTREME_NORM = 10.0

Arrays: TypeAlias = Mapping[str, np.ndarray]  # by name
ByKind: TypeAlias = Mapping[str, Arrays]  # kind of input -> named inputs
Compute: TypeAlias = Callable[[Arrays], Arrays]


@dataclasses.dataclass(frozen=True)
class Difference:
    """One line of the table: how far one output is off, for one kind of input and one batch size."""

    part: str
    inputs: str
    batch: int
    output: str
    largest: float
    mean: float
    bound: float

    @property
    def passed(self) -> bool:
        """Whether the largest difference is within the bound; not a number is not."""
        return self.largest <= self.bound


def image_inputs(validation: np.ndarray) -> ByKind:
    """Return encoder inputs by kind, each `image` (n, H, W, C) float32 with n at most 64: real, random, extreme.

    Args:
        validation: (N, H, W, C) uint8, real images; repeated if there are fewer than n.
    """
    shape = validation.shape[1:]
    count = max(FEWEST, *(batch for batch in BATCHES if batch * math.prod(shape[:2]) <= MOST_PIXELS))
    real = to_float32(np.resize(validation, (count, *shape)))
    noise = standard_normal(0, count, int(np.prod(shape)), seed=1).reshape(count, *shape)
    extreme = np.zeros((count, *shape), np.float32)
    extreme[1::3] = 1.0
    extreme[2::3, ::2] = 1.0  # stripes
    kinds = {"real": real, "random": np.clip(0.5 + 0.3 * noise, 0, 1), "extreme": extreme}
    return {kind: {"image": images} for kind, images in kinds.items()}


def latent_inputs(z_mean: np.ndarray) -> ByKind:
    """Return decoder inputs by kind, each `z` (n, D) float32: encodings of real images, the prior, norm 10."""
    count, dim = z_mean.shape
    prior = standard_normal(0, count, dim, seed=2)
    extreme = prior / np.linalg.norm(prior, axis=1, keepdims=True) * np.float32(EXTREME_NORM)
    return {kind: {"z": z} for kind, z in {"real": z_mean, "random": prior, "extreme": extreme}.items()}


def golden(images: ByKind, latents: ByKind, encoder: Compute, decoder: Compute) -> dict[str, Golden]:
    """Compute the golden vectors of both halves: up to three real inputs and an extreme one, with Keras' outputs.

    The encoder gets a picture of noise, too: all of its pixels matter, where real ones are black at the border.
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
    as_float = {name: to_float32(array) for name, array in encoder_inputs.items()}
    return {
        "encoder": Golden.build(encoder_inputs, encoder(as_float)),
        "decoder": Golden.build(decoder_inputs, decoder(decoder_inputs)),
    }


def compare(part: str, inputs: ByKind, reference: Compute, exported: Compute) -> list[Difference]:
    """Compute the differences of all outputs on all inputs, in each batch size for which there are enough."""
    table = []
    for kind, arrays in inputs.items():
        count = len(next(iter(arrays.values())))
        for batch in (batch for batch in BATCHES if batch <= count):
            part_of_inputs = {name: array[:batch] for name, array in arrays.items()}
            expected, got = reference(part_of_inputs), exported(part_of_inputs)
            table += [_difference(part, kind, name, expected[name], got[name]) for name in expected]
    return table


def _difference(part: str, kind: str, name: str, expected: np.ndarray, got: np.ndarray) -> Difference:
    batch = len(expected)
    if expected.shape != got.shape:
        return Difference(part, kind, batch, name, float("inf"), float("inf"), tolerance(name, expected))
    gaps = np.abs(expected.astype(np.float64) - got)
    bound = tolerance(name, expected)
    return Difference(part, kind, batch, name, float(gaps.max()), float(gaps.mean()), bound)


def require(table: list[Difference]) -> None:
    """Refuse an export that is off.

    Raises:
        ParityError: naming the worst line.
    """
    failed = [line for line in table if not line.passed]
    if failed:
        worst = max(failed, key=lambda line: np.nan_to_num(line.largest / line.bound, nan=np.inf))
        raise ParityError(
            f"The exported {worst.part} is off: `{worst.output}` differs by up to {worst.largest:.2g} on "
            f"{worst.inputs} inputs in a batch of {worst.batch}; at most {worst.bound:.2g} was expected "
            f"({len(failed)} of {len(table)} checks failed). Nothing was written.",
            hint="Please report this with the model: it is a bug in vaecli, tf2onnx or onnxruntime.",
        )
