"""A file in onnxruntime as it comes, with its own threads: what `vaecli bench` compares with."""

from collections.abc import Mapping

import numpy as np
import onnxruntime


class PlainSession:
    """The default session of a file's bytes; `run` is that of `runtime.session.Session`."""

    def __init__(self, content: bytes) -> None:
        self._session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        self.output_names = [output.name for output in self._session.get_outputs()]
        self._input_name = self._session.get_inputs()[0].name

    def run(self, batch: np.ndarray) -> Mapping[str, np.ndarray]:
        """All outputs for a batch (N, ...) float32, by name."""
        outputs = self._session.run(self.output_names, {self._input_name: batch})
        return dict(zip(self.output_names, outputs, strict=True))
