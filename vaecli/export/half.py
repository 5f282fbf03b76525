"""The fp16 decoder: the weights of the float32 one in half the bytes, computed in float32 all the same."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SMALLEST = 64  # numbers in a constant that is worth a node of its own


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
            tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}/fp16"))
        casts.append(
            helper.make_node("Cast", [tensor.name], [name], name=f"{name}/cast", to=TensorProto.FLOAT)
        )
    nodes = list(made.graph.node)
    del made.graph.node[:]
    made.graph.node.extend([*casts, *nodes])
    onnx.checker.check_model(made, full_check=True)
    return made
