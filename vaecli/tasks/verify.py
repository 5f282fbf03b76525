"""`vaecli verify`: check that a model's files compute on this machine what Keras computed at their export."""

import dataclasses
import math
import os
from collections.abc import Mapping

import numpy as np

from vaecli.errors import ModelError
from vaecli.modelfile.cost.values import FreeShape
from vaecli.modelfile.find import read_all
from vaecli.modelfile.golden import tolerance
from vaecli.modelfile.read import ModelFile
from vaecli.paths import user_path
from vaecli.runtime.priors import Priors
from vaecli.runtime.session import Session


@dataclasses.dataclass(frozen=True)
class Verified:
    """One row of the table: one output of one file, on the file's golden inputs.

    Attributes:
        file: the file's name.
        output: the output's name.
        count: number of golden inputs.
        largest: the largest difference from the stored output on the worst input, that with the largest ratio of
            difference to bound; infinite for an output of another shape.
        bound: the largest difference that is allowed on the worst input.
    """

    file: str
    output: str
    count: int
    largest: float
    bound: float

    @property
    def passed(self) -> bool:
        """Return whether the difference is within the bound; NaN is not."""
        return self.largest <= self.bound


def verify(path: str | os.PathLike[str]) -> list[Verified]:
    """Run the golden vectors of every file of a model with this machine's onnxruntime and processor.

    Args:
        path: a run, a model folder or a decoder file; the files beside it are checked, too.

    Returns:
        A row for each output of each file.

    Raises:
        ModelError: a file is missing or damaged, carries no golden vectors, belongs to another model, or has not
            the prior that it names.
    """
    files = read_all(user_path(path, option="--model", error=ModelError))
    for file in files:
        _require_priors(file)
    return [row for file in files for row in _verify(file)]


def _verify(file: ModelFile) -> list[Verified]:
    golden = file.golden()
    inputs = {name: array.shape[1:] for name, array in golden.inputs.items()}
    outputs = {name: golden.shape(name) for name in golden.outputs}
    if inputs != _item_shapes(file.graph.inputs) or outputs != _item_shapes(file.graph.outputs):
        raise ModelError(
            f"The golden vectors of {file.path} must have the inputs and outputs of its graph, but differ.",
            hint="Export it again.",
        )
    computed = Session(file, thread_count=1).run(golden.batch)
    return [
        _compare(file, name, expected, golden.kept(name, computed[name]), golden.bounds.get(name))
        for name, expected in golden.outputs.items()
    ]


def _require_priors(file: ModelFile) -> None:
    """Build all priors that a decoder file holds.

    Raises:
        ModelError: one is missing or does not fit.
    """
    if file.info.part != "decoder":
        return
    priors = Priors(file)
    priors.get()
    for number in range(len(priors.class_names)):
        if priors.has_class(number):
            priors.of_class(number)


def _item_shapes(shapes: Mapping[str, FreeShape]) -> dict[str, FreeShape]:
    """Return the shapes of inputs or outputs without the batch axis."""
    return {name: shape[1:] for name, shape in shapes.items()}


def _compare(
    file: ModelFile, name: str, expected: np.ndarray, actual: np.ndarray, stored_bound: float | None
) -> Verified:
    """Compare one output (n, ...) on n inputs; each input has its own bound, larger for larger outputs.

    For an int8 file, the bound stored in it replaces those of all inputs.
    """
    bounds = np.array([tolerance(name, item) for item in expected])
    if stored_bound is not None and file.info.precision == "int8":
        bounds[:] = stored_bound
    if actual.shape != expected.shape:
        return Verified(file.path.name, name, len(expected), math.inf, float(bounds[0]))
    gaps = np.abs(actual.astype(np.float64) - expected).reshape(len(expected), -1).max(axis=1)
    worst = int(np.argmax(np.nan_to_num(gaps / np.maximum(bounds, 1e-30), nan=np.inf)))
    return Verified(file.path.name, name, len(expected), float(gaps[worst]), float(bounds[worst]))
