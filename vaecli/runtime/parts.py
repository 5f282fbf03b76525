"""The files of a model: each read as the part and in the precision that it must have."""

import pathlib

from vaecli.choices import Precision
from vaecli.errors import ModelError
from vaecli.modelfile.find import DECODERS, export_again
from vaecli.modelfile.read import ModelFile, read_file


def read_part(path: pathlib.Path, part: str) -> ModelFile:
    """Read and check the file of a part, `decoder` or `encoder`.

    Raises:
        ModelError: the file is damaged, not made by vaecli, or the other part.
    """
    file = read_file(path)
    if file.info.part != part:
        raise ModelError(
            f"{path} must be the {part} of a model, got its {file.info.part}.", hint=f"Name the {part}.onnx."
        )
    return file


def require_precision(decoder: ModelFile, precision: Precision) -> None:
    """Refuse a decoder of another precision, or one that does not belong to the float32 decoder beside it.

    Raises:
        ModelError: it is refused.
    """
    if decoder.info.precision != precision:
        raise ModelError(
            f"{decoder.path} must be an {precision} file, got {decoder.info.precision}.",
            hint=f"Name the folder or the {DECODERS[precision]}.",
        )
    exact = decoder.path.with_name(DECODERS["float32"])
    if exact.exists() and read_file(exact).info.model_id != decoder.info.model_id:
        raise ModelError(
            f"{decoder.path} and {exact.name} belong to two models.",
            hint=f"Make both again: {export_again(decoder.path.parent, precision)}",
        )
