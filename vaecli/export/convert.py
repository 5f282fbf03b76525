"""A Keras model as an ONNX graph of standard operators, float32, with a free batch axis."""

import io
import logging
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from typing import TypeAlias

import keras
import onnx
import tensorflow as tf

from vaecli.errors import ModelError, OptionError
from vaecli.training.vae import Vae

OPSETS = (13, 18)  # lowest and highest that tf2onnx and these networks agree on
DEFAULT_OPSET = 13  # the lower, the older the runtimes that read the file


Tensors: TypeAlias = Mapping[str, tf.Tensor]  # by name


def encoder_outputs(vae: Vae, inputs: Tensors) -> dict[str, tf.Tensor]:
    """What encoder.onnx computes: `image` (N, H, W, C) -> `z_mean`, `z_log_var` (N, D)."""
    outputs = vae.encode(inputs)
    return {"z_mean": outputs["z_mean"], "z_log_var": outputs["z_log_var"]}


def decoder_outputs(vae: Vae, inputs: Tensors) -> dict[str, tf.Tensor]:
    """What decoder.onnx computes: `z` (N, D) -> `image`, the likelihood's mean, and its raw outputs."""
    outputs = vae.decode(inputs)
    return {"image": vae.likelihood.mean(outputs, keras.ops), **outputs}


def to_onnx(
    compute: Callable[[Tensors], dict[str, tf.Tensor]], shapes: Mapping[str, tuple[int, ...]], *, opset: int
) -> onnx.ModelProto:
    """Convert a function of named float32 inputs, each (N, *shape).

    Raises:
        OptionError: an opset that is out of range.
        ModelError: tf2onnx fails, or what it made does not pass onnx.checker.
    """
    if not OPSETS[0] <= opset <= OPSETS[1]:
        raise OptionError(
            f"--opset has to be between {OPSETS[0]} and {OPSETS[1]}; {opset} came.", option="--opset"
        )
    import tf2onnx  # noqa: PLC0415  # costs seconds, and only this call needs it

    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    # from_keras breaks on Keras 3 models with several outputs; from_function with a named input does not
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
    except Exception as error:  # tf2onnx raises whatever its stages raise
        raise ModelError(f"tf2onnx cannot convert the model: {error}", hint="Try another --opset.") from error
    return _tidied(model, list(shapes))


def _tidied(model: onnx.ModelProto, names: list[str]) -> onnx.ModelProto:
    """The batch axis is called N, and only operator sets in use are named: fewer for a runtime to know."""
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
