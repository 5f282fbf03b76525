"""onnxruntime's default session with its own threads: the baseline of `vaecli bench`."""

from collections.abc import Mapping, Sequence

import numpy as np
import onnxruntime

from vaecli.runtime.session import cannot_run


class DefaultSession:
    """A default session; its `run` has the parameters of `runtime.session.Session.run`.

    Args:
        content: bytes of a file that `modelfile.read` accepts or that this process made.
        at_once: largest number of images per call, which bounds the memory; all at once if left out.
    """

    def __init__(self, content: bytes, *, at_once: int | None = None) -> None:
        self._session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        self.output_names = [output.name for output in self._session.get_outputs()]
        self._at_once = at_once

    def run(self, inputs: Mapping[str, np.ndarray], names: Sequence[str] = ()) -> dict[str, np.ndarray]:
        """Compute the outputs in `names`, or all, from inputs (N, ...) float32; both are mappings by name.

        Raises:
            ModelError: onnxruntime cannot run the file.
        """
        requested = list(names or self.output_names)
        count = len(next(iter(inputs.values())))
        step = self._at_once or max(1, count)
        parts = [
            self._call(requested, {name: array[i : i + step] for name, array in inputs.items()})
            for i in range(0, count, step)
        ]
        outputs = parts[0] if len(parts) == 1 else [np.concatenate(part) for part in zip(*parts, strict=True)]
        return dict(zip(requested, outputs, strict=True))

    def _call(self, names: list[str], inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        try:
            outputs: list[np.ndarray] = self._session.run(names, inputs)
        except Exception as error:  # onnxruntime's errors share no base class of their own
            raise cannot_run("the file in a default session", error) from error
        return outputs
