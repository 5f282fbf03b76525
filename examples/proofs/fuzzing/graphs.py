"""Hostile graphs: well-formed files with a correct digest that ask for what `vaecli export` never writes.

The known attacks come first. The other graphs are random: most nodes are drawn among those that the reader's
rules accept, so that the graph becomes deep, has extreme shapes, and reaches onnxruntime; some nodes break
the rules.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fuzzing.mutants import Mutant, restamped
from fuzzing.writing import GraphBuilder, model
from vaecli.modelfile import operators, protobuf
from vaecli.modelfile.cost import measure
from vaecli.modelfile.cost.values import Value
from vaecli.modelfile.write import with_metadata

LATENT, IMAGE = 2, (14, 13, 1)  # latent and image size of the model whose metadata the graphs get
NODES = 12
FOREIGN = ("Div", "Mul", "Pad", "Split", "Resize", "If", "ConstantOfShape", "DequantizeLinear", "Loop")
SIZES = (1, 1, 1, 2, 3, 4, 7, 16, 32, 182, 1000)
NUMBERS = (-(2**63), -(2**31), -2, -1, 0, 0, 1, 1, 2, 3, 4, 7, 37, 182, 2**16, 2**31 - 1, 2**40, 2**63 - 1)
TYPES = {"float32": "<f4", "uint8": "u1", "int8": "i1", "int32": "<i4", "int64": "<i8", "float16": "<f2"}
VALUES: Mapping[str, tuple[Any, ...]] = {  # valid and invalid values of attributes
    "axis": (0, 1, 2, 3, -1, -4, 9),
    "to": (1, 6, 7, 1, 6, 7, 8, 11, 16),
    "perm": ((0, 1), (0, 2, 1), (0, 3, 1, 2), (0, 2, 3, 1), (0, 1, 3, 2, 4), (1, 0), (0, 0), (0, 9)),
    "strides": ((1, 1), (2, 2), (16, 16), (1, 3), (0, 1), (2**40, 1), (2,)),
    "pads": ((0, 0, 0, 0), (0, 0, 1, 1), (1, 1, 1, 1), (2, 0, 0, 2), (-1, 0, 0, 0), (0, 0, 0, 2**40)),
    "kernel_shape": ((1, 1), (2, 2), (3, 3), (0, 0), (9,)),
    "dilations": ((1, 1), (2, 2), (0, 0)),
    "group": (1, 1, 2, 0, -1),
    "auto_pad": ("NOTSET", "NOTSET", "SAME_UPPER", "VALID", ""),
    "allowzero": (0, 1),
}


def hostile(original: bytes, number: int, seed: int) -> Mutant:
    """Return hostile graph `number` of a seed, with the metadata of a decoder and a correct digest."""
    attacks = list(ATTACKS)
    rng = np.random.default_rng((seed, number, 1))
    builder = GraphBuilder(LATENT)
    name = attacks[number] if number < len(attacks) else "random"
    value = ATTACKS[name](builder) if number < len(attacks) else _random(builder, rng)
    content = _with_metadata(
        model(_with_outputs(builder, value), opset=13 + number % 6, image=IMAGE), original
    )
    return Mutant(number, f"graph: {name}", True, "decoder", restamped(content))


def _with_outputs(builder: GraphBuilder, value: str) -> GraphBuilder:
    """Add the two outputs, computed from `value`, so that no node of the graph is unused."""
    pixels = int(np.prod(IMAGE))
    builder.add("Reshape", [value, builder.constant(np.array([0, -1]))], "row")
    first, second = builder.constant(np.array([0])), builder.constant(np.array([1]))
    builder.add("Slice", ["row", first, second, second], "one")
    builder.add("MatMul", ["one", builder.constant(np.ones((1, pixels), "<f4"))], "wide")
    builder.add("Reshape", ["wide", builder.constant(np.array([-1, *IMAGE]))], "logits")
    builder.add("Sigmoid", ["logits"], "image")
    return builder


def _random(builder: GraphBuilder, rng: np.random.Generator) -> str:
    """Add random nodes; return the name of the last float32 value that has one row per image."""
    values: dict[str, Value] = {"z": Value("float32", (None, LATENT))}
    breaks_rules = rng.random() < 0.5
    for _ in range(int(rng.integers(1, NODES))):
        for _attempt in range(60):
            operator, inputs, attributes = _node(builder, values, rng)
            result = _infer(operator, [values[name] for name in inputs], attributes)
            if result is not None:
                builder.add(operator, inputs, name := f"v{len(builder.nodes)}", **attributes)
                values[name] = result
                break
    if breaks_rules:
        operator, inputs, attributes = _node(builder, values, rng)
        name = operator if rng.random() < 0.9 else FOREIGN[int(rng.integers(len(FOREIGN)))]
        builder.add(name, inputs, last := f"v{len(builder.nodes)}", **attributes)
        return last
    return str([name for name, value in values.items() if value[:1] == ("float32",) and value.is_batched][-1])


def _infer(operator: str, inputs: list[Value], attributes: dict[str, Any]) -> Value | None:
    """Return the output of a node, or None if the reader's rules refuse it."""
    try:
        result = operators.apply(operator, inputs, attributes)
    except (LookupError, ValueError, TypeError, AttributeError, ArithmeticError):
        return None
    is_small = (
        all(size >= 1 for size in result.output.item_shape) and result.output.size <= 2 * measure.MAX_ELEMENTS
    )
    return result.output if is_small else None


def _node(
    builder: GraphBuilder, values: dict[str, Value], rng: np.random.Generator
) -> tuple[str, list[str], dict[str, Any]]:
    """Draw an operator, inputs of the types that it takes, and some attributes."""
    operator = _choose(list(operators.SIGNATURES), rng)
    takes, _ = _choose(operators.SIGNATURES[operator], rng).split(" -> ")
    input_types = takes.rstrip(operators.VARIADIC).split() * (
        int(rng.integers(1, 4)) if operators.VARIADIC in takes else 1
    )
    inputs = [_input(builder, values, input_type, rng) for input_type in input_types]
    names = operators.ATTRIBUTES.get(operator, {})
    attributes = {
        name: _choose(VALUES[name], rng)
        for name in names
        if rng.random() < 0.6 or name in ("to", "perm", "axis")
    }
    return operator, inputs, attributes


def _input(builder: GraphBuilder, values: dict[str, Value], input_type: str, rng: np.random.Generator) -> str:
    """Return the name of a value of this type: an existing one, or a new constant."""
    is_batched, kind = input_type.startswith(operators.BATCHED), input_type.removeprefix(operators.BATCHED)
    matches = [
        name for name, value in values.items() if (value.is_batched, value.element_type) == (is_batched, kind)
    ]
    if matches and (is_batched or rng.random() < 0.4):
        return str(_choose(matches[-4:], rng))
    array = _array(values, kind, rng)
    name = builder.constant(array)
    numbers = tuple(array.tolist()) if kind in ("int32", "int64") and array.ndim == 1 else None
    values[name] = Value(kind, array.shape, numbers)
    return name


def _array(values: dict[str, Value], kind: str, rng: np.random.Generator) -> np.ndarray:
    """Draw a constant; its shape and numbers often repeat those of existing values, so that nodes fit together."""
    known_sizes = [size for value in list(values.values())[-6:] for size in value.item_shape] or [1]
    if kind in ("int32", "int64"):
        choices = [*NUMBERS[4:11], *known_sizes, 0, -1] if rng.random() < 0.8 else NUMBERS
        count = int(rng.integers(1, 6)) if rng.random() < 0.8 else 8
        numbers = [int(_choose(choices, rng)) for _ in range(count)]
        return np.array([number % 2**31 if kind == "int32" else number for number in numbers], TYPES[kind])
    rank = int(_choose((0, 1, 1, 2, 2, 4, 4, 3), rng))
    shape = [int(_choose(known_sizes if rng.random() < 0.6 else SIZES, rng)) for _ in range(rank)]
    while np.prod(shape) > 2**18:
        shape[int(np.argmax(shape))] = 1
    return rng.integers(0, 100, shape).astype(TYPES[kind])


def _choose(choices: Any, rng: np.random.Generator) -> Any:
    return choices[int(rng.integers(len(choices)))]


def _with_metadata(graph: bytes, original: bytes) -> bytes:
    entries = {key: value for key, (value, _) in protobuf.metadata(original).items()}
    return with_metadata(graph, entries)


def _outer_product(builder: GraphBuilder) -> str:
    a, b = (builder.constant(np.zeros(shape, "<f4")) for shape in ((90_000, 1), (1, 90_000)))
    return builder.add("MatMul", [a, b])


def _broadcast_sum(builder: GraphBuilder) -> str:
    a, b = (builder.constant(np.zeros(shape, "<f4")) for shape in ((90_000, 1), (1, 90_000)))
    return builder.add("Add", [a, b])


def _smallest_by_minus_one(builder: GraphBuilder) -> str:
    quotient = builder.add("Div", [builder.constant(np.array([-(2**63)])), builder.constant(np.array([-1]))])
    return builder.add("Cast", [quotient], to=1)


def _division_by_zero(builder: GraphBuilder) -> str:
    shape = builder.add("Shape", ["z"])
    return builder.add("Cast", [builder.add("Div", [shape, builder.constant(np.array([0]))])], to=1)


def _reflection(builder: GraphBuilder) -> str:
    return builder.add("Pad", ["z", builder.constant(np.array([0, 0, 0, 400_000]))], mode="reflect")


def _short_bias(operator: str) -> Callable[[GraphBuilder], str]:
    def attack(builder: GraphBuilder) -> str:
        x = builder.add("Reshape", ["z", builder.constant(np.array([-1, LATENT, 1, 1]))])
        kernel = builder.constant(
            np.zeros((LATENT, 2**17, 1, 1) if operator == "ConvTranspose" else (2**17, LATENT, 1, 1), "<f4")
        )
        return builder.add(operator, [x, kernel, builder.constant(np.zeros(1, "<f4"))])

    return attack


def _squeeze(builder: GraphBuilder) -> str:
    x = builder.add("Reshape", ["z", builder.constant(np.array([0, 1, LATENT]))])
    return builder.add("Add", [builder.add("Squeeze", [x]), builder.constant(np.zeros((20_000, 1), "<f4"))])


def _repeated_matrix(builder: GraphBuilder) -> str:
    """Multiply by one matrix 900 times; onnxruntime 1.18 copies it for each product: 14 GiB."""
    matrix = builder.constant(np.ones((2048, 2048), "<f4"))
    x = builder.add("MatMul", ["z", builder.constant(np.ones((LATENT, 2048), "<f4"))])
    for _ in range(900):
        x = builder.add("MatMul", [x, matrix])
    return x


def _strings(builder: GraphBuilder) -> str:
    return builder.add("Cast", [builder.add("Cast", ["z"], to=8)], to=1)


def _ignored_padding(builder: GraphBuilder) -> str:
    x = builder.add("Reshape", ["z", builder.constant(np.array([-1, 1, 1, LATENT]))])
    kernel = builder.constant(np.ones((1, 1, 1, 1), "<f4"))
    return builder.add(
        "ConvTranspose", [x, kernel], strides=(10_000, 10_000), pads=(0, 0, 0, 10_000), auto_pad="VALID"
    )


def _largest_accepted(builder: GraphBuilder) -> str:
    """Ask for nearly as much as is accepted: twice 2^28 elements."""
    kernel = builder.constant(np.ones((LATENT, 2**12), "<f4"))
    x = builder.add(
        "Reshape", [builder.add("MatMul", ["z", kernel]), builder.constant(np.array([-1, 16, 16, 16]))]
    )
    filters = builder.constant(np.ones((16, 16, 2, 2), "<f4"))
    for _ in range(2):
        x = builder.add("ConvTranspose", [x, filters], strides=(16, 16))
    return x


ATTACKS: Mapping[str, Callable[[GraphBuilder], str]] = {
    "outer product": _outer_product,
    "broadcast sum": _broadcast_sum,
    "smallest integer divided by -1": _smallest_by_minus_one,
    "division by zero": _division_by_zero,
    "reflection": _reflection,
    "short bias": _short_bias("Conv"),
    "short bias, transposed": _short_bias("ConvTranspose"),
    "squeeze without axes": _squeeze,
    "one matrix many times": _repeated_matrix,
    "strings": _strings,
    "padding that is ignored": _ignored_padding,
    "largest accepted": _largest_accepted,
}
