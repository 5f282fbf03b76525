"""Golden vectors: a few inputs of a file and the outputs that Keras computed for them, carried in its metadata.

With them any machine can check that its onnxruntime and processor compute what was trained; `vaecli verify` does.
"""

import base64
import dataclasses
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from vaecli.errors import ModelError

KEY_GOLDEN = "vaecli.golden"

KEPT_BYTES = 2**20  # of outputs, about: of large pictures only some pixels are kept
MAX_PARTS = 10_000  # tables, lists and values of the entry
MAX_SIZE = 2**18  # of an axis
TOLERANCE = 1e-5  # of float32, relative to the largest value where that is above 1
_TYPES: Mapping[str, np.dtype[Any]] = {"uint8": np.dtype("u1"), "float32": np.dtype("<f4")}


@dataclasses.dataclass(frozen=True)
class Golden:
    """Inputs and what should come out.

    Attributes:
        inputs: (n, D) float32 latents, or (n, H, W, C) uint8 images.
        outputs: name -> (n, ...) float32; of those in `shapes` (n, m), m values evenly over the whole.
        bounds: name -> largest difference allowed; empty for a float32 file, which `tolerance` judges.
        shapes: name -> (...), the whole shape of an output that is too large to be kept.
    """

    inputs: np.ndarray
    outputs: Mapping[str, np.ndarray]
    bounds: Mapping[str, float] = dataclasses.field(default_factory=dict)
    shapes: Mapping[str, tuple[int, ...]] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(
        cls, inputs: np.ndarray, outputs: Mapping[str, np.ndarray], bounds: Mapping[str, float] | None = None
    ) -> "Golden":
        """The vectors of some inputs and whole outputs (n, ...), of which it keeps what is not too large."""
        most = KEPT_BYTES // (4 * len(inputs) * len(outputs))
        large = {
            name: array.shape[1:] for name, array in outputs.items() if math.prod(array.shape[1:]) > most
        }
        found = cls(inputs, {}, bounds or {}, large)
        kept = {name: _picked(array, most) if name in large else array for name, array in outputs.items()}
        return dataclasses.replace(found, outputs=kept)

    def shape(self, name: str) -> tuple[int, ...]:
        """Of one output as the graph gives it, without n."""
        return self.shapes.get(name, self.outputs[name].shape[1:])

    def kept(self, name: str, output: np.ndarray) -> np.ndarray:
        """Of an output (n, ...) that a graph has given, what is kept here, to be compared with `outputs[name]`."""
        return _picked(output, self.outputs[name].shape[1]) if name in self.shapes else output

    @property
    def batch(self) -> np.ndarray:
        """The inputs as the graph takes them, float32; images in [0, 1]."""
        scale = np.float32(255) if self.inputs.dtype == np.uint8 else np.float32(1)
        return self.inputs.astype(np.float32) / scale

    def to_text(self) -> str:
        """The entry for the file: JSON, arrays as base64 of their little-endian bytes."""
        return json.dumps(
            {
                "inputs": _packed(self.inputs),
                "outputs": {name: _packed(array) for name, array in self.outputs.items()},
                "bounds": dict(self.bounds),
            }
            | ({"shapes": dict(self.shapes)} if self.shapes else {})
        )


def from_text(text: str, where: str) -> Golden:
    """Read the entry of a file.

    Raises:
        ModelError: it does not fit.
    """
    try:
        if sum(text.count(mark) for mark in "[{,") > MAX_PARTS:  # each takes its memory, whatever is in it
            raise ValueError(f"more than {MAX_PARTS:,} parts")
        document = json.loads(text)
        golden = Golden(
            _unpacked(document["inputs"]),
            {str(name): _unpacked(array) for name, array in document["outputs"].items()},
            {str(name): float(bound) for name, bound in document["bounds"].items()},
            {str(name): _shape(sizes) for name, sizes in document.get("shapes", {}).items()},
        )
        if not golden.outputs or {len(golden.inputs)} != {len(array) for array in golden.outputs.values()}:
            raise ValueError("inputs and outputs of unequal number")
        if not all(0 <= bound < math.inf for bound in golden.bounds.values()):
            raise ValueError(f"bounds {golden.bounds}")
        for name, shape in golden.shapes.items():
            if golden.outputs[name].ndim != 2 or golden.outputs[name].shape[1] > math.prod(shape):
                raise ValueError(f"an output of the shape {shape} of which more is kept")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ModelError(
            f"The golden vectors of {where} do not fit: {error}.", hint="Export it again."
        ) from error
    return golden


def tolerance(output: str, expected: np.ndarray) -> float:
    """How far a float32 output may be off: pixels lie in [0, 1], other outputs may be large."""
    largest = float(np.abs(expected).max()) if expected.size else 0.0
    return TOLERANCE * (1.0 if output == "image" else max(1.0, largest))


def _packed(array: np.ndarray) -> dict[str, Any]:
    kind = "uint8" if array.dtype == np.uint8 else "float32"
    content = np.ascontiguousarray(array, _TYPES[kind]).tobytes()
    return {"dtype": kind, "shape": array.shape, "data": base64.b64encode(content).decode("ascii")}


def _unpacked(packed: Mapping[str, Any]) -> np.ndarray:
    content = base64.b64decode(packed["data"], validate=True)
    shape = _shape(packed["shape"])
    kind = _TYPES[packed["dtype"]]
    if math.prod(shape) * kind.itemsize != len(content):
        raise ValueError(f"{len(content):,} bytes for an array of the shape {shape}")
    array: np.ndarray = np.frombuffer(content, kind).reshape(shape)
    if not np.isfinite(array).all():
        raise ValueError("numbers that are none")
    return array


def _shape(sizes: Any) -> tuple[int, ...]:
    shape = tuple(sizes)
    if not all(type(size) is int and 0 < size <= MAX_SIZE for size in shape) or not 1 <= len(shape) <= 4:
        raise ValueError(f"an array of the shape {shape}")
    return shape


def _picked(output: np.ndarray, count: int) -> np.ndarray:
    """So many values of each (n, ...), evenly over all: (n, count)."""
    flat = output.reshape(len(output), -1)
    return flat[:, np.linspace(0, flat.shape[1] - 1, count).astype(np.int64)]
