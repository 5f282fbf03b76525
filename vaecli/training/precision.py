"""bfloat16 in training steps, where the machine computes in it; variables, losses and KL stay float32.

On a CPU it is oneDNN's rewrite of the graph, which acts on every tf.function of the process while it is on. On a
GPU it is Keras' `mixed_bfloat16` policy, which acts when a layer is traced. Each is on only inside `active`, so
that validation, previews, parity and calibration compute in float32 with the same variables.
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
CPU_FLAGS = frozenset({"avx512_bf16", "amx_bf16"})  # as in /proc/cpuinfo
COMPUTE_CAPABILITY = (8, 0)  # of NVIDIA's first GPUs with bfloat16


def choose(requested: str, *, insist: bool = True) -> Resolved:
    """Resolve `auto`, `float32` or `bfloat16` for this machine; `auto` is bfloat16 where the machine has it.

    Args:
        requested: the value of `--precision`.
        insist: whether an explicit `bfloat16` is refused on a machine without it; if not, it becomes float32.

    Raises:
        OptionError: `bfloat16` was requested, `insist` is set, and the machine does not compute in bfloat16.
    """
    if requested == "float32":
        return "float32"
    if supported():
        return "bfloat16"
    if requested == "bfloat16" and insist:
        raise OptionError(
            "--precision bfloat16 needs a CPU with AVX512-BF16 or AMX, or a GPU with bfloat16; this machine has "
            "neither. Use --precision auto.",
            option="--precision",
        )
    return "float32"


def supported() -> bool:
    """Return whether the training devices compute in bfloat16: all GPUs, or the CPU if there is no GPU."""
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return bool(CPU_FLAGS & _cpu_flags())
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    return all(gpu.get("compute_capability", (0, 0)) >= COMPUTE_CAPABILITY for gpu in details)


@contextlib.contextmanager
def active(vae: Vae, precision: Resolved) -> Iterator[None]:
    """Enter a context in which the training steps of `vae` are traced and run in this precision."""
    if precision == "float32":
        yield
        return
    on_gpu = bool(tf.config.list_physical_devices("GPU"))
    with mixed_policy(vae) if on_gpu else rewritten():
        yield


@contextlib.contextmanager
def rewritten() -> Iterator[None]:
    """Enter a context in which oneDNN computes convolutions and products of every tf.function in bfloat16."""
    tf.config.optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": False})


@contextlib.contextmanager
def mixed_policy(vae: Vae) -> Iterator[None]:
    """Enter a context in which layers of `vae` compute in bfloat16 when called; variables stay float32."""
    layers = [*vae.encoder.layers, *vae.decoder.layers]
    before = [layer.dtype_policy for layer in layers]
    try:
        for layer in layers:
            layer.dtype_policy = keras.DTypePolicy("mixed_bfloat16")
        yield
    finally:
        for layer, policy in zip(layers, before, strict=True):
            layer.dtype_policy = policy


def _cpu_flags() -> set[str]:
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return set()
    return {flag for line in text.splitlines() if line.startswith("flags") for flag in line.split()}
