"""Conversion of Keras functions to ONNX graphs: standard operators, float32, any batch size."""

import io
import logging
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from typing import TypeAlias

import keras
import onnx
import tensorflow as tf

from vaecli.errors import ModelError
from vaecli.export.opsets import require_opset
from vaecli.export.parity import Arrays
from vaecli.training.vae import Vae

Tensors: TypeAlias = Mapping[str, tf.Tensor]  # by name


def encoder_outputs(vae: Vae, inputs: Tensors) -> dict[str, tf.Tensor]:
    """Compute the outputs of encoder.onnx: `image` (N, H, W, C) -> `z_mean`, `z_log_var` (N, D)."""
    outputs = vae.encode(inputs)
    return {"z_mean": outputs["z_mean"], "z_log_var": outputs["z_log_var"]}


def decoder_outputs(vae: Vae, inputs: Tensors) -> dict[str, tf.Tensor]:
    """Compute the outputs of decoder.onnx: `z` (N, D) -> `image`, the likelihood's mean, and its raw outputs."""
    outputs = vae.decode(inputs)
    return {"image": vae.likelihood.mean(outputs, keras.ops), **outputs}


def reference(compute: Callable[[Tensors], Mapping[str, tf.Tensor]], inputs: Arrays) -> Arrays:
    """Compute what an exported file must compute: run `compute` eagerly, on the processor as the file is.

    A GPU adds in another order and has other algorithms for convolutions.
    """
    with tf.device("CPU:0"):
        outputs = compute({name: tf.constant(array) for name, array in inputs.items()})
        return {name: tensor.numpy() for name, tensor in outputs.items()}


def to_onnx(
    compute: Callable[[Tensors], dict[str, tf.Tensor]], shapes: Mapping[str, tuple[int, ...]], *, opset: int
) -> onnx.ModelProto:
    """Convert `compute`, a function of named float32 inputs, each (N, *shape), to an ONNX graph.

    Raises:
        OptionError: the opset is out of range.
        ModelError: tf2onnx fails, or onnx.checker refuses its graph.
    """
    require_opset(opset)
    import tf2onnx  # noqa: PLC0415  # costs seconds, and only this call needs it

    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    # tf2onnx.convert.from_keras fails on Keras 3 models with several outputs; from_function does not.
    signature = [tf.TensorSpec((None, *shape), tf.float32, name=name) for name, shape in shapes.items()]
    function = tf.function(
        lambda *tensors: compute(dict(zip(shapes, tensors, strict=True))),
        input_signature=signature,
        autograph=False,  # reading all source that is called would take as long as the conversion
    )
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            model, _ = tf2onnx.convert.from_function(
                function, input_signature=function.input_signature, opset=opset
            )
        onnx.checker.check_model(model, full_check=True)
    except Exception as error:  # tf2onnx has no error class of its own
        raise ModelError(f"tf2onnx cannot convert the model: {error}", hint="Try another --opset.") from error
    return _tidy(model, list(shapes))


def _tidy(model: onnx.ModelProto, names: list[str]) -> onnx.ModelProto:
    """Name the batch axis N in all inputs and outputs, and drop operator sets that no node uses.

    An old runtime might refuse unused operator sets.
    """
    for value in [*model.graph.input, *model.graph.output]:
        value.type.tensor_type.shape.dim[0].dim_param = "N"
    used = {node.domain for node in model.graph.node}
    operators = [entry for entry in model.opset_import if entry.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(operators)
    converted = [value.name for value in model.graph.input]
    if converted != names:
        raise ModelError(
            f"The inputs of the converted graph must be {names}, tf2onnx named them {converted}."
        )
    return model
