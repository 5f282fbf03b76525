"""Golden vectors: a few inputs of a file and the outputs that Keras computed for them, carried in its metadata.

With them any machine can check that its onnxruntime and processor compute what was trained; `vaecli verify` does.
"""

import dataclasses
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from vaecli.errors import ModelError
from vaecli.modelfile.arrays import check_shape, pack, unpack
from vaecli.pixels import to_float32

KEY_GOLDEN = "vaecli.golden"

KEPT_BYTES = 2**20  # of outputs, about; of large pictures only some pixels are kept
MAX_PARTS = 10_000  # tables, lists and values of the entry
TOLERANCE = 1e-5  # of float32, relative to the largest value where that is above 1


@dataclasses.dataclass(frozen=True)
class Golden:
    """Inputs and expected outputs.

    Attributes:
        inputs: name -> (n, ...), float32, or uint8 for images.
        outputs: name -> (n, ...) float32; for outputs in `shapes` (n, m), m values spread evenly over the output.
        bounds: name -> largest allowed difference; empty for a float32 file, which `tolerance` judges.
        shapes: name -> (...), the full shape of an output that is too large to be kept.
    """

    inputs: Mapping[str, np.ndarray]
    outputs: Mapping[str, np.ndarray]
    bounds: Mapping[str, float] = dataclasses.field(default_factory=dict)
    shapes: Mapping[str, tuple[int, ...]] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(
        cls,
        inputs: Mapping[str, np.ndarray],
        outputs: Mapping[str, np.ndarray],
        bounds: Mapping[str, float] | None = None,
    ) -> "Golden":
        """Build the vectors from inputs and complete outputs (n, ...); large outputs are thinned out."""
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
        """The shape of one output of the graph, without n."""
        return self.shapes.get(name, self.outputs[name].shape[1:])

    def kept(self, name: str, output: np.ndarray) -> np.ndarray:
        """The stored subset of a fresh output (n, ...), to compare with `outputs[name]`."""
        return _evenly(output, self.outputs[name].shape[1]) if name in self.shapes else output

    @property
    def batch(self) -> dict[str, np.ndarray]:
        """The inputs as the graph takes them: name -> (n, ...) float32; images in [0, 1]."""
        return {name: to_float32(array) for name, array in self.inputs.items()}

    def to_text(self) -> str:
        """Encode the metadata entry as JSON."""
        return json.dumps(
            {
                "inputs": {name: pack(array) for name, array in self.inputs.items()},
                "outputs": {name: pack(array) for name, array in self.outputs.items()},
                "bounds": dict(self.bounds),
                "shapes": dict(self.shapes),
            }
        )


def from_text(text: str, where: str) -> Golden:
    """Decode the metadata entry of a file.

    Raises:
        ModelError: the entry does not fit.
    """
    try:
        if sum(text.count(mark) for mark in "[{,") > MAX_PARTS:  # each takes memory, whatever it holds
            raise ValueError(f"they have more than {MAX_PARTS:,} parts")
        document = json.loads(text)
        golden = Golden(
            {str(name): unpack(array) for name, array in document["inputs"].items()},
            {str(name): unpack(array) for name, array in document["outputs"].items()},
            {str(name): float(bound) for name, bound in document["bounds"].items()},
            {str(name): check_shape(sizes) for name, sizes in document["shapes"].items()},
        )
        _check(golden)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ModelError(
            f"The golden vectors of {where} do not fit: {error}.", hint="Export it again."
        ) from error
    return golden


def tolerance(output: str, expected: np.ndarray) -> float:
    """The largest allowed difference of a float32 output: pixels lie in [0, 1], other outputs may be large."""
    largest = float(np.abs(expected).max()) if expected.size else 0.0
    return TOLERANCE * (1.0 if output == "image" else max(1.0, largest))


def _check(golden: Golden) -> None:
    counts = {len(array) for array in (*golden.inputs.values(), *golden.outputs.values())}
    if not golden.inputs or not golden.outputs or len(counts) != 1:
        raise ValueError(f"inputs and outputs must have one length, got {sorted(counts)}")
    if any(array.dtype not in (np.uint8, np.float32) for array in golden.inputs.values()):
        raise ValueError("an input must be uint8 or float32")
    if not all(0 <= bound < math.inf for bound in golden.bounds.values()):
        raise ValueError(f"bounds must be finite and at least 0, got {golden.bounds}")
    for name, shape in golden.shapes.items():
        if golden.outputs[name].ndim != 2 or golden.outputs[name].shape[1] > math.prod(shape):
            raise ValueError(f"an output of the shape {shape} keeps more values than it has")


def _count(inputs: Mapping[str, Any]) -> int:
    return len(next(iter(inputs.values())))


def _evenly(output: np.ndarray, count: int) -> np.ndarray:
    """`count` values of each of (n, ...), spread evenly: (n, count) float32."""
    flat = output.reshape(len(output), -1)
    return flat[:, np.linspace(0, flat.shape[1] - 1, count).astype(np.int64)].astype(np.float32)
