"""Does an exported file compute what Keras computes? Real, random and extreme inputs, three batch sizes."""

import dataclasses
import math
from collections.abc import Callable, Mapping

import numpy as np

from vaecli.errors import ParityError
from vaecli.latent.draws import standard_normal
from vaecli.modelfile.golden import KEPT_BYTES, Golden, tolerance

BATCHES = (1, 7, 64)
MOST_PIXELS = 2**22  # of a batch: larger images are compared in the smaller ones
FEWEST = 4  # inputs of a kind
EXTREME_NORM = 10.0

Outputs = Mapping[str, np.ndarray]


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


def image_inputs(validation: np.ndarray) -> dict[str, np.ndarray]:
    """Encoder inputs by kind, each (n, H, W, C) float32, n 64 or fewer: real, random, and extreme pictures.

    Args:
        validation: (N, H, W, C) uint8, real images; repeated if there are fewer than n.
    """
    shape = validation.shape[1:]
    count = max(FEWEST, *(batch for batch in BATCHES if batch * math.prod(shape[:2]) <= MOST_PIXELS))
    real = np.resize(validation, (count, *shape)).astype(np.float32) / np.float32(255)
    noise = standard_normal(0, count, int(np.prod(shape)), seed=1).reshape(count, *shape)
    extreme = np.zeros((count, *shape), np.float32)
    extreme[1::3] = 1.0
    extreme[2::3, ::2] = 1.0  # stripes
    return {"real": real, "random": np.clip(0.5 + 0.3 * noise, 0, 1), "extreme": extreme}


def latent_inputs(z_mean: np.ndarray) -> dict[str, np.ndarray]:
    """Decoder inputs by kind, each (n, D) float32: encodings of real images, the prior, and norm 10."""
    count, dim = z_mean.shape
    prior = standard_normal(0, count, dim, seed=2)
    extreme = prior / np.linalg.norm(prior, axis=1, keepdims=True) * np.float32(EXTREME_NORM)
    return {"real": z_mean, "random": prior, "extreme": extreme}


def golden(
    images: Mapping[str, np.ndarray],
    latents: Mapping[str, np.ndarray],
    encoder: Callable[[np.ndarray], Outputs],
    decoder: Callable[[np.ndarray], Outputs],
) -> dict[str, Golden]:
    """The golden vectors of both halves: three real inputs and an extreme one, with what Keras makes of them.

    The encoder gets a picture of noise too: its every pixel counts, where real ones are black at the border.
    """
    shape = images["real"].shape[1:]
    count = int(np.clip(KEPT_BYTES // (2 * 4 * int(np.prod(shape))), 2, 4)) - 1
    chosen = [images["real"][:count], images["random"][:1], images["extreme"][2:3]]
    pictures = np.rint(255 * np.concatenate(chosen)).astype(np.uint8)
    z = np.concatenate([latents["real"][:count], latents["extreme"][:1]])
    return {
        "encoder": Golden.of(pictures, encoder(pictures.astype(np.float32) / np.float32(255))),
        "decoder": Golden.of(z, decoder(z)),
    }


def compare(
    part: str,
    inputs: Mapping[str, np.ndarray],
    reference: Callable[[np.ndarray], Outputs],
    exported: Callable[[np.ndarray], Outputs],
) -> list[Difference]:
    """Differences of all outputs over all inputs, in all batch sizes for which there are enough."""
    table = []
    for kind, values in inputs.items():
        for batch in (batch for batch in BATCHES if batch <= len(values)):
            expected, got = reference(values[:batch]), exported(values[:batch])
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
