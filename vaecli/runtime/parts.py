"""The files of a model: each read as the part and in the precision that it must have."""

import os
import pathlib

from vaecli import paths as user_paths
from vaecli.choices import Precision
from vaecli.errors import ModelError
from vaecli.modelfile.find import DECODERS, export_again, locate
from vaecli.modelfile.read import ModelFile, read_file


def read_decoder(
    path: str | bytes | os.PathLike[str], precision: Precision
) -> tuple[ModelFile, pathlib.Path]:
    """Read the decoder of a run folder, a model folder or a decoder file; return it with its encoder's path.

    Raises:
        OptionError: an empty path.
        ModelError: nothing is there, or the file is refused.
    """
    place = user_paths.user_path(path, option="--model", error=ModelError)
    try:
        decoder_path, encoder_path = locate(place, precision)
    except OSError as error:
        raise ModelError(f"Cannot read {place}: {error.strerror or error}.") from error
    decoder = read_part(decoder_path, "decoder")
    if precision != "float32":
        require_precision(decoder, precision)
    return decoder, encoder_path


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


def read_encoder(path: pathlib.Path, decoder: ModelFile) -> ModelFile:
    """Read and check the encoder file that belongs to a decoder.

    Raises:
        ModelError: the file is missing, damaged, or belongs to another model.
    """
    if not os.path.lexists(path):
        raise ModelError(
            f"There is no {path}, and this needs an encoder.",
            hint="Copy it from where the model was exported; decoder.onnx alone can only sample.",
        )
    file = read_part(path, "encoder")
    if file.info.model_id != decoder.info.model_id:
        raise ModelError(
            f"{path} and {decoder.path.name} belong to two models.", hint="Copy both from one export."
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
