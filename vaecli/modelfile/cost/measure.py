"""Memory and multiplications that a graph needs per image, computed from its shapes alone.

A small file can require much memory: forty Concats that each double an array, or many strides of 16. Therefore
the output shape of each operator is computed here before onnxruntime allocates anything; the batch size N stays
symbolic. A shape that cannot be computed is refused.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from vaecli.modelfile import operators
from vaecli.modelfile.cost.values import ELEMENT_TYPES, MAX_INTEGERS, Result, Value, padded
from vaecli.modelfile.graph import Graph, Node, Tensor
from vaecli.modelfile.protobuf import WireError

# Per image: 2 GiB of float32. The classic network takes 2^28.8 for a picture of 1,000 x 1,000.
MAX_ELEMENTS = 2**29
# Per image: about one second of one core. The classic network takes 7,432 per pixel, 9,800 in int8, and 2^33.2
# for the largest picture within MAX_ELEMENTS; another network may take nearly twice as much.
MAX_MACS = 2**34
# Held once, beside the constants: a reordered copy of the weights for each operator that multiplies by them, and
# float16 constants as float32. `export` uses no large constant twice; copies of small constants are free.
MAX_COPIES, FREE_COPIES = 4, 2**24
MAX_AXES = 8
_NUMBERS = {"int32": "<i4", "int64": "<i8"}


class Cost(NamedTuple):
    """The cost of one image.

    Attributes:
        elements: array elements held at a time, scratch memory included.
        macs: multiplications.
    """

    elements: int
    macs: int


def measure(graph: Graph, content: bytes) -> Cost:
    """Compute all shapes, compare those of the outputs with the declared ones, and add up the cost.

    Raises:
        WireError: a shape cannot be computed or does not fit, or the cost is beyond the limits.
    """
    values: dict[str, Value] = {}
    for name, tensor in graph.tensors.items():
        _put(values, name, _constant(tensor, content))
    for name, declared in graph.inputs.items():
        _put(values, name, Value("float32", declared))
    elements, macs, copies = sum(values[name].size for name in graph.inputs), 0, 0
    max_copies = max(FREE_COPIES, MAX_COPIES * sum(tensor.size for tensor in graph.tensors.values()))
    for node in graph.nodes:
        result = _apply(node, values)
        output = result.output
        elements += result.scratch + (_held(output) if output.is_batched else 0)
        macs += result.macs
        copies += result.prepacked + (0 if output.is_batched else output.size)
        if elements > MAX_ELEMENTS or macs > MAX_MACS or copies > max_copies:
            raise WireError(
                f"its operators up to {_shown(node)} take more memory or time than any picture needs"
            )
        _put(values, node.outputs[0], output)
    for name, declared in graph.outputs.items():
        if values.get(name, Value("", ()))[:2] != ("float32", declared):
            raise WireError(f"its output {name[:40]!r} must have the type and shape that the file declares")
    return Cost(elements, macs)


def _constant(tensor: Tensor, content: bytes) -> Value:
    name, _ = ELEMENT_TYPES[tensor.element_type]
    if name not in _NUMBERS or tensor.size > MAX_INTEGERS or len(tensor.shape) > 1:
        return Value(name, tensor.shape)
    numbers = np.frombuffer(content, _NUMBERS[name], tensor.size, tensor.span[0])
    return Value(name, tensor.shape, tuple(int(number) for number in numbers))


def _put(values: dict[str, Value], name: str, value: Value) -> None:
    if not name or name in values:
        raise WireError(f"each of its values must have a name of its own, got {name[:80]!r} twice or empty")
    values[name] = value


def _held(value: Value) -> int:
    """Return the number of elements that an output takes in memory; onnxruntime pads its channels."""
    if value.element_type != "float32" or len(value.shape) != 4:
        return value.size
    return value.size // value.item_shape[0] * padded(value.item_shape[0])


def _apply(node: Node, values: Mapping[str, Value]) -> Result:
    try:
        result = operators.apply(node.operator, [values[name] for name in node.inputs], node.attributes)
        if min(result.output.item_shape, default=1) < 1 or len(result.output.shape) > MAX_AXES:
            raise ValueError(
                f"an output must have at most {MAX_AXES} axes of size 1 or more, got {result.output.shape}"
            )
        if len(node.outputs) != 1:
            raise ValueError(f"a node must have 1 output, got {len(node.outputs)}")
    except (LookupError, ValueError, TypeError, AttributeError, ArithmeticError) as error:
        raise WireError(f"the shapes at its {_shown(node)} do not fit ({str(error)[:200]})") from error
    return result


def _shown(node: Node) -> str:
    return f"{node.operator} -> {', '.join(node.outputs)[:80]!r}"
