"""Golden vectors: a few inputs of a file and the outputs that Keras computed for them, stored in its metadata.

`vaecli verify` compares them with what this machine's onnxruntime and processor compute.
"""

import dataclasses
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from vaecli.errors import ModelError
from vaecli.modelfile.arrays import MALFORMED, check_shape, load, pack, unpack
from vaecli.pixels import to_float32

KEY_GOLDEN = "vaecli.golden"

KEPT_BYTES = 2**20  # of outputs, about; only some pixels of large pictures are kept
MAX_INPUTS = 16  # each is run by `verify`, and may take a second; `export` writes at most 5
MADE_INPUTS = {
    "encoder": 2,
    "decoder": 1,
}  # at the end of a file's inputs, after those of real images; by part
TOLERANCE = 1e-5  # of float32; relative to the largest value if that is above 1


@dataclasses.dataclass(frozen=True)
class Golden:
    """Inputs and expected outputs.

    Attributes:
        inputs: name -> (n, ...), float32, or uint8 for images.
        outputs: name -> (n, ...) float32. An output that is in `shapes` has only m values, evenly spaced: (n, m).
        bounds: name -> largest allowed difference; empty for a float32 file, for which `tolerance` gives it.
        shapes: name -> full shape (...) of an output of which only some values are kept.
    """

    inputs: Mapping[str, np.ndarray]
    outputs: Mapping[str, np.ndarray]
    bounds: Mapping[str, float] = dataclasses.field(default_factory=dict)
    shapes: Mapping[str, tuple[int, ...]] = dataclasses.field(default_factory=dict)

    @classmethod
    def build(
        cls,
        inputs: Mapping[str, np.ndarray],
        outputs: Mapping[str, np.ndarray],
        bounds: Mapping[str, float] | None = None,
    ) -> "Golden":
        """Build golden vectors from inputs and outputs (n, ...); of large outputs only some values are kept."""
        most = KEPT_BYTES // (4 * _count(inputs) * len(outputs))
        shapes = {
            name: array.shape[1:] for name, array in outputs.items() if math.prod(array.shape[1:]) > most
        }
        kept = {
            name: _evenly(array, most) if name in shapes else array.astype(np.float32)
            for name, array in outputs.items()
        }
        return cls(inputs, kept, bounds or {}, shapes)

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of one output of the graph, without n."""
        return self.shapes.get(name, self.outputs[name].shape[1:])

    def kept(self, name: str, output: np.ndarray) -> np.ndarray:
        """Return the values of a fresh output (n, ...) that compare with `outputs[name]`."""
        return _evenly(output, self.outputs[name].shape[1]) if name in self.shapes else output

    def without_real(self, part: str) -> "Golden":
        """Return the vectors of inputs that are neither real images nor latents of such: those at the end."""
        count = MADE_INPUTS[part]
        inputs, outputs = (
            {name: array[-count:] for name, array in arrays.items()} for arrays in (self.inputs, self.outputs)
        )
        return dataclasses.replace(self, inputs=inputs, outputs=outputs)

    def shortened(self, most: int, *, keep: str) -> "Golden":
        """Return vectors of which each output but `keep` has at most `most` values, evenly spaced."""
        large = {
            name: array
            for name, array in self.outputs.items()
            if name != keep and math.prod(array.shape[1:]) > most and name not in self.shapes
        }
        return dataclasses.replace(
            self,
            outputs={**self.outputs, **{name: _evenly(array, most) for name, array in large.items()}},
            shapes={**self.shapes, **{name: array.shape[1:] for name, array in large.items()}},
        )

    @property
    def batch(self) -> dict[str, np.ndarray]:
        """The inputs as the graph takes them: name -> (n, ...) float32, images in [0, 1]."""
        return {name: to_float32(array) for name, array in self.inputs.items()}

    def to_text(self) -> str:
        """Encode the golden vectors as JSON, for the metadata entry."""
        return json.dumps(
            {
                "inputs": {name: pack(array) for name, array in self.inputs.items()},
                "outputs": {name: pack(array) for name, array in self.outputs.items()},
                "bounds": dict(self.bounds),
                "shapes": dict(self.shapes),
            }
        )


def from_text(text: str, where: str) -> Golden:
    """Decode golden vectors from the metadata entry of a file.

    Raises:
        ModelError: the entry is malformed.
    """
    try:
        document = load(text)
        golden = Golden(
            {str(name): unpack(array) for name, array in document["inputs"].items()},
            {str(name): unpack(array) for name, array in document["outputs"].items()},
            {str(name): float(bound) for name, bound in document["bounds"].items()},
            {str(name): check_shape(sizes) for name, sizes in document["shapes"].items()},
        )
        _check(golden)
    except MALFORMED as error:
        raise ModelError(
            f"The golden vectors of {where} do not fit: {str(error)[:200]}.", hint="Export it again."
        ) from error
    return golden


def tolerance(output: str, expected: np.ndarray) -> float:
    """Return the largest allowed difference of a float32 output; outputs other than pixels may be large."""
    largest = float(np.abs(expected).max()) if expected.size else 0.0
    return TOLERANCE * (1.0 if output == "image" else max(1.0, largest))


def _check(golden: Golden) -> None:
    counts = {len(array) for array in (*golden.inputs.values(), *golden.outputs.values())}
    if not golden.inputs or not golden.outputs or len(counts) != 1 or max(counts) > MAX_INPUTS:
        raise ValueError(
            f"inputs and outputs must have one length, at most {MAX_INPUTS}, got {sorted(counts)}"
        )
    if any(array.dtype not in (np.uint8, np.float32) for array in golden.inputs.values()):
        raise ValueError("an input must be uint8 or float32")
    if any(array.dtype != np.float32 for array in golden.outputs.values()):
        raise ValueError("an output must be float32")
    if not all(0 <= bound < math.inf for bound in golden.bounds.values()):
        raise ValueError(f"bounds must be finite and at least 0, got {golden.bounds}")
    if unknown := sorted(golden.shapes.keys() - golden.outputs.keys()):
        raise ValueError(f"shapes must name outputs, got {unknown[0][:40]!r}")
    for name, shape in golden.shapes.items():
        if golden.outputs[name].ndim != 2 or golden.outputs[name].shape[1] > math.prod(shape):
            raise ValueError(
                f"kept values of an output {shape} must be (N, n), n at most {math.prod(shape):,}"
            )


def _count(inputs: Mapping[str, Any]) -> int:
    return len(next(iter(inputs.values())))


def _evenly(output: np.ndarray, count: int) -> np.ndarray:
    """Return `count` evenly spaced values of each item of (n, ...): (n, count) float32."""
    flat = output.reshape(len(output), -1)
    return flat[:, np.linspace(0, flat.shape[1] - 1, count).astype(np.int64)].astype(np.float32)
