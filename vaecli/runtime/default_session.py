"""A file in onnxruntime as it comes, with its own threads: what `vaecli bench` compares with."""

from collections.abc import Mapping, Sequence

import numpy as np
import onnxruntime

from vaecli.runtime.session import cannot_run


class PlainSession:
    """The default session of a file's bytes; `run` is that of `runtime.session.Session`.

    Args:
        content: of a file that `modelfile.read` lets through, or that this process made itself.
        at_once: images a call, so that large ones do not take all the memory; a batch of more is cut.
    """

    def __init__(self, content: bytes, *, at_once: int | None = None) -> None:
        self._session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        self.output_names = [output.name for output in self._session.get_outputs()]
        self._input_name, self._at_once = self._session.get_inputs()[0].name, at_once

    def run(self, batch: np.ndarray, names: Sequence[str] = ()) -> Mapping[str, np.ndarray]:
        """Outputs for a batch (N, ...) float32, by name: those of `names`, or all.

        Raises:
            ModelError: onnxruntime cannot run it.
        """
        wanted = list(names or self.output_names)
        step = self._at_once or max(1, len(batch))
        parts = [self._call(wanted, batch[i : i + step]) for i in range(0, len(batch), step)]
        outputs = parts[0] if len(parts) == 1 else [np.concatenate(part) for part in zip(*parts, strict=True)]
        return dict(zip(wanted, outputs, strict=True))

    def _call(self, names: list[str], batch: np.ndarray) -> list[np.ndarray]:
        try:
            outputs: list[np.ndarray] = self._session.run(names, {self._input_name: batch})
        except Exception as error:  # onnxruntime's errors share no base class of their own
            raise cannot_run("the file in a default session", error) from error
        return outputs
