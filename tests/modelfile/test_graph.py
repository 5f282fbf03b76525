"""A graph that vaecli does not write is refused before onnxruntime opens it, whatever its digest."""

import numpy as np
import pytest

from vaecli.errors import ModelError
from vaecli.modelfile import graph, onnx_schema, protobuf
from vaecli.modelfile.operators import ALLOWED
from vaecli.modelfile.protobuf import WireError
from vaecli.modelfile.read import read_file
from vaecli.runtime.model import Model

SHAPE = (None, 28, 28, 1)
FORBIDDEN = (
    "If",
    "Loop",
    "Scan",
    "SequenceMap",
    "ConstantOfShape",
    "Expand",
    "Tile",
    "Resize",
    "Range",
    "Random",
)


@pytest.fixture(scope="module")
def entries(forge, model_folder):
    """The metadata of the committed decoder."""
    return forge.entries(model_folder / "decoder.onnx")


@pytest.fixture(scope="module")
def parts(builder):
    """The parts of a small graph with the decoder's inputs and outputs: nodes, constants, inputs, outputs."""
    weights = np.ones((2, 784), np.float32)
    return {
        "nodes": [
            builder.node("MatMul", ["z", "weights"], ["flat"]),
            builder.node("Reshape", ["flat", "shape"], ["logits"]),
            builder.node("Sigmoid", ["logits"], ["image"]),
        ],
        "tensors": [
            builder.tensor("weights", weights),
            builder.tensor("shape", np.array([-1, 28, 28, 1], np.int64)),
        ],
        "inputs": [builder.value("z", (None, 2))],
        "outputs": [builder.value("image", SHAPE), builder.value("logits", SHAPE)],
    }


@pytest.fixture
def opened(builder, forge, parts, entries, tmp_path):
    """A function that opens the small graph with some of its parts replaced or added to."""

    def opened(*, extra=b"", top=b"", more=None, **replaced):
        changed = parts | replaced
        for name, part in (more or {}).items():
            changed[name] = [*changed[name], part]
        content = builder.model(builder.graph(**changed, extra=extra), extra=top)
        path = tmp_path / "decoder.onnx"
        path.write_bytes(forge.stamp(content + forge.stamped(entries)[2:]))
        return Model.open(path)

    return opened


@pytest.fixture
def refused(opened):
    """A function that opens the changed graph and returns the message of the refusal."""

    def refused(**changes):
        with pytest.raises(ModelError, match=r"decoder\.onnx is not one that vaecli writes") as caught:
            opened(**changes)
        return str(caught.value)

    return refused


def test_the_small_graph_works(opened):
    """The unchanged graph runs, so the files below are refused because of the change."""
    np.testing.assert_allclose(opened().decode([[0.5, 0.25]]), 1 / (1 + np.exp(-0.75)), rtol=1e-6)


@pytest.mark.parametrize("operator", [*FORBIDDEN, "relu", "", "ReLU", "Constant", "FusedMatMul"])
def test_operators_off_the_list(refused, builder, operator):
    """The message names an operator that export does not write."""
    message = refused(more={"nodes": builder.node(operator, ["z"], ["w"])})
    assert f"an operator that is not allowed, {operator!r}" in message


@pytest.mark.parametrize("domain", ["ai.onnx.ml", "com.microsoft", "custom", "ai.onnx"])
def test_operators_of_other_domains(refused, builder, domain):
    """An allowed name in another domain is refused."""
    assert f"{domain}.Relu" in refused(more={"nodes": builder.node("Relu", ["z"], ["w"], domain)})


def test_nothing_that_runs_code_is_allowed():
    """No listed operator has a body or makes a large array from one number; the only domain is ONNX's own."""
    assert set(ALLOWED) == {""}
    assert not [name for name in ALLOWED[""] if name.startswith(FORBIDDEN)]


def test_subgraphs(refused, builder, forge):
    """An attribute that holds graphs is refused for any operator."""
    for number, content in ((6, "a subgraph"), (11, "subgraphs")):
        body = builder.text(1, "body") + forge.field(number, builder.graph([]))
        node = builder.node("Relu", ["z"], ["w"], extra=forge.field(5, body))
        assert f"the file must not have {content}" in refused(more={"nodes": node})


def test_functions_and_training(refused, builder, forge):
    """Functions, which may hide operators under allowed names, and training information are refused."""
    function = builder.text(1, "Relu") + forge.field(7, builder.node("If", [], []))
    assert "the file must not have functions" in refused(top=forge.field(25, function))
    assert "training information" in refused(top=forge.field(20, b""))


@pytest.mark.parametrize("number", [3, 15, 16, 99, 2**20])
def test_unknown_fields(refused, builder, forge, number):
    """A field that vaecli does not write, such as sparse constants, is refused."""
    assert f"a field {number}" in refused(extra=forge.field(number, b"x"))


def test_external_data(refused, builder, forge, tmp_path):
    """A constant that lies in another file is refused."""
    secret = tmp_path / "secret.txt"
    secret.write_text("x" * 100)
    pointer = forge.field(13, builder.text(1, "location") + builder.text(2, "secret.txt"))
    for extra in (pointer + builder.number(14, 1), pointer, builder.number(14, 1), builder.number(14, 0)):
        message = refused(more={"tensors": builder.tensor("w", np.zeros(0, np.float32), extra)})
        assert "external data" in message


@pytest.mark.parametrize("size", [0, 3, 5, 2**40, -1, -4, 2**62])
def test_constants_that_claim_other_sizes(refused, builder, forge, size):
    """A constant whose bytes do not fill its shape exactly is refused."""
    tensor = builder.number(1, size) + builder.number(2, 1) + builder.text(8, "w") + forge.field(9, bytes(16))
    assert "'w' must fill the shape" in refused(more={"tensors": tensor})


def test_negative_sizes_that_multiply_to_the_right_one(refused, builder, forge):
    """The shape (-2, -2) is refused, though its product is 4."""
    sizes = builder.number(1, -2) * 2
    tensor = sizes + builder.number(2, 1) + builder.text(8, "w") + forge.field(9, bytes(16))
    assert "'w' must fill the shape" in refused(more={"tensors": tensor})


@pytest.mark.parametrize("kind", [0, 8, 11, 14, 16, 99, -1])
def test_constants_of_other_types(refused, builder, forge, kind):
    """Strings, doubles, complex numbers and types that do not exist are refused."""
    tensor = builder.number(2, kind) + builder.text(8, "w")
    assert f"element types 1, 2, 3, 6, 7, 10, got {kind}" in refused(more={"tensors": tensor})


def test_constants_with_a_second_place_for_values(refused, builder, forge):
    """Constants are raw bytes only: a typed field could hold other values."""
    tensor = builder.tensor("w", np.zeros(1, np.float32), forge.field(4, bytes(4)))
    assert "a field 4" in refused(more={"tensors": tensor})


def test_single_fields_that_come_twice(refused, builder, forge, parts):
    """Protobuf merges two or takes the last, so two readers could see two different files: refused."""
    twice = builder.node("Relu", ["z"], ["w"], extra=builder.text(4, "If"))
    assert "op_type must come once" in refused(more={"nodes": twice})
    assert "graph must come once" in refused(top=forge.field(7, builder.graph([])))
    raw = builder.tensor("w", np.zeros(1, np.float32), forge.field(9, bytes(4)))
    assert "raw_data must come once" in refused(more={"tensors": raw})
    namesake = builder.tensor("shape", np.array([1], np.int64))
    assert "the names of initializers must differ, got 'shape' twice" in refused(more={"tensors": namesake})


def test_fields_of_another_wire_type(refused, builder, forge):
    """A field of the wrong wire type, which protobuf would skip, is refused."""
    for extra in (builder.number(4, 1), forge.field(1, b"x" * 2000)):
        node = builder.node("Relu", ["z"], ["w"], extra=extra)
        refused(more={"nodes": node})


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("inputs", [("x", (None, 2))]),
        ("inputs", []),
        ("inputs", [("z", (None, 2)), ("y", (None, 2))]),
        ("inputs", [("z", (1, 2))]),
        ("inputs", [("z", (None, 3))]),
        ("inputs", [("z", (2,))]),
        ("outputs", [("image", SHAPE)]),
        ("outputs", [("image", SHAPE), ("logits", (None, 28, 1, 28))]),
        ("outputs", [("image", (None, 10**9, 28, 1)), ("logits", SHAPE)]),
        ("outputs", [("image", SHAPE), ("logits", SHAPE), ("more", SHAPE)]),
    ],
)
def test_inputs_and_outputs_are_those_of_the_metadata(refused, builder, name, values):
    """Inputs or outputs with other names, shapes or batch axes than the metadata say are refused."""
    message = refused(**{name: [builder.value(*value) for value in values]})
    assert f"its {name} must be" in message and "by its metadata, got" in message


def test_outputs_of_another_type(refused, builder, forge):
    """An output of float64, without a shape or without a type is refused."""
    logits = builder.value("logits", SHAPE)
    for image in (builder.value("image", SHAPE, 11), builder.value("image"), builder.text(1, "image")):
        assert "must be a float32 array" in refused(outputs=[image, logits])
    sequence = builder.text(1, "image") + forge.field(2, forge.field(4, b""))
    assert "a field 4" in refused(outputs=[sequence, logits])


def test_outputs_that_declare_another_shape(refused, builder):
    """An output that declares the right shape and computes another one is refused."""
    nodes = [
        builder.node("MatMul", ["z", "weights"], ["image"]),
        builder.node("Identity", ["image"], ["logits"]),
    ]
    assert "must have the type and shape that the file declares" in refused(nodes=nodes)


def test_more_memory_than_any_picture(refused, builder, parts):
    """A graph that computes thousands of large images on the way is refused before anything is allocated."""
    shape = builder.tensor("square", np.array([-1, 1, 28, 28], np.int64))
    kernel = builder.tensor("kernel", np.zeros((1, 2**16, 1, 1), np.float32))
    nodes = [
        builder.node("Reshape", ["flat", "square"], ["v"]),
        builder.node("ConvTranspose", ["v", "kernel"], ["large"], strides=(16, 16)),
    ]
    assert "more memory or time" in refused(
        nodes=parts["nodes"] + nodes, tensors=[*parts["tensors"], shape, kernel]
    )


def test_names_that_are_not_utf8(refused, builder, forge):
    """A name that is not UTF-8, on which onnxruntime's Python binding fails, is refused."""
    node = builder.node("Relu", ["flat"], ["w"], extra=forge.field(3, b"\xfe\xff"))
    assert "must be UTF-8" in refused(more={"nodes": node})


def test_too_many_of_anything(refused, builder, forge, parts):
    """Nodes, inputs of a node, numbers of an attribute, axes and names have limits."""
    relu = builder.node("Relu", ["flat"], ["w"])
    assert "at most 1000 of node" in refused(nodes=[relu] * 1001)
    assert "at most 16 of input" in refused(more={"nodes": builder.node("Concat", ["z"] * 17, ["w"])})
    assert "at most 16 of ints" in refused(more={"nodes": builder.node("Relu", ["z"], ["w"], perm=(1,) * 17)})
    packed = builder.text(1, "p") + forge.field(8, b"\x01" * 17)
    node = builder.node("Relu", ["z"], ["w"], extra=forge.field(5, packed))
    assert "at most 16 of ints" in refused(more={"nodes": node})
    assert "at most 8 of dims" in refused(more={"tensors": builder.number(1, 1) * 9})
    assert "name must have at most 1,024 bytes, got 2,000" in refused(
        more={"nodes": builder.text(3, "x" * 2000)}
    )


def test_metadata_beyond_the_limits(builder, forge, parts, entries, tmp_path):
    """Too many entries, too large ones alone or together, and a key that comes twice are refused."""
    path = tmp_path / "decoder.onnx"
    odd = [forge.field(14, forge.field(1, b"x") + field) for field in (forge.field(1, b"y"), b"\x10\x01")]
    odd.append(forge.field(14, b"\x0a\x00" * 1_000_000))  # a key a million times
    odd.append(forge.field(14, forge.field(3, b"")))
    for content, says in (
        (forge.model(entries | {str(i): "" for i in range(2000)}), "at most 1000 fields"),
        (
            forge.model(entries | {"x": "y" * (2**25 + 1000)}),
            "do not fit: a value must have at most 33,554,432 bytes, got 33,555,432",
        ),
        (
            forge.model(entries | {"x": "y" * 2**25, "z": "y" * 2**22}),
            "at most 35,651,584 bytes, got",
        ),
        (forge.model(entries | {"x" * 300: "y"}), "a key must have at most 256 bytes, got 300"),
        (forge.stamped(entries) + forge.model(entries)[2:], "keys must differ"),
        *((forge.model(entries) + entry, "one key and one value") for entry in odd),
    ):
        path.write_bytes(content)
        with pytest.raises(ModelError, match=says) as caught:
            read_file(path)
        is_foreign = "1000 fields" in says  # the others are files of ours with a fault
        assert ("Give a run" in str(caught.value)) == is_foreign


def test_both_ways_to_write_a_list_of_numbers(builder, forge):
    """Packed and unpacked lists of numbers are read alike, as in protobuf."""
    attribute = onnx_schema.MODEL[7].kind[1].kind[5].kind
    packed = onnx_schema.parse(builder.text(1, "p") + forge.field(8, b"\x01\x96\x01"), attribute)
    unpacked = onnx_schema.parse(builder.attribute("p", (1, 150)), attribute)
    assert packed["ints"] == unpacked["ints"] == [1, 150]


def test_real_files_are_read(model_folder):
    """The committed decoder has its operators, inputs, outputs and constants."""
    decoder = graph.read((model_folder / "decoder.onnx").read_bytes())
    assert decoder.opsets[""] == 13
    assert {"MatMul", "Conv", "ConvTranspose", "Sigmoid"} <= {node.operator for node in decoder.nodes}
    assert decoder.inputs == {"z": (None, 2)}
    assert decoder.outputs == {"image": SHAPE, "logits": SHAPE}
    assert sum(tensor.size for tensor in decoder.tensors.values() if not tensor.is_index) > 60_000
    assert [tensor for tensor in decoder.tensors.values() if tensor.is_index]


def test_a_graph_is_needed():
    """A file without a graph is refused."""
    with pytest.raises(WireError, match="must have a graph"):
        graph.read(b"\x08\x07")


@pytest.fixture
def with_versions(builder, parts):
    """A function that writes the small graph with these opsets, (domain, version), and this IR version."""

    def with_versions(*opsets, ir=7):
        content = builder.number(1, ir) + builder.forge.field(7, builder.graph(**parts))
        for domain, version in opsets:
            content += builder.forge.field(
                8, (builder.text(1, domain) if domain else b"") + builder.number(2, version)
            )
        return content

    return with_versions


@pytest.mark.parametrize("version", [13, 15, 18])
def test_versions_that_export_writes(with_versions, version):
    """Opsets that export writes are read."""
    assert graph.read(with_versions(("", version), ir=8)).opsets == {"": version}


@pytest.mark.parametrize(
    "opsets",
    [
        [("", 11)],
        [("", 12)],
        [("", 19)],
        [("", 127)],
        [("", 0)],
        [("", -1)],
        [],
        [("ai.onnx", 13)],
        [("", 13), ("", 11)],
        [("", 11), ("", 13)],
        [("", 13), ("com.microsoft", 1)],
    ],
)
def test_opsets_with_other_rules(with_versions, opsets):
    """In another opset an operator means something else, so the computed shapes would be wrong: refused."""
    with pytest.raises(WireError, match="opset must be one of 13 to 18"):
        graph.read(with_versions(*opsets))


@pytest.mark.parametrize("ir", [0, 3, 6, 9, 2**40])
def test_other_ir_versions(with_versions, ir):
    """Before IR version 4 constants were inputs too, and later versions may add what is not known here: refused."""
    with pytest.raises(WireError, match="IR version"):
        graph.read(with_versions(("", 13), ir=ir))


def test_attributes_of_two_types(refused, builder, forge):
    """An attribute must have one value, in the field that its type names: readers could choose differently."""
    name, axis, row = builder.text(1, "axis"), builder.number(3, 1), builder.number(8, 1)
    for fields in (
        axis + row + builder.number(20, 7),
        axis + builder.number(20, 7),
        axis,
        builder.number(20, 2),
        b"",
    ):
        node = builder.node("Concat", ["flat"], ["w"], extra=forge.field(5, name + fields))
        assert "attribute 'axis' must have one value, of its type" in refused(more={"nodes": node})


def test_declared_shapes_of_inner_values(refused, builder, forge):
    """Declared shapes of inner values, by which onnxruntime plans its memory, are refused."""
    assert "a field 13" in refused(extra=forge.field(13, builder.value("flat", (None, 2))))


def test_axes_of_other_names(refused, builder, forge):
    """An axis of another name, with both a name and a number, or with neither is refused."""
    for axis in (builder.text(2, "M"), builder.text(2, "N") + builder.number(1, 5), b""):
        shape = forge.field(2, forge.field(1, axis) + forge.field(1, builder.number(1, 2)))
        value = builder.text(1, "z") + forge.field(2, forge.field(1, builder.number(1, 1) + shape))
        assert "each axis must be N or a number" in refused(inputs=[value])


@pytest.mark.parametrize("control", ["\x1b[2J", "\x07", "\n", "\x9b2J", "\u202e"])
def test_names_with_control_characters(refused, builder, control):
    """Names appear in messages, so a control character, which a terminal obeys, is refused."""
    assert "must not have a control character" in refused(
        more={"nodes": builder.node("Relu", ["flat"], [f"a{control}b"])}
    )


def test_long_lists_of_numbers(refused, builder, forge, monkeypatch):
    """Reading stops at the first number too many and at an empty list, so a long file costs no time."""
    calls, varint = [], protobuf.varint

    def counted(*arguments):
        calls.append(arguments)
        return varint(*arguments)

    monkeypatch.setattr(protobuf, "varint", counted)
    for numbers, says in (
        (forge.field(8, b"\x01" * 2_000_000), "at most 16"),
        (b"\x42\x00" * 1_000_000, "must not be empty"),
    ):
        node = builder.node("Relu", ["z"], ["w"], extra=forge.field(5, builder.text(1, "p") + numbers))
        assert says in refused(more={"nodes": node})
    assert len(calls) < 2000
