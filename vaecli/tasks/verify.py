"""`vaecli verify`: do the files of a model compute here what Keras computed where they were made?"""

import dataclasses
import pathlib
from collections.abc import Mapping

import numpy as np

from vaecli.errors import ModelError
from vaecli.modelfile.cost.values import FreeShape
from vaecli.modelfile.find import read_all
from vaecli.modelfile.golden import tolerance
from vaecli.modelfile.read import ModelFile
from vaecli.runtime.session import Session


@dataclasses.dataclass(frozen=True)
class Verified:
    """One line of the table: one output of one file, on its golden inputs.

    Attributes:
        file: its name.
        output: of the graph.
        count: of the inputs.
        largest: difference to what Keras computed, of the input that comes nearest to its bound or goes furthest
            beyond; infinite for an output of another shape.
        bound: that this input has to keep.
    """

    file: str
    output: str
    count: int
    largest: float
    bound: float

    @property
    def passed(self) -> bool:
        """Whether the difference is within the bound; not a number is not."""
        return self.largest <= self.bound


def verify(path: pathlib.Path) -> list[Verified]:
    """Run the golden vectors of every file of a model with this machine's onnxruntime and processor.

    Args:
        path: a run, a model folder or a decoder file; the files beside it are checked too.

    Returns:
        One line for each output of each file.

    Raises:
        ModelError: a file is missing or damaged, carries no golden vectors, or belongs to another model.
    """
    return [line for file in read_all(path) for line in _verify(file)]


def _verify(file: ModelFile) -> list[Verified]:
    vectors = file.golden()
    inputs = {name: array.shape[1:] for name, array in vectors.inputs.items()}
    outputs = {name: vectors.shape(name) for name in vectors.outputs}
    if inputs != _item_shapes(file.graph.inputs) or outputs != _item_shapes(file.graph.outputs):
        raise ModelError(f"The golden vectors of {file.path} are not for its graph.", hint="Export it again.")
    got = Session(file, thread_count=1).run(vectors.batch)
    return [
        _compared(file, name, expected, vectors.kept(name, got[name]), vectors.bounds.get(name))
        for name, expected in vectors.outputs.items()
    ]


def _item_shapes(shapes: Mapping[str, FreeShape]) -> dict[str, FreeShape]:
    """The shapes of inputs or outputs without the batch axis."""
    return {name: shape[1:] for name, shape in shapes.items()}


def _compared(
    file: ModelFile, name: str, expected: np.ndarray, got: np.ndarray, given: float | None
) -> Verified:
    """The input that comes nearest to its bound, or goes furthest beyond; an extreme one has a wider bound."""
    bounds = np.array([tolerance(name, row) for row in expected])
    if given is not None and file.info.precision == "int8":  # the others compute in float32
        bounds[:] = given
    if got.shape != expected.shape:
        return Verified(file.path.name, name, len(expected), np.inf, float(bounds[0]))
    gaps = np.abs(got.astype(np.float64) - expected).reshape(len(expected), -1).max(axis=1)
    worst = int(np.argmax(np.nan_to_num(gaps / np.maximum(bounds, 1e-30), nan=np.inf)))
    return Verified(file.path.name, name, len(expected), float(gaps[worst]), float(bounds[worst]))
