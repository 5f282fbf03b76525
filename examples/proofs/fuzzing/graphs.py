"""Graphs made up: sound by their structure, with a right digest, and hostile in what they ask for.

Most of the nodes are chosen among those that the reader's own rules let through, so that a graph becomes deep,
holds extreme shapes, and reaches onnxruntime; now and then one comes in that they do not. Known attacks come first.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fuzzing.mutants import Mutant, restamped
from fuzzing.writing import Drawn, model
from vaecli.modelfile import operators, protobuf
from vaecli.modelfile.cost import measure
from vaecli.modelfile.cost.values import Value
from vaecli.modelfile.write import with_metadata

LATENT, IMAGE = 2, (14, 13, 1)  # of the model whose metadata are taken
NODES = 12
FOREIGN = ("Div", "Mul", "Pad", "Split", "Resize", "If", "ConstantOfShape", "DequantizeLinear", "Loop")
SIZES = (1, 1, 1, 2, 3, 4, 7, 16, 32, 182, 1000)
NUMBERS = (-(2**63), -(2**31), -2, -1, 0, 0, 1, 1, 2, 3, 4, 7, 37, 182, 2**16, 2**31 - 1, 2**40, 2**63 - 1)
TYPES = {"float32": "<f4", "uint8": "u1", "int8": "i1", "int32": "<i4", "int64": "<i8", "float16": "<f2"}
VALUES: Mapping[str, tuple[Any, ...]] = {  # of attributes, right and wrong ones
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
    """The graph of a number in the metadata of a decoder, the digest right; the same for the same seed."""
    attacks = list(ATTACKS)
    rng = np.random.default_rng((seed, number, 1))
    drawn = Drawn(LATENT)
    name = attacks[number] if number < len(attacks) else "made up"
    value = ATTACKS[name](drawn) if number < len(attacks) else _made_up(drawn, rng)
    content = _with_metadata(model(_ended(drawn, value), opset=13 + number % 6, image=IMAGE), original)
    return Mutant(number, f"graph: {name}", True, "decoder", restamped(content))


def _ended(drawn: Drawn, value: str) -> Drawn:
    """The graph with its two outputs, into which the value goes, so that nothing of it is left out."""
    pixels = int(np.prod(IMAGE))
    drawn.add("Reshape", [value, drawn.constant(np.array([0, -1]))], "row")
    first, second = drawn.constant(np.array([0])), drawn.constant(np.array([1]))
    drawn.add("Slice", ["row", first, second, second], "one")
    drawn.add("MatMul", ["one", drawn.constant(np.ones((1, pixels), "<f4"))], "wide")
    drawn.add("Reshape", ["wide", drawn.constant(np.array([-1, *IMAGE]))], "logits")
    drawn.add("Sigmoid", ["logits"], "image")
    return drawn


def _made_up(drawn: Drawn, rng: np.random.Generator) -> str:
    """Nodes at random; the last float32 value that is one an image."""
    found: dict[str, Value] = {"z": Value("float32", (None, LATENT))}
    spoilt = rng.random() < 0.5
    for _ in range(int(rng.integers(1, NODES))):
        for _attempt in range(60):
            operator, inputs, attributes = _node(drawn, found, rng)
            result = _tried(operator, [found[name] for name in inputs], attributes)
            if result is not None:
                drawn.add(operator, inputs, name := f"v{len(drawn.nodes)}", **attributes)
                found[name] = result
                break
    if spoilt:
        operator, inputs, attributes = _node(drawn, found, rng)
        name = operator if rng.random() < 0.9 else FOREIGN[int(rng.integers(len(FOREIGN)))]
        drawn.add(name, inputs, last := f"v{len(drawn.nodes)}", **attributes)
        return last
    return str([name for name, value in found.items() if value[:1] == ("float32",) and value.of_images][-1])


def _tried(operator: str, inputs: list[Value], attributes: dict[str, Any]) -> Value | None:
    """What a node gives, if the rules let it through."""
    try:
        result = operators.apply(operator, inputs, attributes)
    except (LookupError, ValueError, TypeError, AttributeError, ArithmeticError):
        return None
    sound = all(size >= 1 for size in result.output.inner) and result.output.size <= 2 * measure.MAX_ELEMENTS
    return result.output if sound else None


def _node(
    drawn: Drawn, found: dict[str, Value], rng: np.random.Generator
) -> tuple[str, list[str], dict[str, Any]]:
    """An operator with inputs of the types that it takes, and some attributes."""
    operator = _one(list(operators.SIGNATURES), rng)
    takes, _ = _one(operators.SIGNATURES[operator], rng).split(" -> ")
    wanted = takes.rstrip(operators.MANY).split() * (
        int(rng.integers(1, 4)) if operators.MANY in takes else 1
    )
    inputs = [_input(drawn, found, one, rng) for one in wanted]
    names = operators.ATTRIBUTES.get(operator, {})
    attributes = {
        name: _one(VALUES[name], rng)
        for name in names
        if rng.random() < 0.6 or name in ("to", "perm", "axis")
    }
    return operator, inputs, attributes


def _input(drawn: Drawn, found: dict[str, Value], wanted: str, rng: np.random.Generator) -> str:
    of_images, kind = wanted.startswith(operators.OF_IMAGES), wanted.removeprefix(operators.OF_IMAGES)
    fits = [
        name for name, value in found.items() if (value.of_images, value.element_type) == (of_images, kind)
    ]
    if fits and (of_images or rng.random() < 0.4):
        return _one(fits[-4:], rng)
    array = _array(found, kind, rng)
    name = drawn.constant(array)
    numbers = tuple(array.tolist()) if kind in ("int32", "int64") and array.ndim == 1 else None
    found[name] = Value(kind, array.shape, numbers)
    return name


def _array(found: dict[str, Value], kind: str, rng: np.random.Generator) -> np.ndarray:
    """A constant; its shape and numbers often come from the values that are there, so that things fit."""
    known = [size for value in list(found.values())[-6:] for size in value.inner] or [1]
    if kind in ("int32", "int64"):
        choices = [*NUMBERS[4:11], *known, 0, -1] if rng.random() < 0.8 else NUMBERS
        count = int(rng.integers(1, 6)) if rng.random() < 0.8 else 8
        picked = [int(_one(choices, rng)) for _ in range(count)]
        return np.array([number % 2**31 if kind == "int32" else number for number in picked], TYPES[kind])
    rank = int(_one((0, 1, 1, 2, 2, 4, 4, 3), rng))
    shape = [int(_one(known if rng.random() < 0.6 else SIZES, rng)) for _ in range(rank)]
    while np.prod(shape) > 2**18:
        shape[int(np.argmax(shape))] = 1
    return rng.integers(0, 100, shape).astype(TYPES[kind])


def _one(choices: Any, rng: np.random.Generator) -> Any:
    return choices[int(rng.integers(len(choices)))]


def _with_metadata(graph: bytes, original: bytes) -> bytes:
    entries = {key: value for key, (value, _) in protobuf.metadata(original).items()}
    return with_metadata(graph, entries)


def _outer(drawn: Drawn) -> str:
    a, b = (drawn.constant(np.zeros(shape, "<f4")) for shape in ((90_000, 1), (1, 90_000)))
    return drawn.add("MatMul", [a, b])


def _spread(drawn: Drawn) -> str:
    a, b = (drawn.constant(np.zeros(shape, "<f4")) for shape in ((90_000, 1), (1, 90_000)))
    return drawn.add("Add", [a, b])


def _least_over_minus_one(drawn: Drawn) -> str:
    quotient = drawn.add("Div", [drawn.constant(np.array([-(2**63)])), drawn.constant(np.array([-1]))])
    return drawn.add("Cast", [quotient], to=1)


def _over_nothing(drawn: Drawn) -> str:
    shape = drawn.add("Shape", ["z"])
    return drawn.add("Cast", [drawn.add("Div", [shape, drawn.constant(np.array([0]))])], to=1)


def _reflected(drawn: Drawn) -> str:
    return drawn.add("Pad", ["z", drawn.constant(np.array([0, 0, 0, 400_000]))], mode="reflect")


def _short_bias(operator: str) -> Callable[[Drawn], str]:
    def attack(drawn: Drawn) -> str:
        x = drawn.add("Reshape", ["z", drawn.constant(np.array([-1, LATENT, 1, 1]))])
        kernel = drawn.constant(
            np.zeros((LATENT, 2**17, 1, 1) if operator == "ConvTranspose" else (2**17, LATENT, 1, 1), "<f4")
        )
        return drawn.add(operator, [x, kernel, drawn.constant(np.zeros(1, "<f4"))])

    return attack


def _squeezed(drawn: Drawn) -> str:
    x = drawn.add("Reshape", ["z", drawn.constant(np.array([0, 1, LATENT]))])
    return drawn.add("Add", [drawn.add("Squeeze", [x]), drawn.constant(np.zeros((20_000, 1), "<f4"))])


def _copied(drawn: Drawn) -> str:
    """onnxruntime 1.18 makes a copy of the matrix for each product: 14 GiB."""
    matrix = drawn.constant(np.ones((2048, 2048), "<f4"))
    x = drawn.add("MatMul", ["z", drawn.constant(np.ones((LATENT, 2048), "<f4"))])
    for _ in range(900):
        x = drawn.add("MatMul", [x, matrix])
    return x


def _text(drawn: Drawn) -> str:
    return drawn.add("Cast", [drawn.add("Cast", ["z"], to=8)], to=1)


def _valid(drawn: Drawn) -> str:
    x = drawn.add("Reshape", ["z", drawn.constant(np.array([-1, 1, 1, LATENT]))])
    kernel = drawn.constant(np.ones((1, 1, 1, 1), "<f4"))
    return drawn.add(
        "ConvTranspose", [x, kernel], strides=(10_000, 10_000), pads=(0, 0, 0, 10_000), auto_pad="VALID"
    )


def _largest(drawn: Drawn) -> str:
    """As much as is allowed, nearly: 2^28 elements twice."""
    kernel = drawn.constant(np.ones((LATENT, 2**12), "<f4"))
    x = drawn.add("Reshape", [drawn.add("MatMul", ["z", kernel]), drawn.constant(np.array([-1, 16, 16, 16]))])
    filters = drawn.constant(np.ones((16, 16, 2, 2), "<f4"))
    for _ in range(2):
        x = drawn.add("ConvTranspose", [x, filters], strides=(16, 16))
    return x


ATTACKS: Mapping[str, Callable[[Drawn], str]] = {
    "outer product": _outer,
    "spread sum": _spread,
    "the least over -1": _least_over_minus_one,
    "over nothing": _over_nothing,
    "reflection": _reflected,
    "short bias": _short_bias("Conv"),
    "short bias, transposed": _short_bias("ConvTranspose"),
    "axes left out": _squeezed,
    "one matrix many times": _copied,
    "text": _text,
    "padding that is passed over": _valid,
    "as large as allowed": _largest,
}
