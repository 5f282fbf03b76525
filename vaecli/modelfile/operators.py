"""The operators that a file may use: those that `export` writes, as it writes them.

None of them runs code, reads a file, holds a subgraph, or makes a large array from one number as ConstantOfShape,
Expand, Tile, Pad and Resize do. Element types and attributes are those that are written and tested: onnxruntime
1.18 dies of a whole number divided by zero. To allow another operator is to give it a line here and a rule in
layout.py or products.py.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from vaecli.modelfile.cost.product_rules import PRODUCTS
from vaecli.modelfile.cost.shape_rules import LAYOUT
from vaecli.modelfile.cost.values import Attributes, Inputs, Result

OF_IMAGES = "N."  # before the element type of what has one array an image; the others are constants
MANY = "+"  # after the last: one or more of it

# each line: what may go in, and what comes out
SIGNATURES: Mapping[str, tuple[str, ...]] = {
    "Add": ("N.float32 float32 -> float32",),
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
    "Identity": ("N.float32 -> float32",),
    "MatMul": ("N.float32 float32 -> float32",),
    "MatMulInteger": ("N.uint8 int8 uint8 int8 -> int32",),
    "QLinearConv": ("N.uint8 float32 uint8 int8 float32 int8 float32 uint8 int32 -> uint8",),
    "QuantizeLinear": ("N.float32 float32 uint8 -> uint8",),
    "Relu": ("N.float32 -> float32",),
    "Reshape": ("N.float32 int64 -> float32", "N.uint8 int64 -> uint8"),
    "Shape": ("N.float32 -> int64",),
    "Sigmoid": ("N.float32 -> float32",),
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
    return lambda value: any(type(value) is type(one) and value == one for one in allowed)


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
_CAST = {1: "float32", 6: "int32", 7: "int64"}

ALLOWED: Mapping[str, frozenset[str]] = {"": frozenset(SIGNATURES)}  # by domain; the empty one is ONNX's own
RULES = {**LAYOUT, **PRODUCTS}


class _Signature(NamedTuple):
    takes: tuple[str, ...]
    many: bool
    gives: str


def _read(line: str) -> _Signature:
    takes, gives = line.split(" -> ")
    return _Signature(tuple(takes.rstrip(MANY).split()), takes.endswith(MANY), gives)


_READ = {operator: [_read(line) for line in lines] for operator, lines in SIGNATURES.items()}


def apply(operator: str, inputs: Inputs, attributes: Attributes) -> Result:
    """What an operator gives for these inputs.

    Raises:
        ValueError, or what indexing and arithmetic raise: they do not fit.
    """
    checks = ATTRIBUTES.get(operator, {})
    for name, value in attributes.items():
        if name not in checks or not checks[name](value):
            raise ValueError(f"{name[:40]} {value!r:.80} is not written by vaecli")
    found = [f"{OF_IMAGES if value.of_images else ''}{value.element_type}" for value in inputs]
    gives = _gives(operator, tuple(found), attributes)
    result = RULES[operator](inputs, attributes)
    return result._replace(output=result.output._replace(element_type=gives))


def _gives(operator: str, found: tuple[str, ...], attributes: Attributes) -> str:
    for takes, many, gives in _READ[operator]:
        fits = set(found) == set(takes) if many else found == takes
        if fits and (operator != "Cast" or _CAST[attributes["to"]] == gives):
            return gives
    raise ValueError(f"element types {', '.join(found) or 'none'}")
