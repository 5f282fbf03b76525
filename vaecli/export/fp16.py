"""The fp16 files: weights stored as float16, all computations in float32."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from vaecli.errors import ParityError

SMALLEST = 64  # values in a constant; below, a Cast node would take more bytes than float16 saves
SUFFIX = "/fp16"


def to_fp16(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a copy of a float32 graph with large constants in float16, each followed by a Cast to float32.

    A runtime computes the Casts once, when it opens the file.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    casts = []
    for tensor in copy.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < SMALLEST:
            continue
        name = tensor.name
        with np.errstate(over="ignore"):  # `require_rounded` and the measured degradation see infinities
            tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), name + SUFFIX))
        casts.append(
            helper.make_node("Cast", [tensor.name], [name], name=f"{name}/cast", to=TensorProto.FLOAT)
        )
    nodes = list(copy.graph.node)
    del copy.graph.node[:]
    copy.graph.node.extend([*casts, *nodes])
    onnx.checker.check_model(copy, full_check=True)
    return copy


def require_rounded(graph: onnx.ModelProto, source: onnx.ModelProto) -> None:
    """Refuse an fp16 graph unless each constant equals that of `source`, exactly or after rounding to float16.

    Raises:
        ParityError: names a constant that differs or is missing.
    """
    constants = {entry.name: numpy_helper.to_array(entry) for entry in graph.graph.initializer}
    for tensor in source.graph.initializer:
        values = numpy_helper.to_array(tensor)
        rounded = constants.get(tensor.name + SUFFIX)
        with np.errstate(over="ignore"):
            expected = values if rounded is None else values.astype(np.float16)
        actual = constants.get(tensor.name) if rounded is None else rounded
        if actual is None or not np.array_equal(actual, expected):
            raise ParityError(
                f"The constant {tensor.name!r} of the fp16 file must be the rounded float32 one, but differs. "
                "Nothing was written.",
                hint="This is a bug in vaecli: please report it with the model. Export without --fp16.",
            )
