"""The fp16 decoder: the weights of the float32 one in half the bytes, computed in float32 all the same."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from vaecli.errors import ParityError

SMALLEST = 64  # numbers in a constant that is worth a node of its own
SUFFIX = "/fp16"


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of a float32 graph: its large constants as float16, each with a Cast that a runtime folds away."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    casts = []
    for tensor in made.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < SMALLEST:
            continue
        name = tensor.name
        with np.errstate(over="ignore"):  # the check of the file finds what float16 cannot hold
            tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), name + SUFFIX))
        casts.append(
            helper.make_node("Cast", [tensor.name], [name], name=f"{name}/cast", to=TensorProto.FLOAT)
        )
    nodes = list(made.graph.node)
    del made.graph.node[:]
    made.graph.node.extend([*casts, *nodes])
    onnx.checker.check_model(made, full_check=True)
    return made


def require_rounded(made: onnx.ModelProto, source: onnx.ModelProto) -> None:
    """Refuse a graph whose constants are not those of its float32 source, as they are or rounded to float16.

    Raises:
        ParityError: naming one that is something else, or that is missing.
    """
    found = {entry.name: numpy_helper.to_array(entry) for entry in made.graph.initializer}
    for tensor in source.graph.initializer:
        values = numpy_helper.to_array(tensor)
        rounded = found.get(tensor.name + SUFFIX)
        with np.errstate(over="ignore"):
            expected = values if rounded is None else values.astype(np.float16)
        got = found.get(tensor.name) if rounded is None else rounded
        if got is None or not np.array_equal(got, expected):
            raise ParityError(
                f"The fp16 decoder is off: its constant {tensor.name!r} is not the float32 one, rounded. "
                "Nothing was written.",
                hint="Please report this with the model: it is a bug in vaecli. Export without --fp16.",
            )
