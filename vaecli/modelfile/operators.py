"""The operators that a file may use: those that `export` writes, with the types and attributes that it writes.

None of them runs code, reads a file or holds a subgraph. None makes a large array from one number, as
ConstantOfShape, Expand, Tile, Pad and Resize do. onnxruntime 1.18 crashes on an integer division by zero, so
element types and attributes are limited to those that are tested. To allow another operator, give it a line in
`SIGNATURES` and a rule in cost/shape_rules.py or cost/product_rules.py.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from vaecli.modelfile.cost.product_rules import PRODUCT_RULES
from vaecli.modelfile.cost.shape_rules import SHAPE_RULES
from vaecli.modelfile.cost.values import Attributes, Inputs, Result

BATCHED = "N."  # before the element type of an input with one array per image; other inputs are constants
VARIADIC = "+"  # after the last input: one or more of it

PAIRS = ("N.float32 float32 -> float32", "float32 N.float32 -> float32", "N.float32 N.float32 -> float32")
# by operator: element types of the inputs -> element type of the output
SIGNATURES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("Abs", "Identity", "Reciprocal", "Relu", "Sigmoid", "Tanh"), ("N.float32 -> float32",)),
    **dict.fromkeys(("Add", "Div", "Max", "Min", "Mul", "Sub"), PAIRS),
    "Cast": (
        "N.int32 -> float32",
        "float16 -> float32",
        "int32 -> int64",
        "int64 -> int32",
    ),
    "Concat": ("N.float32+ -> float32", "N.uint8+ -> uint8", "int32+ -> int32", "int64+ -> int64"),
    "Conv": ("N.float32 float32 -> float32", "N.float32 float32 float32 -> float32"),
    "ConvTranspose": ("N.float32 float32 -> float32", "N.float32 float32 float32 -> float32"),
    "Gather": ("int64 int64 -> int64",),
    "Gemm": ("N.float32 float32 -> float32", "N.float32 float32 float32 -> float32"),
    "MatMul": ("N.float32 float32 -> float32",),
    "MatMulInteger": ("N.uint8 int8 uint8 int8 -> int32",),
    "QLinearConv": ("N.uint8 float32 uint8 int8 float32 int8 float32 uint8 int32 -> uint8",),
    "QuantizeLinear": ("N.float32 float32 uint8 -> uint8",),
    "Reshape": ("N.float32 int64 -> float32", "N.uint8 int64 -> uint8"),
    "Shape": ("N.float32 -> int64",),
    "Slice": (
        "N.float32 int64 int64 int64 -> float32",
        "N.float32 int64 int64 int64 int64 -> float32",
        "int32 int64 int64 int64 -> int32",
        "int64 int64 int64 int64 -> int64",
    ),
    "Squeeze": ("N.float32 int64 -> float32", "int32 int64 -> int32", "int64 int64 -> int64"),
    "Transpose": ("N.float32 -> float32", "N.uint8 -> uint8"),
    "Unsqueeze": ("N.float32 int64 -> float32", "int32 int64 -> int32", "int64 int64 -> int64"),
}

Check = Callable[[Any], bool]


def _only(*allowed: Any) -> Check:
    """Return a check for one of these values, type included: 1.0 and True are not 1."""
    return lambda value: any(type(value) is type(expected) and value == expected for expected in allowed)


def _integer(value: Any) -> bool:
    return type(value) is int


def _integers(count: int, least: int, most: int) -> Check:
    return lambda value: (
        type(value) is tuple and len(value) == count and least <= min(value) <= max(value) <= most
    )


def _axes(value: Any) -> bool:
    return type(value) is tuple and 1 <= len(value) <= 8


_WINDOW: Mapping[str, Check] = {
    "auto_pad": _only("NOTSET"),
    "dilations": _only((1, 1)),
    "group": _only(1),
    "kernel_shape": _integers(2, 1, 16),
    "pads": _integers(4, 0, 15),
    "strides": _integers(2, 1, 16),
}
ATTRIBUTES: Mapping[str, Mapping[str, Check]] = {  # by operator; the others take none
    "Cast": {"to": _only(1, 6, 7)},
    "Concat": {"axis": _integer},
    "Conv": _WINDOW,
    "ConvTranspose": _WINDOW,
    "Gather": {"axis": _only(0)},
    "QLinearConv": _WINDOW,
    "Reshape": {"allowzero": _only(0)},
    "Transpose": {"perm": _axes},
}
_CAST = {1: "float32", 6: "int32", 7: "int64"}  # the attribute `to` of a Cast -> element type

ALLOWED: Mapping[str, frozenset[str]] = {"": frozenset(SIGNATURES)}  # by domain; the empty one is ONNX's own
RULES = {**SHAPE_RULES, **PRODUCT_RULES}


class _Signature(NamedTuple):
    inputs: tuple[str, ...]
    is_variadic: bool
    output: str


def _parse(line: str) -> _Signature:
    inputs, output = line.split(" -> ")
    return _Signature(tuple(inputs.rstrip(VARIADIC).split()), inputs.endswith(VARIADIC), output)


_PARSED = {operator: [_parse(line) for line in lines] for operator, lines in SIGNATURES.items()}


def apply(operator: str, inputs: Inputs, attributes: Attributes) -> Result:
    """Return the output and the cost of an operator for these inputs.

    Raises:
        ValueError, or what indexing and arithmetic raise: the inputs or attributes do not fit.
    """
    checks = ATTRIBUTES.get(operator, {})
    for name, value in attributes.items():
        if name not in checks or not checks[name](value):
            raise ValueError(f"vaecli does not write the attribute {name[:40]} {value!r:.80}")
    input_types = [f"{BATCHED if value.is_batched else ''}{value.element_type}" for value in inputs]
    output_type = _output_type(operator, tuple(input_types), attributes)
    result = RULES[operator](inputs, attributes)
    return result._replace(output=result.output._replace(element_type=output_type))


def _output_type(operator: str, input_types: tuple[str, ...], attributes: Attributes) -> str:
    for signature in _PARSED[operator]:
        if signature.is_variadic:
            fits = set(input_types) == set(signature.inputs)
        else:
            fits = input_types == signature.inputs
        if fits and (operator != "Cast" or _CAST[attributes["to"]] == signature.output):
            return signature.output
    expected = " or ".join(SIGNATURES[operator])
    raise ValueError(f"element types must be {expected}, got {', '.join(input_types) or 'none'}")
