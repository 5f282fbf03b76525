"""The ONNX graph of an int8 decoder: standard operators, exact integer sums, float32 inputs and outputs.

    z, or z and label side by side
      -> Gemm                         float32 (D is small)
      -> QuantizeLinear               uint8; its lower limit is the ReLU
      -> MatMulInteger, Cast, Mul, Add, QuantizeLinear           for each further dense layer
      -> QLinearConv                  uint8 (N, h, w, c)         for each convolution
      -> 2 QLinearConv, interleaved   uint8 (N, 2h, 2w, c')          for each upsampling layer but the last
      -> 2 QLinearConv, side by side  uint8 cells (N, h, w, 4 c')    the last upsampling layer
      -> MatMulInteger, Cast          quarters (N, h, w, 16 C)       the last convolution
      -> ConvTranspose                float32 logits, the quarters summed around each corner -> Sigmoid -> image

For cells, quarters and corners see `subpixel`. Tensors are channels last. QLinearConv needs channels first, so
Transposes stand around it; onnxruntime replaces each such group by its own channels-last kernel, which is as
fast as its private operator. One QLinearConv makes two phases, even and odd columns side by side: a quarter of
its products are with zeros, and yet it is no slower than two operators, and faster for one image. Rows are
interleaved by Concat, which copies whole rows: onnxruntime's DepthToSpace and Transpose are slower.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from vaecli.export import subpixel
from vaecli.export.int8.integer_decoder import (
    UNIT_SCALE,
    QuantisedCorners,
    QuantisedDecoder,
    QuantisedDense,
    QuantisedPhase,
)
from vaecli.export.int8.layers import Shape
from vaecli.modelfile.metadata import LABEL

IR_VERSION = 7  # the IR version of opset 13's time, which old runtimes read
CHANNELS_FIRST, CHANNELS_LAST = [0, 3, 1, 2], [0, 2, 3, 1]


class _Graph:
    """A graph under construction: nodes and constants in order; each array in it is known by its name."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self._names: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def add(self, operator: str, *inputs: "str | npt.ArrayLike", **attributes: object) -> str:
        """Add a node with one output and return its name; an input that is not a name becomes a constant."""
        name = f"{operator}_{len(self.nodes)}"
        values = [entry if isinstance(entry, str) else self._constant(entry) for entry in inputs]
        self.nodes.append(helper.make_node(operator, values, [name], name=name, **attributes))
        return name

    def end(self, operator: str, name: str, *inputs: "str | npt.ArrayLike", **attributes: object) -> None:
        """Add a node whose output is the graph's output `name`."""
        self.add(operator, *inputs, **attributes)
        self.nodes[-1].output[0] = name

    def reshape(self, value: str, *shape: int) -> str:
        """Reshape (N, ...) to (N, *shape)."""
        return self.add("Reshape", value, np.array([0, *shape], np.int64))

    def _constant(self, value: npt.ArrayLike) -> str:
        """Return the name of the constant `value`; equal constants share one, since each slows every call."""
        array = np.asarray(value)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._names:
            self._names[key] = name = f"constant_{len(self._names)}"
            self.initializers.append(numpy_helper.from_array(array, name))
        return self._names[key]


def build(decoder: QuantisedDecoder, *, opset: int) -> onnx.ModelProto:
    """Build the graph `z` (N, D) -> `image` and `logits` (N, H, W, C), float32, for an opset from 13 to 18.

    That of a conditional decoder has a second input, `label` (N, K).
    """
    graph = _Graph()
    latents = graph.add("Concat", "z", LABEL, axis=1) if decoder.label_count else "z"
    x = graph.add("Gemm", latents, decoder.dense, decoder.dense_bias)
    x = graph.add("QuantizeLinear", x, UNIT_SCALE, np.uint8(0))
    readers = [*decoder.hidden, decoder.last]
    x = _reshaped(graph, x, decoder.shapes[0], readers[0])
    rows: list[str] = []
    for layer, shape, reader in zip(decoder.hidden, decoder.shapes[1:], readers[1:], strict=True):
        if isinstance(layer, QuantisedDense):
            x = graph.add("QuantizeLinear", _add_dense(graph, x, layer), UNIT_SCALE, np.uint8(0))
            x = _reshaped(graph, x, shape, reader)
            continue
        rows = _add_convolutions(graph, x, layer.phases)
        if len(rows) == 1:
            (x,) = rows
        elif reader is not decoder.last:  # which reads cells
            x = graph.reshape(graph.add("Concat", *rows, axis=2), *shape)
    if isinstance(decoder.last, QuantisedDense):
        graph.end(
            "Reshape", "logits", _add_dense(graph, x, decoder.last), np.array([0, *decoder.image_shape])
        )
    else:
        height, width, _ = decoder.shapes[-1]
        cells = graph.add("Concat", *rows, axis=3)
        _add_corners(graph, cells, decoder.last, (height // 2, width // 2), decoder.image_shape)
    graph.end("Sigmoid", "image", "logits")
    return _model(graph, decoder, opset)


def _reshaped(graph: _Graph, x: str, shape: Shape, reader: object) -> str:
    """Reshape x (N, C) to (N, h, w, c) unless the layer that reads it is dense."""
    return x if isinstance(reader, QuantisedDense) else graph.reshape(x, *shape)


def _add_dense(graph: _Graph, x: str, layer: QuantisedDense) -> str:
    """Add a dense layer on x (N, C_in) uint8; return the name of its float32 sums (N, C_out)."""
    sums = graph.add("MatMulInteger", x, layer.weights, np.uint8(0), np.int8(0))
    scaled = graph.add("Mul", graph.add("Cast", sums, to=TensorProto.FLOAT), layer.scale)
    return graph.add("Add", scaled, layer.bias)


def _add_convolutions(graph: _Graph, x: str, phases: Sequence[QuantisedPhase]) -> list[str]:
    """Add a convolution, or an upsampling layer as two, on x (N, h, w, C_in) uint8; return the outputs' names.

    Those of an upsampling layer are its even and odd rows, each (N, h, w, 2 C_out) with even and odd columns side
    by side.
    """
    channels_first = graph.add("Transpose", x, perm=CHANNELS_FIRST)
    rows = []
    for phase in phases:
        convolution = graph.add(
            "QLinearConv",
            channels_first,
            UNIT_SCALE,
            np.uint8(0),
            np.ascontiguousarray(phase.weights.transpose(3, 2, 0, 1)),
            phase.scale,
            np.zeros(len(phase.scale), np.int8),
            UNIT_SCALE,
            np.uint8(0),
            phase.bias,
            kernel_shape=phase.weights.shape[:2],
            pads=phase.pads,
        )
        rows.append(graph.add("Transpose", convolution, perm=CHANNELS_LAST))
    return rows


def _add_corners(
    graph: _Graph, cells: str, last: QuantisedCorners, size: tuple[int, int], image_shape: Shape
) -> None:
    """Add the last convolution, which reads cells (N, *size, 4 C_in), and the output `logits`."""
    height, width, _ = image_shape
    sums = graph.add("MatMulInteger", cells, last.weights, np.uint8(0), np.int8(0))
    quarters = graph.add("Transpose", graph.add("Cast", sums, to=TensorProto.FLOAT), perm=CHANNELS_FIRST)
    kernel = subpixel.corner_kernel(last.scale)
    attributes = {"kernel_shape": [4, 4], "strides": [2, 2], "pads": [1, 1, 1, 1]}
    logits = graph.add("ConvTranspose", quarters, kernel, last.bias, **attributes)
    if (height, width) == (2 * size[0], 2 * size[1]):
        graph.end("Transpose", "logits", logits, perm=CHANNELS_LAST)
    else:
        starts, ends, axes = (np.array(numbers) for numbers in ([0, 0], [height, width], [1, 2]))
        uncropped = graph.add("Transpose", logits, perm=CHANNELS_LAST)
        graph.end("Slice", "logits", uncropped, starts, ends, axes)


def _model(graph: _Graph, decoder: QuantisedDecoder, opset: int) -> onnx.ModelProto:
    sizes = {"z": len(decoder.dense) - decoder.label_count, LABEL: decoder.label_count}
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", size])
        for name, size in sizes.items()
        if size
    ]
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *decoder.image_shape])
        for name in ("image", "logits")
    ]
    onnx_graph = helper.make_graph(graph.nodes, "decoder", inputs, outputs, graph.initializers)
    model = helper.make_model(
        onnx_graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=IR_VERSION
    )
    onnx.checker.check_model(model, full_check=True)
    return model
