"""How large everything in a graph will be, worked out on paper before onnxruntime allocates anything.

A few bytes can ask for a lot: a Concat that doubles forty times, a stride of 16 again and again. So each operator's
output shape is computed here from the shapes alone, for an image, N being left open. What cannot be worked out is
refused.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from vaecli.modelfile import operators
from vaecli.modelfile.cost.values import ELEMENT_TYPES, FEW, Result, Value, filled_up
from vaecli.modelfile.graph import Graph, Node, Tensor
from vaecli.modelfile.protobuf import WireError

# An image: 2 GiB of float32. In the classic network, a picture of 1,000 x 1,000 takes 2^28.8.
MAX_ELEMENTS = 2**29
# An image: a second or so of one core. The classic network takes 7,432 a pixel, 9,800 in int8, and 2^33.2 for the
# largest picture that MAX_ELEMENTS lets through; another network may take nearly twice as much.
MAX_PRODUCTS = 2**34
# Held once, beside the constants themselves: a copy of the weights for each operator that multiplies by them, and
# float16 constants as float32. Export writes no large constant that is used twice; of small ones, nobody counts.
MAX_COPIES, FREE_COPIES = 4, 2**24
MAX_AXES = 8
_NUMBERS = {"int32": "<i4", "int64": "<i8"}


class Cost(NamedTuple):
    """Of one image: elements held, scratch space included, and multiplications."""

    elements: int
    products: int


def measure(graph: Graph, content: bytes) -> Cost:
    """Work out all shapes, compare those of the outputs with the declared ones, and add up.

    Raises:
        WireError: a shape that cannot be worked out, does not fit, or is beyond the limits.
    """
    values: dict[str, Value] = {}
    for name, tensor in graph.tensors.items():
        _put(values, name, _constant(tensor, content))
    for name, declared in graph.inputs.items():
        _put(values, name, Value("float32", declared))
    elements, products, copies = sum(values[name].size for name in graph.inputs), 0, 0
    most = max(FREE_COPIES, MAX_COPIES * sum(tensor.size for tensor in graph.tensors.values()))
    for node in graph.nodes:
        result = _apply(node, values)
        output = result.output
        elements += result.scratch + (_held(output) if output.of_images else 0)
        products += result.products
        copies += result.packed + (0 if output.of_images else output.size)
        if elements > MAX_ELEMENTS or products > MAX_PRODUCTS or copies > most:
            raise WireError(f"with its {_shown(node)} it takes more memory or time than any picture")
        _put(values, node.outputs[0], output)
    for name, declared in graph.outputs.items():
        if values.get(name, Value("", ()))[:2] != ("float32", declared):
            raise WireError(f"its output {name[:40]!r} does not come out in the shape that it declares")
    return Cost(elements, products)


def _constant(tensor: Tensor, content: bytes) -> Value:
    name, _ = ELEMENT_TYPES[tensor.element_type]
    if name not in _NUMBERS or tensor.size > FEW or len(tensor.shape) > 1:
        return Value(name, tensor.shape)
    numbers = np.frombuffer(content, _NUMBERS[name], tensor.size, tensor.span[0])
    return Value(name, tensor.shape, tuple(int(number) for number in numbers))


def _put(values: dict[str, Value], name: str, value: Value) -> None:
    if not name or name in values:
        raise WireError(f"it has something without a name or with another's, {name[:80]!r}")
    values[name] = value


def _held(value: Value) -> int:
    if value.element_type != "float32" or len(value.shape) != 4:
        return value.size
    return value.size // value.inner[0] * filled_up(value.inner[0])


def _apply(node: Node, values: Mapping[str, Value]) -> Result:
    try:
        result = operators.apply(node.operator, [values[name] for name in node.inputs], node.attributes)
        if min(result.output.inner, default=1) < 1 or len(result.output.shape) > MAX_AXES:
            raise ValueError(f"a result of the shape {result.output.shape}")
        if len(node.outputs) != 1:
            raise ValueError(f"{len(node.outputs)} outputs, one expected")
    except (LookupError, ValueError, TypeError, AttributeError, ArithmeticError) as error:
        raise WireError(f"the shapes at its {_shown(node)} do not fit ({str(error)[:200]})") from error
    return result


def _shown(node: Node) -> str:
    return f"{node.operator} -> {', '.join(node.outputs)[:80]!r}"
