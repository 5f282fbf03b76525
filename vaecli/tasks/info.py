"""`vaecli info`: describe a model from its files' metadata and graphs, without onnxruntime."""

import dataclasses
import os
from typing import Any

from vaecli.errors import ModelError
from vaecli.modelfile import versions
from vaecli.modelfile.find import read_all
from vaecli.modelfile.read import ModelFile
from vaecli.modelfile.words import photo_in_words, prior_in_words
from vaecli.paths import user_path
from vaecli.probability.likelihoods import in_words as likelihood_in_words

__all__ = ["info", "likelihood_in_words", "photo_in_words", "prior_in_words"]


def info(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Describe a model; its decoder alone is enough.

    Args:
        path: a run, a model folder or a decoder file.

    Returns:
        The metadata that all files of the model share; `facts`, which maps each statistic in the decoder by name to
        its shape; and `files`, a list with a description of each file.

    Raises:
        ModelError: there is no decoder, or a file is damaged or belongs to another model.
    """
    files = read_all(user_path(path, option="--model", error=ModelError))
    shared = dataclasses.asdict(files[0].info)
    for name in ("part", "precision", "quantisation"):
        del shared[name]
    facts = {name: list(array.shape) for name, array in files[0].facts().arrays().items()}
    return shared | {"facts": facts, "files": [_file(file) for file in files]}


def _file(file: ModelFile) -> dict[str, Any]:
    graph, opset = file.graph, file.graph.opsets.get("", 0)
    description: dict[str, Any] = {
        "file": file.path.name,
        "part": file.info.part,
        "precision": file.info.precision,
        "bytes": len(file.content),
        "parameters": sum(tensor.size for tensor in graph.tensors.values() if not tensor.is_index),
        "multiplications": file.cost.macs,
        "inputs": _shapes(graph.inputs),
        "outputs": _shapes(graph.outputs),
        "opset": opset,
        "ir_version": graph.ir_version,
        "onnxruntime": versions.needed(opset),
    }
    return description | ({"quantisation": file.info.quantisation} if file.info.quantisation else {})


def _shapes(values: Any) -> dict[str, list[int | str]]:
    return {name: ["N" if axis is None else axis for axis in shape] for name, shape in values.items()}
