"""Variational autoencoders in one command, run anywhere from two ONNX files.

`from vaecli import Model` loads numpy and onnxruntime; `import vaecli` alone loads nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vaecli.errors import VaecliError
    from vaecli.runtime.model import Model

__all__ = ["Model", "VaecliError", "__version__"]

_HOMES = {"Model": "vaecli.runtime.model", "VaecliError": "vaecli.errors"}


def __getattr__(name: str) -> Any:
    """Load what is asked for, when it is asked for (PEP 562)."""
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("vaecli")  # 10 ms
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'vaecli' has no attribute {name!r}")
