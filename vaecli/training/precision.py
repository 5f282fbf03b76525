"""bfloat16 where the machine computes in it, in training steps alone; variables, losses and KL stay float32.

On a processor it is oneDNN's rewrite of the graph, which acts on every tf.function of the process while it is on;
on a GPU it is Keras' `mixed_bfloat16` policy, which counts while a layer is traced. Either is on inside `active`
and off outside, so that validation, pictures, parity and calibration are computed in float32 by the same variables.
"""

import contextlib
import pathlib
from collections.abc import Iterator
from typing import Literal

import keras
import tensorflow as tf

from vaecli.errors import OptionError
from vaecli.training.vae import Vae

Resolved = Literal["float32", "bfloat16"]
PROCESSOR_FLAGS = frozenset({"avx512_bf16", "amx_bf16"})  # as Linux names them
COMPUTE_CAPABILITY = (8, 0)  # of NVIDIA's first GPUs with bfloat16


def choose(wanted: str, *, insist: bool = True) -> Resolved:
    """What `auto`, `float32` or `bfloat16` means on this machine.

    Raises:
        OptionError: bfloat16 is wanted and not there; without `insist` that is float32.
    """
    if wanted == "float32":
        return "float32"
    if supported():
        return "bfloat16"
    if wanted == "bfloat16" and insist:
        raise OptionError(
            "--precision bfloat16 needs a processor with AVX512-BF16 or AMX, or a GPU with bfloat16; this machine "
            "has neither. Use --precision auto.",
            option="--precision",
        )
    return "float32"


def supported() -> bool:
    """Whether what trains computes in bfloat16 itself: all GPUs, or the processor where there is none."""
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return bool(PROCESSOR_FLAGS & _processor_flags())
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    return all(found.get("compute_capability", (0, 0)) >= COMPUTE_CAPABILITY for found in details)


@contextlib.contextmanager
def active(vae: Vae, precision: Resolved) -> Iterator[None]:
    """The precision of what is traced and run in the body: steps of `vae`."""
    if precision == "float32":
        yield
        return
    on_gpu = bool(tf.config.list_physical_devices("GPU"))
    with mixed_policy(vae) if on_gpu else rewritten():
        yield


@contextlib.contextmanager
def rewritten() -> Iterator[None]:
    """Convolutions and products of every tf.function in bfloat16, by oneDNN's rewrite."""
    tf.config.optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": False})


@contextlib.contextmanager
def mixed_policy(vae: Vae) -> Iterator[None]:
    """Layers that compute in bfloat16 when they are called or traced; their variables are float32 all along."""
    layers = [*vae.encoder.layers, *vae.decoder.layers]
    before = [layer.dtype_policy for layer in layers]
    try:
        for layer in layers:
            layer.dtype_policy = keras.DTypePolicy("mixed_bfloat16")
        yield
    finally:
        for layer, policy in zip(layers, before, strict=True):
            layer.dtype_policy = policy


def _processor_flags() -> set[str]:
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return set()
    return {flag for line in text.splitlines() if line.startswith("flags") for flag in line.split()}
