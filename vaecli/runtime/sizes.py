"""How large everything in a graph will be, worked out on paper before onnxruntime allocates anything.

A few bytes can ask for a lot: padding by 2^40, an outer product of two vectors, a Concat that doubles forty times.
So each operator's output shape is computed here from the shapes alone, for a batch of `PROBE` images. What cannot
be worked out is refused.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from vaecli.runtime.graph import Graph, Node, Tensor
from vaecli.runtime.layout import FEW, INTEGERS, Result, Shape, Value
from vaecli.runtime.operators import RULES
from vaecli.runtime.wire import WireError

PROBE = 37  # images; a prime above the batches that run, so that no other axis is taken for N
MAX_ELEMENTS = 2**29  # an image: 2 GiB of float32, what a 1,000 x 1,000 picture takes in the classic network
MAX_PRODUCTS = 2**36  # an image: seconds of a processor's time


class Cost(NamedTuple):
    """Of one image: elements held, scratch space of convolutions included, and multiplications."""

    elements: int
    products: int


def measure(graph: Graph, content: bytes) -> Cost:
    """Work out all shapes, compare those of the outputs with the declared ones, and add up.

    Raises:
        WireError: a shape that cannot be worked out, does not fit, or is beyond the limits.
    """
    values = {name: _constant(tensor, content) for name, tensor in graph.tensors.items()}
    values |= {name: Value(_at_probe(declared)) for name, declared in graph.inputs.items()}
    elements = products = 0
    for node in graph.nodes:
        result = _apply(node, values)
        elements += result.scratch + sum(math.prod(output.shape) for output in result.outputs)
        products += result.products
        if elements > MAX_ELEMENTS * PROBE or products > MAX_PRODUCTS * PROBE:
            raise WireError(f"with its {_shown(node)} it takes more memory or time than any picture")
        values.update(zip(node.outputs, result.outputs, strict=False))
    for name, declared in graph.outputs.items():
        if name not in values or values[name].shape != _at_probe(declared):
            raise WireError(f"its output {name[:40]!r} does not come out in the shape that it declares")
    return Cost(-(-elements // PROBE), -(-products // PROBE))


def _constant(tensor: Tensor, content: bytes) -> Value:
    if tensor.element_type not in INTEGERS or tensor.size > FEW:
        return Value(tensor.shape)
    first, last = tensor.span
    numbers = np.frombuffer(content[first:last], INTEGERS[tensor.element_type])
    return Value(tensor.shape, numbers.astype(np.int64).reshape(tensor.shape))


def _at_probe(declared: Sequence[int | None]) -> Shape:
    return tuple(PROBE if axis is None else axis for axis in declared)


def _apply(node: Node, values: Mapping[str, Value]) -> Result:
    try:
        result = RULES[node.operator](
            [values[name] if name else None for name in node.inputs], node.attributes
        )
        if any(min(output.shape, default=0) < 0 or len(output.shape) > 8 for output in result.outputs):
            raise ValueError("an impossible shape")
    except (LookupError, ValueError, TypeError, AttributeError, ArithmeticError) as error:
        raise WireError(f"the shapes at its {_shown(node)} do not fit ({str(error)[:200]})") from error
    return result


def _shown(node: Node) -> str:
    return f"{node.operator} -> {', '.join(node.outputs)[:80]!r}"
