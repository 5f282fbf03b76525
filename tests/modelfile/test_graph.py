"""Files from strangers, right digest and all: what vaecli would not write is refused before onnxruntime sees it."""

import time

import numpy as np
import pytest

from vaecli.errors import ModelError
from vaecli.modelfile import graph, onnx_schema
from vaecli.modelfile.operators import ALLOWED
from vaecli.modelfile.protobuf import WireError
from vaecli.modelfile.read import read_file
from vaecli.runtime.model import Model

SHAPE = (None, 28, 28, 1)
NO_CODE = (
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
def parts(draw):
    """A small graph that has the decoder's inputs and outputs: nodes, constants, inputs, outputs."""
    weights = np.ones((2, 784), np.float32)
    return {
        "nodes": [
            draw.node("MatMul", ["z", "weights"], ["flat"]),
            draw.node("Reshape", ["flat", "shape"], ["logits"]),
            draw.node("Sigmoid", ["logits"], ["image"]),
        ],
        "tensors": [
            draw.tensor("weights", weights),
            draw.tensor("shape", np.array([-1, 28, 28, 1], np.int64)),
        ],
        "inputs": [draw.value("z", (None, 2))],
        "outputs": [draw.value("image", SHAPE), draw.value("logits", SHAPE)],
    }


@pytest.fixture
def opened(draw, forge, parts, entries, tmp_path):
    """Open the small graph with some of its parts replaced, or with more of them."""

    def opened(*, extra=b"", top=b"", more=None, **replaced):
        chosen = parts | replaced
        for name, part in (more or {}).items():
            chosen[name] = [*chosen[name], part]
        content = draw.model(draw.graph(**chosen, extra=extra), extra=top)
        path = tmp_path / "decoder.onnx"
        path.write_bytes(forge.stamp(content + forge.stamped(entries)[2:]))
        return Model.open(path)

    return opened


@pytest.fixture
def refused(opened):
    """The message of the refusal."""

    def refused(**changes):
        with pytest.raises(ModelError, match=r"decoder\.onnx is not as vaecli writes a file") as caught:
            opened(**changes)
        return str(caught.value)

    return refused


def test_the_small_graph_works(opened):
    """The files below are refused for what is changed in them: unchanged, it runs."""
    np.testing.assert_allclose(opened().decode([[0.5, 0.25]]), 1 / (1 + np.exp(-0.75)), rtol=1e-6)


@pytest.mark.parametrize("operator", [*NO_CODE, "relu", "", "ReLU", "Constant", "FusedMatMul"])
def test_operators_off_the_list(refused, draw, operator):
    """An operator that export does not write is named."""
    message = refused(more={"nodes": draw.node(operator, ["z"], ["w"])})
    assert f"an operator that is not allowed, {operator!r}" in message


@pytest.mark.parametrize("domain", ["ai.onnx.ml", "com.microsoft", "custom", "ai.onnx"])
def test_operators_of_other_domains(refused, draw, domain):
    """The same name in another domain is another operator."""
    assert f"{domain}.Relu" in refused(more={"nodes": draw.node("Relu", ["z"], ["w"], domain)})


def test_nothing_that_runs_code_is_allowed():
    """The list itself: no operator with a body, none that makes much from little, no domain but ONNX's own."""
    assert set(ALLOWED) == {""}
    assert not [name for name in ALLOWED[""] if name.startswith(NO_CODE)]


def test_subgraphs(refused, draw, forge):
    """An attribute that holds a graph, or several, is refused under any operator's name."""
    for number, what in ((6, "a subgraph"), (11, "subgraphs")):
        body = draw.text(1, "body") + forge.field(number, draw.graph([]))
        node = draw.node("Relu", ["z"], ["w"], extra=forge.field(5, body))
        assert f"it has {what}" in refused(more={"nodes": node})


def test_functions_and_training(refused, draw, forge):
    """Functions may hide operators under allowed names."""
    function = draw.text(1, "Relu") + forge.field(7, draw.node("If", [], []))
    assert "it has functions" in refused(top=forge.field(25, function))
    assert "training information" in refused(top=forge.field(20, b""))


@pytest.mark.parametrize("number", [3, 15, 16, 99, 2**20])
def test_unknown_fields(refused, draw, forge, number):
    """Sparse constants, and what a later format may bring: a field that vaecli does not write is refused."""
    assert f"a field {number}" in refused(extra=forge.field(number, b"x"))


def test_external_data(refused, draw, forge, tmp_path):
    """A constant that lies in another file is refused, and the file is not touched."""
    secret = tmp_path / "secret.txt"
    secret.write_text("x" * 100)
    pointer = forge.field(13, draw.text(1, "location") + draw.text(2, "secret.txt"))
    for extra in (pointer + draw.number(14, 1), pointer, draw.number(14, 1), draw.number(14, 0)):
        message = refused(more={"tensors": draw.tensor("w", np.zeros(0, np.float32), extra)})
        assert "external data" in message


@pytest.mark.parametrize("size", [0, 3, 5, 2**40, -1, -4, 2**62])
def test_constants_that_claim_other_sizes(refused, draw, forge, size):
    """A shape has to be filled by the bytes that are there, no more and no less."""
    tensor = draw.number(1, size) + draw.number(2, 1) + draw.text(8, "w") + forge.field(9, bytes(16))
    assert "'w' claims the shape" in refused(more={"tensors": tensor})


def test_negative_sizes_that_multiply_to_the_right_one(refused, draw, forge):
    """(-2, -2) has four elements by its product."""
    sizes = draw.number(1, -2) * 2
    tensor = sizes + draw.number(2, 1) + draw.text(8, "w") + forge.field(9, bytes(16))
    assert "'w' claims the shape" in refused(more={"tensors": tensor})


@pytest.mark.parametrize("kind", [0, 8, 11, 14, 16, 99, -1])
def test_constants_of_other_types(refused, draw, forge, kind):
    """Strings, doubles, complex numbers and types that do not exist are refused."""
    tensor = draw.number(2, kind) + draw.text(8, "w")
    assert f"'w' is of type {kind}" in refused(more={"tensors": tensor})


def test_values_in_fields_of_their_type(refused, draw, forge):
    """Constants come as raw bytes alone: a second place for values could hold others."""
    tensor = draw.tensor("w", np.zeros(1, np.float32), forge.field(4, bytes(4)))
    assert "a field 4" in refused(more={"tensors": tensor})


def test_what_stands_twice(refused, draw, forge, parts):
    """Protobuf takes the last of two or merges them: one reader must not see another file than the other."""
    twice = draw.node("Relu", ["z"], ["w"], extra=draw.text(4, "If"))
    assert "op_type stands twice" in refused(more={"nodes": twice})
    assert "graph stands twice" in refused(top=forge.field(7, draw.graph([])))
    raw = draw.tensor("w", np.zeros(1, np.float32), forge.field(9, bytes(4)))
    assert "raw_data stands twice" in refused(more={"tensors": raw})
    same = draw.tensor("shape", np.array([1], np.int64))
    assert "two things in it are called 'shape'" in refused(more={"tensors": same})


def test_fields_of_another_wire_type(refused, draw, forge):
    """Protobuf skips a field of the wrong wire type; here it is refused."""
    for extra in (draw.number(4, 1), forge.field(1, b"x" * 2000)):
        node = draw.node("Relu", ["z"], ["w"], extra=extra)
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
def test_inputs_and_outputs_are_those_of_the_metadata(refused, draw, name, values):
    """Names, shapes and the free batch axis have to be as the metadata say."""
    message = refused(**{name: [draw.value(*value) for value in values]})
    assert ("it takes" if name == "inputs" else "it gives") in message
    assert "by its metadata it would be" in message


def test_outputs_of_another_type(refused, draw, forge):
    """float64, no shape, no type at all."""
    logits = draw.value("logits", SHAPE)
    for image in (draw.value("image", SHAPE, 11), draw.value("image"), draw.text(1, "image")):
        assert "no float32 array" in refused(outputs=[image, logits])
    sequence = draw.text(1, "image") + forge.field(2, forge.field(4, b""))
    assert "a field 4" in refused(outputs=[sequence, logits])


def test_shapes_that_lie(refused, draw):
    """An output that declares the right shape and computes another one."""
    nodes = [draw.node("MatMul", ["z", "weights"], ["image"]), draw.node("Identity", ["image"], ["logits"])]
    assert "does not come out in the shape" in refused(nodes=nodes)


def test_more_memory_than_any_picture(refused, draw, parts):
    """Thousands of large images in the middle: refused before anything is allocated."""
    shape = draw.tensor("square", np.array([-1, 1, 28, 28], np.int64))
    kernel = draw.tensor("kernel", np.zeros((1, 2**16, 1, 1), np.float32))
    nodes = [
        draw.node("Reshape", ["flat", "square"], ["v"]),
        draw.node("ConvTranspose", ["v", "kernel"], ["large"], strides=(16, 16)),
    ]
    assert "more memory or time" in refused(
        nodes=parts["nodes"] + nodes, tensors=[*parts["tensors"], shape, kernel]
    )


def test_names_that_are_no_text(refused, draw, forge):
    """Bytes that are not UTF-8 where a name should be: onnxruntime's own binding stumbles over them."""
    node = draw.node("Relu", ["flat"], ["w"], extra=forge.field(3, b"\xfe\xff"))
    assert "name is no UTF-8" in refused(more={"nodes": node})


def test_too_many_of_anything(refused, draw, forge, parts):
    """Nodes, inputs of a node, attributes, dimensions: each has its limit."""
    relu = draw.node("Relu", ["flat"], ["w"])
    assert "more than 1000 of node" in refused(nodes=[relu] * 1001)
    assert "more than 16 of input" in refused(more={"nodes": draw.node("Concat", ["z"] * 17, ["w"])})
    assert "more than 16 of ints" in refused(more={"nodes": draw.node("Relu", ["z"], ["w"], perm=(1,) * 17)})
    packed = draw.text(1, "p") + forge.field(8, b"\x01" * 17)
    node = draw.node("Relu", ["z"], ["w"], extra=forge.field(5, packed))
    assert "more than 16 of ints" in refused(more={"nodes": node})
    assert "more than 8 of dims" in refused(more={"tensors": draw.number(1, 1) * 9})
    assert "name takes 2,000 bytes" in refused(more={"nodes": draw.text(3, "x" * 2000)})


def test_metadata_without_measure(draw, forge, parts, entries, tmp_path):
    """Thousands of entries, one of many megabytes, several that are so together, a key twice: refused, quickly."""
    path = tmp_path / "decoder.onnx"
    odd = [forge.field(14, forge.field(1, b"x") + field) for field in (forge.field(1, b"y"), b"\x10\x01")]
    odd.append(forge.field(14, b"\x0a\x00" * 1_000_000))  # a key a million times
    odd.append(forge.field(14, forge.field(3, b"")))
    for content, says in (
        (forge.model(entries | {str(i): "" for i in range(2000)}), "more than 1000 fields"),
        (forge.model(entries | {"x": "y" * (2**25 + 1000)}), "do not fit: a value of 33,555,432 bytes"),
        (
            forge.model(entries | {"x": "y" * 2**25, "z": "y" * 2**22}),
            "35,651,584 bytes of metadata are the most",
        ),
        (forge.model(entries | {"x" * 300: "y"}), "a key of 300 bytes"),
        (forge.stamped(entries) + forge.model(entries)[2:], "two entries called"),
        *((forge.model(entries) + entry, "where it does not belong") for entry in odd),
    ):
        path.write_bytes(content)
        with pytest.raises(ModelError, match=says) as caught:
            read_file(path)
        assert ("Give a run" in str(caught.value)) == (
            "1000 fields" in says
        )  # that is no file of ours at all


def test_both_ways_to_write_a_list_of_numbers(draw, forge):
    """Packed and unpacked lists are the same to protobuf, and here."""
    packed = onnx_schema.parse(
        draw.text(1, "p") + forge.field(8, b"\x01\x96\x01"), onnx_schema.MODEL[7].kind[1].kind[5].kind
    )
    unpacked = onnx_schema.parse(draw.attribute("p", (1, 150)), onnx_schema.MODEL[7].kind[1].kind[5].kind)
    assert packed["ints"] == unpacked["ints"] == [1, 150]


def test_real_files_are_read(model_folder):
    """The committed files: what they hold is found."""
    found = graph.read((model_folder / "decoder.onnx").read_bytes())
    assert found.opsets[""] == 13
    assert {"MatMul", "Conv", "ConvTranspose", "Sigmoid"} <= {node.operator for node in found.nodes}
    assert found.inputs == {"z": (None, 2)}
    assert found.outputs == {"image": SHAPE, "logits": SHAPE}
    assert sum(tensor.size for tensor in found.tensors.values()) > 60_000


def test_a_graph_is_needed():
    """A file without a graph is refused, here too."""
    with pytest.raises(WireError, match="no graph"):
        graph.read(b"\x08\x07")


@pytest.fixture
def of_version(draw, parts):
    """A model of the small graph with these sets of operators, (domain, version), and this IR version."""

    def of_version(*sets, ir=7):
        made = draw.number(1, ir) + draw.forge.field(7, draw.graph(**parts))
        for domain, version in sets:
            made += draw.forge.field(8, (draw.text(1, domain) if domain else b"") + draw.number(2, version))
        return made

    return of_version


@pytest.mark.parametrize("version", [13, 15, 18])
def test_versions_that_export_writes(of_version, version):
    """The versions whose rules are known."""
    assert graph.read(of_version(("", version), ir=8)).opsets == {"": version}


@pytest.mark.parametrize(
    "sets",
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
def test_versions_of_other_rules(of_version, sets):
    """An operator of another version takes its axes from elsewhere: what was worked out would not be what runs."""
    with pytest.raises(WireError, match="one from 13 to 18 was expected"):
        graph.read(of_version(*sets))


@pytest.mark.parametrize("ir", [0, 3, 6, 9, 2**40])
def test_other_formats(of_version, ir):
    """Before IR version 4, constants had to be inputs too; later ones may bring what is not known here."""
    with pytest.raises(WireError, match="IR version"):
        graph.read(of_version(("", 13), ir=ir))


def test_attributes_of_two_types(refused, draw, forge):
    """The type says which field counts: one reader would take another that is filled, and the next would not."""
    name, axis, row = draw.text(1, "axis"), draw.number(3, 1), draw.number(8, 1)
    for fields in (axis + row + draw.number(20, 7), axis + draw.number(20, 7), axis, draw.number(20, 2), b""):
        node = draw.node("Concat", ["flat"], ["w"], extra=forge.field(5, name + fields))
        assert "attribute 'axis' is not of one type" in refused(more={"nodes": node})


def test_shapes_that_are_only_claimed(refused, draw, forge):
    """onnxruntime plans its memory by shapes that a file claims for values within: export claims none."""
    assert "a field 13" in refused(extra=forge.field(13, draw.value("flat", (None, 2))))


def test_axes_of_other_names(refused, draw, forge):
    """The one free axis is N; two names, or a name beside a number, could be taken for two things."""
    for axis in (draw.text(2, "M"), draw.text(2, "N") + draw.number(1, 5), b""):
        shape = forge.field(2, forge.field(1, axis) + forge.field(1, draw.number(1, 2)))
        value = draw.text(1, "z") + forge.field(2, forge.field(1, draw.number(1, 1) + shape))
        assert "neither N nor a number" in refused(inputs=[value])


@pytest.mark.parametrize("control", ["\x1b[2J", "\x07", "\n", "\x9b2J", "\u202e"])
def test_names_that_a_terminal_would_obey(refused, draw, control):
    """Names come up in messages, onnxruntime's among them: none may clear a screen."""
    assert "has a control character" in refused(more={"nodes": draw.node("Relu", ["flat"], [f"a{control}b"])})


def test_endless_lists_of_numbers(refused, draw, forge):
    """Packed numbers are counted as they are read, and lists of none at all are refused: both cost time alone."""
    for numbers, says in (
        (forge.field(8, b"\x01" * 2_000_000), "more than 16"),
        (b"\x42\x00" * 1_000_000, "empty list"),
    ):
        node = draw.node("Relu", ["z"], ["w"], extra=forge.field(5, draw.text(1, "p") + numbers))
        start = time.perf_counter()
        assert says in refused(more={"nodes": node})
        assert time.perf_counter() - start < 1
