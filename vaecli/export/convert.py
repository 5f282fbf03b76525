"""A Keras model as an ONNX graph of standard operators, float32, with a free batch axis."""

import io
import logging
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout

import keras
import onnx
import tensorflow as tf

from vaecli.errors import ModelError, OptionError

OPSETS = (13, 18)  # lowest and highest that tf2onnx and these networks agree on
DEFAULT_OPSET = 13  # the lower, the older the runtimes that read the file


def encoder_outputs(encoder: keras.Model, image: tf.Tensor) -> dict[str, tf.Tensor]:
    """What encoder.onnx computes: image (N, H, W, C) -> `z_mean`, `z_log_var` (N, D)."""
    outputs = encoder(image, training=False)
    return {"z_mean": outputs["z_mean"], "z_log_var": outputs["z_log_var"]}


def decoder_outputs(decoder: keras.Model, z: tf.Tensor) -> dict[str, tf.Tensor]:
    """What decoder.onnx computes: z (N, D) -> `image`, the Bernoulli mean, and `logits`, both (N, H, W, C)."""
    logits = decoder(z, training=False)
    return {"image": tf.sigmoid(logits), "logits": logits}


def to_onnx(
    compute: Callable[[tf.Tensor], dict[str, tf.Tensor]], name: str, shape: tuple[int, ...], *, opset: int
) -> onnx.ModelProto:
    """Convert a function of one named float32 input (N, *shape).

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
    function = tf.function(compute, input_signature=[tf.TensorSpec((None, *shape), tf.float32, name=name)])
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            model, _ = tf2onnx.convert.from_function(
                function, input_signature=function.input_signature, opset=opset
            )
        onnx.checker.check_model(model, full_check=True)
    except Exception as error:  # tf2onnx raises whatever its stages raise
        raise ModelError(f"tf2onnx cannot convert the model: {error}", hint="Try another --opset.") from error
    return _tidied(model, name)


def _tidied(model: onnx.ModelProto, name: str) -> onnx.ModelProto:
    """The batch axis is called N, and only operator sets in use are named: fewer for a runtime to know."""
    for value in [*model.graph.input, *model.graph.output]:
        value.type.tensor_type.shape.dim[0].dim_param = "N"
    used = {node.domain for node in model.graph.node}
    operators = [entry for entry in model.opset_import if entry.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(operators)
    if [value.name for value in model.graph.input] != [name]:
        raise ModelError(f"tf2onnx named the input {model.graph.input[0].name!r}; {name!r} was expected.")
    return model
